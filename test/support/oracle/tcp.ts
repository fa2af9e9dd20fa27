import { endpointText } from './address-text.js';
import { classify } from './conversations.js';
import { networkHeader } from './link-layer.js';
import type { OracleReading } from './result.js';

// The health of TCP conversations by the rules of docs/FACTS.md, one object a conversation and no thought of speed.

type Side = 0 | 1;
const fin = 1;
const syn = 2;
const rst = 4;
const ackBit = 16;

interface Segment {
  side: Side;
  time: bigint | null;
  seq: number;
  ack: number;
  length: number;
  /** Null where it was not captured. */
  window: number | null;
  flags: number;
  id: number;
}

/** Distance from y to x. */
const distance = (x: number, y: number): number => (x - y) | 0;
const wrap = (x: number): number => x >>> 0;

class Way {
  next: number | null = null;
  nextTime: bigint | null = null;
  ack: number | null = null;
  isn: number | null = null;
  beyond: number | null = null;
  duplicates = 0;
  last: Segment | null = null;
  lastKind: 'keep-alive' | 'probe' | null = null;
}

const noCounts = () => ({
  retransmissions: 0,
  fast_retransmissions: 0,
  spurious_retransmissions: 0,
  out_of_order: 0,
  duplicate_acks: 0,
  zero_windows: 0,
  keep_alives: 0,
  gaps: 0,
  gap_bytes: 0,
  acked_unseen: 0,
  resets: 0,
  repeated_packets: 0,
  repeated_old_segments: 0,
  repeated_duplicate_acks: 0,
  in_flight_max: 0,
});

/** What happened, and when. */
export interface TcpEvent {
  readonly what: string;
  readonly time: bigint | null;
}

class Conversation {
  readonly events: TcpEvent[] = [];
  ways: [Way, Way] = [new Way(), new Way()];
  counts = [noCounts(), noCounts()] as const;
  client: Side | null = null;
  guessed = false;
  attempts = 0;
  established = 0;
  refused = 0;
  unanswered = 0;
  handshakes: { synAck: bigint; ack: bigint }[] = [];
  roundTrips: bigint[] = [];
  latest: bigint | null = null;
  idle = 0n;
  /** The connection that is being opened, or was. */
  opening: {
    opener: Side;
    phase: 'syn' | 'syn-ack' | 'open' | 'refused';
    answered: boolean;
    synTime: bigint | null;
    synAckTime: bigint | null;
    synAckDelay: bigint | null;
    roundTrip: bigint | null;
  } | null = null;

  constructor(
    readonly a: string,
    readonly b: string,
  ) {}

  take(segment: Segment): void {
    const { side, time, seq, ack, length, window, flags } = segment;
    const told = (what: string): number => this.events.push({ what, time });
    this.open(segment);
    if (this.client === null) {
      this.client = side;
      this.guessed = true;
    }
    this.shake(segment);
    if (time !== null && (this.latest === null || time > this.latest)) {
      if (this.latest !== null && time - this.latest > this.idle) this.idle = time - this.latest;
      this.latest = time;
    }
    const own = this.ways[side];
    const peer = this.ways[1 - side];
    const counts = this.counts[side];
    const { next, last } = own;
    const ends = (flags & (syn | fin | rst)) !== 0;
    const acks = (flags & ackBit) !== 0;
    const sameAck = acks && own.ack === ack;
    const sameWindow = last !== null && last.window === window;
    const repeats =
      last !== null &&
      sameWindow &&
      last.seq === seq &&
      last.length === length &&
      last.flags === flags &&
      last.id === segment.id &&
      (!acks || sameAck) &&
      near(time, last.time, 1_000_000n);
    if (repeats) counts.repeated_packets++;
    const probe = length === 1 && seq === next && peer.last?.window === 0;
    let keepAlive = false;
    if (!probe) {
      if (!ends && window === 0) {
        counts.zero_windows++;
        told('zero_windows');
      }
      if (next !== null && (flags & rst) === 0 && distance(seq, next) > 0) {
        counts.gaps++;
        told('gaps');
        counts.gap_bytes += distance(seq, next);
      }
      if (next !== null && !ends) {
        keepAlive = length <= 1 && seq === wrap(next - 1);
        if (keepAlive) counts.keep_alives++;
        const same = length === 0 && window !== 0 && sameWindow && sameAck && seq === next;
        if (same && peer.lastKind !== 'keep-alive') {
          counts.duplicate_acks++;
          told('duplicate_acks');
          if (repeats) counts.repeated_duplicate_acks++;
          own.duplicates++;
        }
      }
    }
    if (acks && !sameAck) own.duplicates = 0;
    if (acks && peer.next !== null && distance(ack, peer.next) > 0) {
      if (peer.beyond === null || distance(ack, peer.beyond) > 0) {
        counts.acked_unseen++;
        peer.beyond = ack;
      }
    }
    const end = wrap(seq + length + ((flags & syn) === 0 ? 0 : 1) + ((flags & fin) === 0 ? 0 : 1));
    const carries = length > 0 || (flags & (syn | fin)) !== 0;
    if (next !== null && carries && distance(seq, next) < 0 && !keepAlive) {
      const grows = length > 1 && seq === wrap(next - 1) && own.lastKind === 'probe';
      if (!grows) {
        if (repeats) {
          counts.repeated_old_segments++;
          told('repeated_old_segments');
        }
        const kind = this.kindOfOld(segment, end, own, peer);
        counts[kind]++;
        told(kind);
        told('old_segments');
      }
    }
    if ((flags & rst) === 0 && !probe && (next === null || distance(end, next) > 0)) {
      own.next = end;
      own.nextTime = time;
      if (own.beyond !== null && distance(own.beyond, end) <= 0) own.beyond = null;
      if (peer.ack !== null) counts.in_flight_max = Math.max(counts.in_flight_max, distance(end, peer.ack));
    }
    if (acks) own.ack = ack;
    own.lastKind = keepAlive ? 'keep-alive' : probe ? 'probe' : null;
    own.last = segment;
  }

