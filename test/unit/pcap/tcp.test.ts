import { ChunkScanner } from '../../../src/pcap/chunk-scanner.js';
import { wholeFilePlan } from '../../../src/pcap/chunk-plans.js';
import { JoinScanner } from '../../../src/pcap/join-scanner.js';
import { Merger } from '../../../src/pcap/merger.js';
import type { CaptureFacts } from '../../../src/pcap/report-types.js';
import { toCanonicalJson } from '../../../src/pcap/rows/json-pieces.js';
import type { TcpHealth } from '../../../src/pcap/tcp-types.js';
import type { ScanOptions } from '../../../src/pcap/types.js';
import { classicCapture } from '../../support/capture-builder.js';
import { asFrame, conversationPacket, tunnel } from '../../support/capture-builder/tunnels.js';
import { flagBits, traceRecord, type TraceSegment } from '../../support/capture-builder/tcp-traces.js';
import {
  headerOf,
  plansAt,
  push,
  reportOptions,
  scanFacts,
  scanModule,
  scanOptions,
  scanSplit,
} from '../../support/engine.js';

const tcp: ScanOptions = { ...scanOptions, tcp: true };
const { syn, rst, ack, fin } = flagBits;
const start = 1_700_000_000_000_000_000n;
const ms = 1_000_000n;

/** A segment from a (or b) at so many milliseconds. */
type Line = readonly [back: boolean, atMs: number, seq: number, ack: number, more?: Partial<TraceSegment>];
const segment = ([back, atMs, seq, number, more]: Line, id: number, conversation = 0): TraceSegment => ({
  ...{ conversation, back, timeNs: start + BigInt(Math.round(atMs * 1000)) * 1000n, seq, ack: number },
  ...{ flags: ack, window: 500, length: 0, id, ...more },
});
const captureOf = (lines: readonly Line[]): Uint8Array =>
  classicCapture(
    lines.map((line, i) => traceRecord(segment(line, i))),
    { nanoseconds: true },
  );
const factsOf = (...lines: readonly Line[]): CaptureFacts => scanFacts(captureOf(lines), tcp);
const healthOf = (...lines: readonly Line[]): TcpHealth => factsOf(...lines).top.at(0)!.tcp!;

const handshake: readonly Line[] = [
  [false, 0, 99, 0, { flags: syn }],
  [true, 20, 499, 100, { flags: syn | ack }],
  [false, 21, 100, 500],
];

describe('how connections open', () => {
  test('a handshake has its two parts and its round trip', () => {
    expect(healthOf(...handshake)).toMatchObject({
      ...{ client: 'a', client_guessed: false, attempts: 1, established: 1, refused: 0, unanswered: 0, handshakes: 1 },
      ...{ syn_to_syn_ack_ns: String(20n * ms), syn_ack_to_ack_ns: String(ms), round_trip_ns: String(21n * ms) },
    });
  });

  test('it is measured from the latest SYN', () => {
    const again: Line[] = [
      [false, 0, 99, 0, { flags: syn }],
      ...handshake.map(([way, at, ...rest]): Line => [way, at + 1000, ...rest]),
    ];
    expect(healthOf(...again)).toMatchObject({
      attempts: 1,
      round_trip_ns: String(21n * ms),
      a_to_b: { retransmissions: 1 },
    });
  });

  test('of one direction alone the round trip is known, and no other time', () => {
    expect(healthOf(handshake[0], handshake[2])).toMatchObject({
      ...{ established: 1, handshakes: 0, round_trips: 1, syn_to_syn_ack_ns: null, round_trip_ns: String(21n * ms) },
    });
  });

  test('an attempt is refused by RST, or not answered, or goes on in the middle', () => {
    const refused: Line = [true, 1, 0, 100, { flags: rst | ack }];
    expect(healthOf(handshake[0], refused)).toMatchObject({
      attempts: 1,
      refused: 1,
      unanswered: 0,
      b_to_a: { resets: 1 },
    });
    expect(healthOf(handshake[0])).toMatchObject({ attempts: 1, refused: 0, unanswered: 1 });
    expect(healthOf(handshake[2])).toMatchObject({ attempts: 0, established: 0, client: 'a', client_guessed: true });
    expect(healthOf([true, 0, 1, 1])).toMatchObject({ client: 'b', client_guessed: true });
  });

  test('another SYN of the same ends is another attempt', () => {
    const later: Line[] = [
      [false, 5000, 70_000, 0, { flags: syn }],
      [false, 9000, 90_000, 0, { flags: syn }],
    ];
    expect(healthOf(...handshake, ...later)).toMatchObject({ attempts: 3, established: 1, unanswered: 2 });
  });
});

