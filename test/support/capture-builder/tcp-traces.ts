import fc from 'fast-check';
import { join, net, u8, zeros } from './bytes.js';
import { classicCapture, type ClassicRecord } from './classic-capture.js';
import { etherFrame } from './frames.js';
import { address4, address6, ipv6 } from './packets.js';

/** One TCP segment, from a to b or back. */
export interface TraceSegment {
  /** Number of the conversation. */
  readonly conversation: number;
  readonly back: boolean;
  readonly timeNs: bigint;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly window: number;
  readonly length: number;
  readonly id: number;
}

export const flagBits = { fin: 1, syn: 2, rst: 4, push: 8, ack: 16 } as const;

/** Odd conversations are of IPv6. */
export function traceRecord(segment: TraceSegment, snap?: number): ClassicRecord {
  const { conversation, back, timeNs, seq, ack, flags, window, length, id } = segment;
  const six = conversation % 2 === 1;
  const ends = [six ? address6(1 + conversation) : address4(1 + conversation), six ? address6(9_000) : address4(9_000)];
  const ports = [net.u16(40_000 + conversation), net.u16(443)];
  const [from, to] = back ? [1, 0] : [0, 1];
  const transport = join(
    ...[ports[from], ports[to], net.u32(seq), net.u32(ack)],
    ...[u8(0x50, flags), net.u16(window), zeros(4), zeros(length)],
  );
  const packet = six
    ? ipv6({ source: ends[from], target: ends[to], protocol: 6, payload: transport })
    : join(
        ...[u8(0x45, 0), net.u16(20 + transport.length), net.u16(id), net.u16(0x4000), u8(64, 6, 0, 0)],
        ...[ends[from], ends[to], transport],
      );
  const whole = etherFrame(six ? 0x86dd : 0x0800, packet);
  return {
    bytes: snap === undefined ? whole : whole.subarray(0, snap),
    originalLength: whole.length,
    seconds: Number(timeNs / 1_000_000_000n),
    fraction: Number(timeNs % 1_000_000_000n),
  };
}

/** What happens next, as a few numbers. */
interface Event {
  readonly conversation: number;
  readonly back: boolean;
  readonly kind: number;
  readonly step: number;
  readonly size: number;
}

const steps = [
  0n,
  1_000n,
  300_000n,
  900_000n,
  2_500_000n,
  15_000_000n,
  300_000_000n,
  4_000_000_000n,
  -500_000n,
  -20_000_000n,
];

const event: fc.Arbitrary<Event> = fc.record({
  conversation: fc.nat({ max: 2 }),
  back: fc.boolean(),
  kind: fc.nat({ max: 99 }),
  step: fc.nat({ max: steps.length - 1 }),
  size: fc.nat({ max: 60 }),
});

interface End {
  next: number;
  isn: number;
  window: number;
  ack: number;
}

/**
 * Traces of three conversations: loss, reordering, wrap, reuse, keep-alives, repeated packets and time that goes back.
 */
export const tcpTrace: fc.Arbitrary<readonly TraceSegment[]> = fc
  .record({
    starts: fc.array(fc.integer({ min: -200, max: 200 }), { minLength: 6, maxLength: 6 }),
    opens: fc.boolean(),
    events: fc.array(event, { minLength: 1, maxLength: 60, size: 'max' }),
  })
  .map(({ starts, opens, events }) => segmentsOf(starts, opens, events));

