import type { NameEvents } from './events.js';
import { Generations } from './generations.js';
import { refuseNames, takeCount, takeCounts, takeList, takeText } from './invalid-names.js';

/**
 * Directions whose place in a message is known: the latest 4,096, and up to twice as many, with 4 KiB of a
 * message each at most.
 */
const streamsKept = 4096;
/** More of a message is not read, as over UDP (assembly/names.ts). */
const messageBytesMax = 4096;
/** A segment that lies so many bytes back at most is sent again: as of HTTP (http.ts). */
const againBytesMax = 2 ** 20;
/** A length of two bytes stands before each message (RFC 1035, 4.2.2), and no message is shorter than its header. */
const lengthBytes = 2;
const headerBytes = 12;

interface Stream {
  /** Sequence number of the byte that comes next. */
  next: number;
  /** What is there of a message that is not whole, its length first. */
  have: Buffer;
  /** Bytes of a longer message that are passed over. */
  passing: number;
}

const nothing = Buffer.alloc(0);

/** Hears of a message, of which so many bytes are there. */
type OnMessage = (packet: NameEvents, message: Buffer, wire: number) => void;

/** Puts messages of DNS over TCP together, in the order of the file. What comes out of order is left out. */
export class DnsStreams {
  started = 0;
  messages = 0;
  private readonly streams = new Generations<Stream>(streamsKept);

  constructor(private readonly onMessage: OnMessage) {}

  take(packet: NameEvents): void {
    const key = packet.flowTo(false);
    const { sequence: seq, wire, captured, payload, bytes } = packet;
    const data = bytes.subarray(payload, payload + captured);
    let stream = this.streams.get(key);
    const again = stream === undefined ? 0 : (stream.next - seq) | 0;
    if (again > 0 && again < againBytesMax) {
      if (again >= wire) return;
    } else if (again !== 0) stream = undefined;
    if (stream === undefined) {
      if (!beginsMessage(data, wire)) return this.streams.delete(key);
      stream = { next: seq, have: nothing, passing: 0 };
    }
    this.add(stream, data.subarray((stream.next - seq) | 0), packet);
    stream.next = (seq + wire) >>> 0;
    if (captured === wire) return this.streams.set(key, stream);
    // Where the next message begins was not captured.
    if (stream.have.length > lengthBytes) this.tell(stream, packet);
    this.streams.delete(key);
  }

  private add(stream: Stream, data: Buffer, packet: NameEvents): void {
    for (let at = 0; at < data.length;) {
      const from = at;
      if (stream.passing > 0) {
        at = Math.min(data.length, at + stream.passing);
        stream.passing -= at - from;
        continue;
      }
      if (stream.have.length === 0) this.started++;
      at = Math.min(data.length, at + wantedOf(stream.have) - stream.have.length);
      stream.have = Buffer.concat([stream.have, data.subarray(from, at)]);
      if (stream.have.length >= lengthBytes && stream.have.length === wantedOf(stream.have)) this.tell(stream, packet);
    }
  }

  private tell(stream: Stream, packet: NameEvents): void {
    const { have } = stream;
    const wire = have.readUInt16BE(0);
    this.messages++;
    this.onMessage(packet, have.subarray(lengthBytes), wire);
    stream.passing = Math.max(0, wire - messageBytesMax);
    stream.have = nothing;
  }

  state(): unknown {
    return {
      counts: [this.started, this.messages],
      streams: this.streams.state(({ next, have, passing }) => [next, have.toString('latin1'), passing]),
    };
  }

  /** @throws TriremeError JOB_FAILED */
  restore(state: unknown): void {
    const { counts, streams } = (state ?? {}) as Record<string, unknown>;
    [this.started, this.messages] = takeCounts(counts, 2);
    this.streams.restore(streams, (value) => {
      const [next, text, passing] = takeList(value);
      const have = Buffer.from(takeText(text), 'latin1');
      if (have.length >= wantedOf(have)) refuseNames('a message');
      return { next: takeCount(next), have, passing: takeCount(passing) };
    });
  }
}

/** Bytes until a message is read, its length included. */
function wantedOf(have: Buffer): number {
  return lengthBytes + (have.length < lengthBytes ? 0 : Math.min(have.readUInt16BE(0), messageBytesMax));
}

/**
 * Whether a segment of which nothing is known may begin with a message: a length, and a header with a known
 * opcode (RFC 6895, 2.2), without the bit that must be 0, and with one question at most. Other bytes do so
 * once in 100,000 times.
 */
function beginsMessage(data: Buffer, wire: number): boolean {
  if (data.length < lengthBytes || data.readUInt16BE(0) < headerBytes) return false;
  if (data.length < lengthBytes + headerBytes) return wire === lengthBytes || data.length < wire;
  const flags = data.readUInt16BE(4);
  const opcode = (flags >> 11) & 15;
  return opcode <= 6 && opcode !== 3 && (flags & 0x40) === 0 && data.readUInt16BE(6) <= 1;
}