describe('segments that begin below what was sent', () => {
  const data = (seq: number, length: number, atMs: number): Line => [false, atMs, seq, 500, { length }];
  const old = (...lines: readonly Line[]) => healthOf(...handshake, ...lines).a_to_b;

  test.each<[string, Partial<TcpHealth['a_to_b']>, Line[]]>([
    ['late by less than the round trip: out of order', { out_of_order: 1 }, [data(200, 100, 30), data(100, 100, 40)]],
    ['later: a retransmission', { retransmissions: 1 }, [data(200, 100, 30), data(100, 100, 60)]],
    [
      'the highest segment again: a retransmission at once',
      { retransmissions: 1 },
      [data(100, 100, 30), data(100, 100, 31)],
    ],
    ['a negative delay is no segment out of order', { retransmissions: 1 }, [data(200, 100, 30), data(100, 50, 29)]],
    [
      'what was acknowledged is spurious',
      { spurious_retransmissions: 1 },
      [data(100, 100, 30), [true, 31, 500, 200], data(100, 100, 32)],
    ],
    [
      'two duplicate ACKs make it fast',
      { fast_retransmissions: 1 },
      [data(200, 100, 30), [true, 31, 500, 100], [true, 32, 500, 100], [true, 33, 500, 100], data(100, 100, 40)],
    ],
    [
      'which are 20 ms old do not',
      { fast_retransmissions: 0, retransmissions: 1 },
      [data(200, 100, 30), [true, 31, 500, 100], [true, 32, 500, 100], [true, 33, 500, 100], data(100, 100, 60)],
    ],
  ])('%s', (_, expected, lines) => {
    expect(old(...lines)).toMatchObject({ old_segments: 1, ...expected });
  });

  test('a keep-alive is none of them', () => {
    expect(old(data(100, 100, 30), [true, 31, 500, 200], [false, 9000, 199, 500, { length: 1 }])).toMatchObject({
      ...{ old_segments: 0, keep_alives: 1 },
    });
  });

  test('a packet that repeats the one before it within 1 ms is told apart', () => {
    const twice = [data(100, 100, 30), data(100, 100, 30.5)];
    const bytes = classicCapture(
      [...handshake, ...twice].map((line) => traceRecord(segment(line, 7))),
      { nanoseconds: true },
    );
    expect(scanFacts(bytes, tcp).top.at(0)!.tcp!.a_to_b).toMatchObject({
      ...{ repeated_packets: 1, repeated_old_segments: 1, old_segments: 1 },
    });
    expect(old(...twice)).toMatchObject({ repeated_packets: 0, old_segments: 1 });
  });
});

test('gaps, ACKs of what is not there, windows of zero, bytes in flight and idle time', () => {
  const lines: Line[] = [
    [false, 100, 400, 500, { length: 100 }],
    [true, 101, 500, 900],
    [true, 102, 500, 900, { window: 0 }],
    [false, 7102, 500, 500, { flags: fin | ack }],
  ];
  expect(healthOf(...handshake, ...lines)).toMatchObject({
    idle_max_ns: String(7000n * ms),
    a_to_b: { gaps: 1, gap_bytes: 300, in_flight_max: 400 },
    b_to_a: { acked_unseen: 1, zero_windows: 1 },
  });
});

test('RST with sequence number 0 does not begin what was sent', () => {
  expect(healthOf([true, 0, 0, 0, { flags: rst }], [true, 1, 4_000_000_000, 1, { length: 10 }]).b_to_a).toMatchObject({
    ...{ gaps: 0, old_segments: 0, resets: 1 },
  });
});