  private kindOfOld(
    { time, seq, length }: Segment,
    end: number,
    own: Way,
    peer: Way,
  ): 'spurious_retransmissions' | 'fast_retransmissions' | 'out_of_order' | 'retransmissions' {
    if (length > 0 && peer.ack !== null && distance(wrap(seq + length), peer.ack) <= 0)
      return 'spurious_retransmissions';
    if (peer.duplicates >= 2 && peer.ack === seq && near(time, peer.last?.time ?? null, 20_000_000n))
      return 'fast_retransmissions';
    const bound = this.opening?.roundTrip ?? 3_000_000n;
    return end !== own.next && near(time, own.nextTime, bound) ? 'out_of_order' : 'retransmissions';
  }

  /** What SYN and RST say. */
  private open({ side, time, seq, flags }: Segment): void {
    if ((flags & rst) !== 0) {
      this.counts[side].resets++;
      this.events.push({ what: 'resets', time });
      if (this.opening?.phase !== 'syn' || this.opening.opener === side) return;
      this.opening.phase = 'refused';
      this.refused++;
      this.events.push({ what: 'refused', time });
      return;
    }
    if ((flags & syn) === 0 || (flags & ackBit) !== 0) return;
    const own = this.ways[side];
    if (own.isn === seq) {
      if (this.opening?.phase === 'syn' && this.opening.opener === side) this.opening.synTime = time;
      return;
    }
    const isOpening = this.opening?.phase === 'syn' || this.opening?.phase === 'syn-ack';
    if (isOpening && own.next === null && own.isn === null) {
      own.isn = seq;
      return;
    }
    this.close();
    this.ways = [new Way(), new Way()];
    this.ways[side].isn = seq;
    this.opening = {
      ...{ opener: side, phase: 'syn', answered: false, synTime: time },
      ...{ synAckTime: null, synAckDelay: null, roundTrip: null },
    };
    this.attempts++;
    this.events.push({ what: 'attempts', time });
    if (this.client === null || this.guessed) [this.client, this.guessed] = [side, false];
  }

  /** Ends a connection, because another one begins or the capture ends. */
  close(): void {
    if (this.opening?.phase === 'syn' && !this.opening.answered) this.unanswered++;
  }

  private shake({ side, time, seq, ack, flags }: Segment): void {
    const { opening } = this;
    if (opening === null || (opening.phase !== 'syn' && opening.phase !== 'syn-ack')) return;
    const kind = flags & (syn | ackBit | rst);
    if (side !== opening.opener) {
      opening.answered = true;
      if (kind !== (syn | ackBit)) return;
      opening.synAckTime = time;
      this.ways[side].isn = seq;
      if (opening.phase === 'syn') opening.synAckDelay = passed(time, opening.synTime);
      opening.phase = 'syn-ack';
      return;
    }
    const own = this.ways[side].isn;
    const answer = this.ways[1 - side].isn;
    if (kind !== ackBit || own === null || seq !== wrap(own + 1)) return;
    // Without a SYN-ACK the capture holds one direction alone.
    if (opening.phase === 'syn' ? opening.answered : answer === null || ack !== wrap(answer + 1)) return;
    opening.phase = 'open';
    this.established++;
    opening.roundTrip = passed(time, opening.synTime);
    if (opening.roundTrip === null) return;
    this.roundTrips.push(opening.roundTrip);
    const last = passed(time, opening.synAckTime);
    if (opening.synAckDelay !== null && last !== null) this.handshakes.push({ synAck: opening.synAckDelay, ack: last });
  }

