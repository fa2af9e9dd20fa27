import type { NameEvents } from './events.js';
import { joined, pieceState, readPieces } from './followed.js';
import { Generations } from './generations.js';
import { takeCounts, takeList, takeText } from './invalid-names.js';
import { clientKeys, cryptoPieces, openInitial, readInitial, type InitialPacket } from './quic-packet.js';
import { helloBytesMax, helloOfMessage } from './tls-hello.js';
import type { TlsCounter } from './tls.js';

/** Connections whose hello is not whole: the latest 512, and up to twice as many. Those of a hello come at once. */
const openKept = 512;
/** Connections whose hello was told, so that it is not told again: each is some 100 bytes. */
const toldKept = 16_384;
/** Pieces of a hello: browsers cut it into some 20, in any order. Each is of a packet that was opened. */
export const quicPiecesMax = 256;
/** Bytes of these: what is sent again is here twice. */
const pieceBytesMax = 2 * helloBytesMax;
/** Initial packets in one datagram (RFC 9000, 12.2): clients put one there, or two. */
const packetsMax = 4;

interface Open {
  /** The client's first target ID, from which its keys are. */
  readonly id: string;
  readonly pieces: [at: number, bytes: Buffer][];
}

/** Tells ClientHellos of QUIC, whose Initial packets are protected with keys that anyone can make. */
export class QuicCounter {
  hellos = 0;
  /** Packets of which the capture has not all. */
  cut = 0;
  private readonly open = new Generations<Open>(openKept);
  /** By both ends, the ID. */
  private readonly told = new Generations<string>(toldKept);

  constructor(private readonly tls: TlsCounter) {}

  take(packet: NameEvents): void {
    const { bytes, payload, captured, wire } = packet;
    let datagram = bytes.subarray(payload, payload + captured);
    for (let i = 0; i < packetsMax; i++) {
      const initial = readInitial(datagram);
      if (initial === null || this.isAnswer(packet, initial)) return;
      if (initial.end > datagram.length) {
        if (captured < wire) this.cut++;
        return;
      }
      if (!this.takeInitial(packet, datagram, initial)) return;
      datagram = datagram.subarray(initial.end);
    }
  }

  /** It is of a server, or behind a hello that was told: with a token, one that is sent again as a server has asked. */
  private isAnswer(packet: NameEvents, { targetId, hasToken }: InitialPacket): boolean {
    const back = packet.flowTo(true);
    if (this.told.get(back) !== undefined || this.open.get(back) !== undefined) return true;
    const told = this.told.get(packet.flowTo(false));
    return told !== undefined && (hasToken || told === targetId.toString('latin1'));
  }

  /** @returns whether more of the datagram is to be read */
  private takeInitial(packet: NameEvents, datagram: Buffer, initial: InitialPacket): boolean {
    const frames = openInitial(datagram, initial, clientKeys(initial));
    if (frames === null) return false;
    const key = packet.flowTo(false);
    const id = initial.targetId.toString('latin1');
    let open = this.open.get(key);
    if (open?.id !== id) {
      open = { id, pieces: [] };
      this.tls.started++;
    }
    open.pieces.push(...cryptoPieces(frames));
    const bytes = open.pieces.reduce((sum, [, piece]) => sum + piece.length, 0);
    const isLong = open.pieces.length > quicPiecesMax || bytes > pieceBytesMax;
    const hello = isLong ? 'malformed' : helloOfMessage(joined(open.pieces));
    if (hello === 'more') {
      this.open.set(key, open);
      return true;
    }
    this.open.delete(key);
    this.told.set(key, id);
    if (hello === 'malformed') this.tls.malformed++;
    else {
      this.hellos++;
      this.tls.tell(hello, 'q', packet.target);
    }
    return false;
  }

  state(): unknown {
    return {
      counts: [this.hellos, this.cut],
      open: this.open.state(({ id, pieces }) => [id, pieceState(pieces)]),
      told: this.told.state((id) => id),
    };
  }

  /** @throws TriremeError JOB_FAILED */
  restore(state: unknown): void {
    const { counts, open, told } = (state ?? {}) as Record<string, unknown>;
    [this.hellos, this.cut] = takeCounts(counts, 2);
    this.open.restore(open, (value) => {
      const [id, pieces] = takeList(value);
      return { id: takeText(id), pieces: readPieces(pieces, quicPiecesMax) };
    });
    this.told.restore(told, takeText);
  }
}