test('the length is what IP tells, and of a total length of 0 what the frame has', () => {
  const padded = (line: Line, i: number) => {
    const record = traceRecord(segment(line, i));
    return { ...record, bytes: Buffer.concat([record.bytes, Buffer.alloc(6)]), originalLength: undefined };
  };
  const lines: Line[] = [
    [false, 0, 1, 1],
    [false, 1, 1, 1],
    [false, 2, 1, 1, { length: 10 }],
  ];
  const health = (bytes: Uint8Array): TcpHealth => scanFacts(bytes, tcp).top.at(0)!.tcp!;
  expect(health(classicCapture(lines.map(padded), { nanoseconds: true })).a_to_b.old_segments).toBe(0);
  const offload = lines.map((line, i) => {
    const record = traceRecord(segment(line, i));
    record.bytes.fill(0, 16, 18);
    return record;
  });
  const after = traceRecord(segment([false, 3, 11, 1, { length: 5 }], 9));
  expect(health(classicCapture([...offload, after], { nanoseconds: true })).a_to_b).toMatchObject({
    gaps: 0,
    old_segments: 0,
  });
});

test('packets that are cut before the flags or the window are told', () => {
  const bytes = (snap: number) => classicCapture(handshake.map((line, i) => traceRecord(segment(line, i), snap)));
  expect(scanFacts(bytes(46), tcp).tcp).toMatchObject({ packets_without_flags: 3, conversations: 0, attempts: 0 });
  expect(scanFacts(bytes(48), tcp).tcp).toMatchObject({
    packets_without_window: 3,
    packets_without_flags: 0,
    established: 1,
  });
});

test.each<[string, number, number, (cut: Uint8Array) => Uint8Array, Partial<ScanOptions>]>([
  ['IPv4, to a piece of the IP header', 0, 24, (cut) => cut, {}],
  ['IPv4, to the IP header', 0, 34, (cut) => cut, {}],
  ['IPv4, to three bytes of the ports', 0, 37, (cut) => cut, {}],
  ['IPv6, to a piece of the IP header', 1, 48, (cut) => cut, {}],
  ['IPv6, to three bytes of the ports', 1, 57, (cut) => cut, {}],
  ['IPv4 in a tunnel', 0, 37, (cut) => asFrame(tunnel.vxlan(7)({ kind: 'frame', bytes: cut })), { inner: true }],
])('packets whose ports are cut off have no flags, whole and in chunks: %s', (_, conversation, snap, wrap, more) => {
  const records = handshake.map((line, i) => {
    const record = traceRecord(segment(line, i, conversation), snap);
    return { ...record, bytes: wrap(record.bytes), originalLength: undefined };
  });
  const bytes = classicCapture(records, { nanoseconds: true });
  const options = { ...tcp, ...more };
  const whole = scanFacts(bytes, options);
  expect(whole.tcp).toMatchObject({ packets_without_flags: 3, segments: 0, findings: [{ kind: 'cut' }] });
  const cuts = [1, 2].map((packets) => 24 + packets * (16 + records[0].bytes.length));
  const split = scanSplit(bytes, plansAt(headerOf(bytes), cuts), options);
  expect(toCanonicalJson(split.report)).toBe(toCanonicalJson(whole));
});

test('a later fragment has no flags to be cut', () => {
  const record = traceRecord(segment(handshake[0], 1), 34);
  record.bytes[21] = 9;
  expect(scanFacts(classicCapture([record]), tcp).tcp).toMatchObject({ packets_without_flags: 0 });
});

test('inside of tunnels the conversations are those of the innermost header, and findings have no filter', () => {
  const wrapped = conversationPacket(4, 1, 2, 6);
  const bytes = classicCapture([{ bytes: asFrame(tunnel.vxlan(7)(wrapped)) }]);
  expect(scanFacts(bytes, { ...tcp, inner: true }).tcp).toMatchObject({ conversations: 1, segments: 1 });
  expect(scanFacts(bytes, tcp).tcp).toMatchObject({ conversations: 0, segments: 0 });
});

test('without it nothing of it is told', () => {
  const facts = scanFacts(captureOf(handshake));
  expect(facts.tcp).toBeUndefined();
  expect(facts.top.at(0)).not.toHaveProperty('tcp');
});

test('what a stream has given so far is what a capture of so much gives', () => {
  const bytes = captureOf([...handshake, [false, 60, 900, 500, { length: 9 }], [false, 70, 100, 500, { length: 9 }]]);
  const scanner = new ChunkScanner(scanModule, wholeFilePlan, tcp);
  push(scanner, bytes, 0);
  const merger = new Merger(scanModule, [wholeFilePlan], tcp);
  merger.offer(scanner.soFar()!);
  expect(toCanonicalJson(merger.finish(reportOptions))).toBe(toCanonicalJson(scanFacts(bytes, tcp)));
});