function segmentsOf(starts: readonly number[], opens: boolean, events: readonly Event[]): TraceSegment[] {
  const ends = [0, 1, 2].map((i) =>
    [0, 1].map((side): End => ({
      next: starts[2 * i + side] >>> 0,
      isn: 7,
      window: 1000,
      ack: starts[2 * i + 1 - side] >>> 0,
    })),
  );
  const segments: TraceSegment[] = [];
  let timeNs = 1_700_000_000_000_000_000n;
  const send = (conversation: number, back: boolean, what: Partial<TraceSegment>): void => {
    const own = ends[conversation][back ? 1 : 0];
    const { next: seq, ack, window } = own;
    const id = segments.length & 0xffff;
    segments.push({ conversation, back, timeNs, seq, ack, window, flags: flagBits.ack, length: 0, id, ...what });
  };
  const shake = (conversation: number, size: number): void => {
    const [client, server] = ends[conversation];
    // Some are the same handshake once more.
    const again = size % 4 === 0;
    for (const [end, more] of [
      [client, 10_000],
      [server, 777],
    ] as const)
      end.isn = end.next = again ? end.isn : (end.next + more * size) >>> 0;
    send(conversation, false, { flags: flagBits.syn, ack: 0 });
    client.next = (client.next + 1) >>> 0;
    timeNs += 1_200_000n;
    if (size % 5 === 1) return;
    if (size % 5 === 2)
      return send(conversation, true, { flags: flagBits.rst | flagBits.ack, seq: 0, ack: client.next });
    server.ack = client.next;
    send(conversation, true, { flags: flagBits.syn | flagBits.ack });
    server.next = (server.next + 1) >>> 0;
    client.ack = server.next;
    timeNs += 700_000n;
    if (size % 5 !== 3) send(conversation, false, {});
  };
  /** Segments in order, both ways, with nothing lost: a log of a chunk settles. */
  const calm = (conversation: number, size: number): void => {
    for (let i = 0; i < 12; i++) {
      const first = (i + (size >> 2)) % 2 === 0;
      const [own, peer] = first ? ends[conversation] : [...ends[conversation]].reverse();
      own.ack = peer.next;
      own.window = 1000;
      const length = first || size % 2 === 0 ? 10 + size : 0;
      send(conversation, !first, { length });
      own.next = (own.next + length) >>> 0;
      timeNs += 400_000n;
    }
  };
  for (const { conversation, back, kind, step, size } of events) {
    timeNs += steps[step];
    const own = ends[conversation][back ? 1 : 0];
    const peer = ends[conversation][back ? 0 : 1];
    if (opens && !segments.some((one) => one.conversation === conversation)) shake(conversation, size);
    else if (kind < 10) calm(conversation, size);
    else if (kind < 36) {
      own.ack = size % 3 === 0 ? own.ack : peer.next;
      send(conversation, back, { length: size, flags: flagBits.ack | flagBits.push });
      own.next = (own.next + size) >>> 0;
    } else if (kind < 50) {
      own.ack = peer.next;
      send(conversation, back, {});
    } else if (kind < 56) send(conversation, back, {});
    else if (kind < 66) send(conversation, back, { seq: (own.next - size * 2) >>> 0, length: size });
    else if (kind < 70) {
      own.next = (own.next + size) >>> 0;
      send(conversation, back, { length: size });
      own.next = (own.next + size) >>> 0;
    } else if (kind < 74) send(conversation, back, { seq: (own.next - 1) >>> 0, length: size % 2 });
    else if (kind < 78) {
      own.window = own.window === 0 ? 1000 : 0;
      send(conversation, back, {});
    } else if (kind < 80) send(conversation, back, { length: 1 });
    else if (kind < 83) send(conversation, back, { ack: (peer.next + size) >>> 0 });
    else if (kind < 90 && segments.length > 0) {
      const again = segments[Math.max(0, segments.length - 1 - (size % 4))];
      segments.push({ ...again, timeNs, id: size % 2 === 0 ? again.id : segments.length & 0xffff });
    } else if (kind < 92) {
      send(conversation, back, { flags: flagBits.fin | flagBits.ack });
      own.next = (own.next + 1) >>> 0;
    } else if (kind < 94) send(conversation, back, { flags: flagBits.rst, seq: size % 2 === 0 ? 0 : own.next, ack: 0 });
    else if (kind < 97) shake(conversation, size);
    else {
      const seq = [own.next, (own.next - 1) >>> 0, own.isn][size % 3];
      send(conversation, back, { flags: flagBits.syn, ack: 0, seq });
    }
  }
  return segments;
}

/** Traces one beside the other, a segment of each in turn. */
export function interleaved(traces: readonly (readonly TraceSegment[])[]): TraceSegment[] {
  const longest = Math.max(...traces.map(({ length }) => length));
  return Array.from({ length: longest }, (_, at) =>
    traces.flatMap((trace, i) =>
      at < trace.length ? [{ ...trace[at], conversation: trace[at].conversation + 4 * i }] : [],
    ),
  ).flat();
}

/** So many traces one beside the other, always the same; `ascending`: their times never go back. */
export function lossyTraces(count: number, ascending = false): Uint8Array {
  const segments = interleaved(fc.sample(tcpTrace, { numRuns: count, seed: 7 }));
  if (ascending) segments.sort((x, y) => Number(x.timeNs - y.timeNs));
  return classicCapture(
    segments.map((one) => traceRecord(one)),
    { nanoseconds: true },
  );
}