  told(): object {
    this.close();
    const { handshakes, roundTrips } = this;
    const mean = (times: readonly bigint[]): string | null =>
      times.length === 0 ? null : (times.reduce((sum, time) => sum + time, 0n) / BigInt(times.length)).toString();
    const trips = [...roundTrips].sort((x, y) => (x < y ? -1 : 1));
    const way = (side: Side): object => {
      const counts = this.counts[side];
      const { spurious_retransmissions, fast_retransmissions, out_of_order, retransmissions } = counts;
      return {
        ...counts,
        old_segments: spurious_retransmissions + fast_retransmissions + out_of_order + retransmissions,
      };
    };
    return {
      client: this.client === 0 ? 'a' : 'b',
      client_guessed: this.guessed,
      attempts: this.attempts,
      established: this.established,
      refused: this.refused,
      unanswered: this.unanswered,
      handshakes: handshakes.length,
      round_trips: roundTrips.length,
      syn_to_syn_ack_ns: mean(handshakes.map(({ synAck }) => synAck)),
      syn_ack_to_ack_ns: mean(handshakes.map(({ ack }) => ack)),
      round_trip_ns: mean(roundTrips),
      round_trip_min_ns: trips[0]?.toString() ?? null,
      round_trip_max_ns: trips.at(-1)?.toString() ?? null,
      idle_max_ns: this.idle.toString(),
      a_to_b: way(0),
      b_to_a: way(1),
    };
  }
}

/** Whether a time lies at another or behind it by less than so much. */
function near(time: bigint | null, since: bigint | null, bound: bigint): boolean {
  return time !== null && since !== null && time >= since && time - since < bound;
}

function passed(time: bigint | null, since: bigint | null): bigint | null {
  return time === null || since === null || time < since ? null : time - since;
}

/** The health of every TCP conversation of a capture, by its ends `a b`. */
export function tcpHealth(reading: OracleReading): Map<string, object> {
  return new Map([...conversationsOf(reading)].map(([key, conversation]) => [key, conversation.told()]));
}

/** What went wrong in all of them together, and when. */
export function tcpEvents(reading: OracleReading): TcpEvent[] {
  return [...conversationsOf(reading).values()].flatMap(({ events }) => events);
}

function conversationsOf(reading: OracleReading): Map<string, Conversation> {
  const all = new Map<string, Conversation>();
  for (const packet of reading.packets) {
    const { family, ip } = classify(packet);
    const frame = networkHeader(packet.linkType, packet.bytes, packet.order)?.bytes;
    if (ip === null || ip.protocol !== 6 || ip.transport === null || ip.transport.length < 14 || frame === undefined)
      continue;
    const { transport } = ip;
    const view = Buffer.from(transport.buffer, transport.byteOffset, transport.length);
    const source = Buffer.concat([ip.source, transport.subarray(0, 2)]);
    const target = Buffer.concat([ip.target, transport.subarray(2, 4)]);
    const forward = Buffer.compare(source, target) <= 0;
    const ends = (forward ? [source, target] : [target, source]).map((end) =>
      endpointText(end.subarray(0, -2), end.readUInt16BE(end.length - 2)),
    );
    const key = ends.join(' ');
    const conversation = all.get(key) ?? new Conversation(ends[0], ends[1]);
    all.set(key, conversation);
    const header = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
    const before = transport.byteOffset - frame.byteOffset;
    const stated = family === 'ipv4' ? header.readUInt16BE(2) : header.readUInt16BE(4);
    const beforeIp = frame.byteOffset - packet.bytes.byteOffset;
    const whole = stated === 0 ? packet.originalLength - beforeIp : stated + (family === 'ipv4' ? 0 : 40);
    conversation.take({
      side: forward ? 0 : 1,
      time: packet.timeNs,
      seq: view.readUInt32BE(4),
      ack: view.readUInt32BE(8),
      length: Math.max(0, whole - before - (view[12] >> 4) * 4),
      window: view.length >= 16 ? view.readUInt16BE(14) : null,
      flags: view[13],
      id: family === 'ipv4' ? header.readUInt16BE(4) : 0,
    });
  }
  return all;
}