test('files that are read one after the other go on where the one before ended', () => {
  const lines: Line[] = [...handshake, [false, 60, 900, 500, { length: 9 }], [false, 70, 100, 500, { length: 9 }]];
  const scanner = new JoinScanner(scanModule, tcp);
  for (const part of [lines.slice(0, 2), lines.slice(2)]) {
    scanner.begin();
    push(
      scanner,
      classicCapture(
        part.map((line) => traceRecord(segment(line, lines.indexOf(line)))),
        { nanoseconds: true },
      ),
      0,
    );
    scanner.endPart();
  }
  expect(scanner.report(reportOptions).tcp).toEqual(factsOf(...lines).tcp);
});

/** Conversations that send again, in order, what they sent long before: a chunk of it alone cannot know. */
function resending(conversations: number): readonly TraceSegment[] {
  const all = Array.from({ length: conversations }, (_, i) => i);
  const first = all.map((i) => segment([false, i / 1000, 1_000_000, 1, { length: 9 }], 1, i));
  const again = Array.from({ length: 14 }, (_, round) =>
    all.map((i) =>
      round % 2 === 0
        ? segment([false, 5000 + i / 1000 + round, 1000 + 5 * round, 1, { length: 10 }], round, i)
        : segment([true, 5000 + i / 1000 + round, 1, 1005 + 5 * round], round, i),
    ),
  ).flat();
  return [...first, ...again];
}

test.each([
  ['some', 5, 1],
  ['more than a plan can name', 3000, 2],
])('a chunk whose conversations do not settle is scanned again from their states: %s', (_, conversations, rescans) => {
  const segments = resending(conversations);
  const records = segments.map((one) => traceRecord(one));
  const bytes = classicCapture(records, { nanoseconds: true });
  const cut = 24 + records.slice(0, conversations).reduce((sum, record) => sum + 16 + record.bytes.length, 0);
  const split = scanSplit(bytes, plansAt(headerOf(bytes), [cut]), tcp);
  expect(split.rescans).toBeGreaterThanOrEqual(rescans);
  expect(toCanonicalJson(split.report)).toBe(toCanonicalJson(scanFacts(bytes, tcp)));
});

test('when the highest segment came is known over chunks in which nothing higher came, and so is the round trip', () => {
  const slow: Line[] = [
    [false, 0, 99, 0, { flags: syn }],
    [true, 1990, 499, 100, { flags: syn | ack }],
    [false, 2000, 100, 500],
  ];
  // b has sent nothing since: what it sends again is late by more than the round trip, and less than that
  // after the chunk began.
  const calm = Array.from({ length: 24 }, (_, i): Line =>
    i % 2 === 0 ? [false, 4100 + i, 100 + 5 * i, 400, { length: 10 }] : [true, 4100 + i, 500, 105 + 5 * i],
  );
  const old: Line[] = [
    [true, 4200, 490, 220, { length: 4 }],
    [false, 4201, 150, 400, { length: 4 }],
    [true, 4202, 480, 220, { length: 4 }],
  ];
  const bytes = captureOf([...slow, ...calm, ...old]);
  const at = (packets: number): number => 24 + captureOf([...slow, ...calm, ...old].slice(0, packets)).length - 24;
  const whole = scanFacts(bytes, tcp);
  expect(whole.top.at(0)!.tcp!.b_to_a).toMatchObject({ old_segments: 2, out_of_order: 0 });
  for (const cuts of [[at(4)], [at(3), at(27)], [at(3), at(28)], [at(5), at(20), at(28)]]) {
    const split = scanSplit(bytes, plansAt(headerOf(bytes), cuts), tcp);
    expect(toCanonicalJson(split.report)).toBe(toCanonicalJson(whole));
  }
});

describe('what a chunk does not see', () => {
  const calm = (from: number, seq: number): Line[] =>
    Array.from({ length: 20 }, (_, i) =>
      i % 2 === 0 ? [false, from + i, 100 + 5 * i, seq, { length: 10 }] : [true, from + i, seq, 105 + 5 * i],
    );
  test.each<[string, Line[], Line[], Partial<TcpHealth>]>([
    [
      'the first SYN, which comes again long after',
      [...handshake, ...calm(100, 500)],
      [[false, 9000, 99, 0, { flags: syn }]],
      { attempts: 1, established: 1 },
    ],
    [
      'a connection whose other end has spoken without a SYN-ACK, and may still refuse',
      [handshake[0], [true, 1, 1, 100], ...calm(100, 1)],
      [[true, 9000, 1, 1, { flags: rst }]],
      { attempts: 1, refused: 1 },
    ],
    [
      'a segment that is ahead of all that it sees of its direction',
      [...handshake, [true, 30, 600, 100, { length: 50 }], ...calm(100, 500)],
      [[true, 200, 500, 205, { length: 50 }]],
      { b_to_a: expect.objectContaining({ gaps: 1, old_segments: 1 }) as never },
    ],
    [
      'the SYN from which the round trip counts, because the one that it sees came again',
      [
        handshake[0],
        handshake[1],
        [false, 5000, 99, 0, { flags: syn }],
        [true, 5010, 499, 100, { flags: syn | ack }],
        [false, 5020, 100, 500],
        ...calm(5100, 500),
      ],
      [
        [false, 5200, 210, 500, { length: 20 }],
        [false, 6000, 200, 500, { length: 10 }],
      ],
      { attempts: 1, round_trip_ns: String(5020n * ms) },
    ],
  ])('%s', (_, before, last, expected) => {
    const lines = [...before, ...last];
    const bytes = captureOf(lines);
    const at = (packets: number): number => captureOf(lines.slice(0, packets)).length;
    const whole = scanFacts(bytes, tcp);
    expect(whole.top.at(0)!.tcp).toMatchObject(expected);
    for (let first = 1; first < lines.length; first++)
      for (const cuts of [[at(first)], [at(first), at(before.length)]]) {
        const places = [...new Set(cuts)].sort((x, y) => x - y);
        const split = scanSplit(bytes, plansAt(headerOf(bytes), places), tcp);
        expect(toCanonicalJson(split.report)).toBe(toCanonicalJson(whole));
      }
  });
});

test('states that are none are refused', () => {
  const plan = { ...plansAt(headerOf(captureOf(handshake)), [100])[1], tcpStates: 'AAAAAAAAAAAx' };
  expect(() => new ChunkScanner(scanModule, plan, tcp)).toThrow(
    'the states of TCP conversations before this chunk are none',
  );
});

test('a partial result with other states than were asked for is refused', () => {
  const bytes = captureOf(handshake);
  const result = (options: ScanOptions) => {
    const scanner = new ChunkScanner(scanModule, wholeFilePlan, options);
    push(scanner, bytes, 0);
    return scanner.end();
  };
  for (const [theirs, ours] of [
    [scanOptions, tcp],
    [tcp, scanOptions],
  ])
    expect(() => new Merger(scanModule, [wholeFilePlan], ours).offer(result(theirs))).toThrow(
      'state of TCP conversations',
    );
});

test('a full table tells the health of those that are kept, the same wherever it is cut', () => {
  const bytes = classicCapture(
    resending(300).map((one) => traceRecord(one)),
    { nanoseconds: true },
  );
  const options = { ...tcp, conversationsMax: 40 };
  const whole = scanFacts(bytes, options);
  expect(Number(whole.tcp!.conversations)).toBeLessThanOrEqual(40);
  const split = scanSplit(bytes, plansAt(headerOf(bytes), [40_000, 90_000, 200_000]), options);
  expect(toCanonicalJson(split.report)).toBe(toCanonicalJson(whole));
});

test('an IPv4 packet whose search begins at the entry of a large IPv6 conversation is counted', () => {
  const large = Array.from({ length: 200 }, (_, i) => ({
    ...traceRecord(segment([true, i, 1, 1], i, 2 * i + 1)),
    originalLength: 0xf000_0000,
  }));
  const others = Array.from({ length: 2000 }, (_, i) => traceRecord(segment([false, i, 1, 1], i, 2 * i)));
  const facts = scanFacts(classicCapture([...large, ...others], { nanoseconds: true }), tcp);
  expect(facts.tcp!.conversations).toBe(2200);
});
