import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { ConversationRow } from '../../src/pcap/report-types.js';
import type { TcpDirection } from '../../src/pcap/tcp-types.js';
import { classicCapture } from '../support/capture-builder.js';
import { flagBits, traceRecord } from '../support/capture-builder/tcp-traces.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { sharedCaptures } from '../support/shared-captures.js';

const haveTshark = spawnSync('tshark', ['--version']).status === 0;
if (!haveTshark) console.log('SKIP: tshark is not installed (Debian: tshark)');

/**
 * Our counts and the fields of tshark that say the same. A fast or spurious retransmission has the field of
 * the others too.
 */
const fields = {
  fast_retransmissions: 'fast_retransmission',
  spurious_retransmissions: 'spurious_retransmission',
  retransmissions: 'retransmission',
  out_of_order: 'out_of_order',
  duplicate_acks: 'duplicate_ack',
  zero_windows: 'zero_window',
  keep_alives: 'keep_alive',
  gaps: 'lost_segment',
} as const;
type Measure = keyof typeof fields;
const measures = Object.keys(fields) as Measure[];

interface Health {
  packets: number;
  counts: Record<Measure, number>;
  /** ns; of each stream that has one. */
  roundTrips: bigint[];
}
const nothing = (): Health => ({
  packets: 0,
  counts: Object.fromEntries(measures.map((measure) => [measure, 0])) as Health['counts'],
  roundTrips: [],
});

/** Streams of one pair of ends are one conversation of ours; packets with several IP headers are left out. */
function theirs(file: string): Map<string, Health> | null {
  const columns = ['ip.src', 'ipv6.src', 'ip.dst', 'ipv6.dst', 'tcp.srcport', 'tcp.dstport', 'tcp.stream'];
  const asked = [
    ...columns,
    'tcp.analysis.initial_rtt',
    ...measures.map((measure) => `tcp.analysis.${fields[measure]}`),
  ];
  const { status, stdout: text } = spawnSync(
    'tshark',
    [
      ...['-r', file, '-o', 'ip.defragment:FALSE', '-o', 'ipv6.defragment:FALSE', '-Y', 'tcp'],
      ...['-T', 'fields', '-E', 'separator=;', ...asked.flatMap((field) => ['-e', field])],
    ],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  if (status !== 0) return null;
  const found = new Map<string, Health>();
  const streams = new Set<string>();
  for (const line of text.split('\n')) {
    const [from4, from6, to4, to6, source, target, stream, roundTrip, ...flags] = line.split(';');
    if (source === undefined || [from4, from6, source].some((one) => one.includes(','))) continue;
    const key = [`${from4 || from6} ${source}`, `${to4 || to6} ${target}`].sort().join(' ');
    const health = found.get(key) ?? nothing();
    found.set(key, health);
    health.packets++;
    for (const [i, measure] of measures.entries()) if (flags[i] !== '') health.counts[measure]++;
    if (roundTrip === '' || streams.has(stream)) continue;
    streams.add(stream);
    health.roundTrips.push(BigInt(Math.round(Number(roundTrip) * 1e9)));
  }
  for (const { counts } of found.values())
    counts.retransmissions -= counts.fast_retransmissions + counts.spurious_retransmissions;
  return found;
}

async function ours(file: string): Promise<Map<string, Health>> {
  const { stdout } = await runTrireme(['analyze', '--tcp', '--json', '--top', '100000', '-q', file]);
  const [{ top = [] }] = (JSON.parse(stdout) as { results: [{ top?: ConversationRow[] }] }).results;
  return new Map(
    top.flatMap(({ a, b, packets, tcp }) => {
      if (tcp == null) return [];
      const ends = [a, b].map((end) => end.replace(/^\[?([^\]]+)\]?:(\d+)$/, '$1 $2'));
      const both = (of: (way: TcpDirection) => unknown): number => Number(of(tcp.a_to_b)) + Number(of(tcp.b_to_a));
      const counts = Object.fromEntries(measures.map((measure) => [measure, both((way) => way[measure])]));
      const roundTrips = tcp.round_trip_min_ns === null ? [] : [BigInt(tcp.round_trip_min_ns)];
      const health: Health = { packets: Number(packets), counts: counts as Health['counts'], roundTrips };
      return [[ends.sort().join(' '), health] as const];
    }),
  );
}

/** A file of a few packets has nothing to compare, and each costs a second. */
const fileBytesMin = 4096;

/** Share of the conversations with something to count that must agree, as docs/FACTS.md says. */
const agreement: Readonly<Record<Measure, number>> = {
  retransmissions: 0.97,
  fast_retransmissions: 0.95,
  spurious_retransmissions: 0.95,
  out_of_order: 0.95,
  duplicate_acks: 0.995,
  zero_windows: 0.995,
  keep_alives: 0.995,
  gaps: 0.99,
};

(haveTshark ? test : test.skip)('the health of conversations is what tshark says of them', async () => {
  // What a fuzzer has changed is read otherwise by everybody.
  const files = sharedCaptures()
    .map(({ path }) => path)
    .filter(
      (path) =>
        /\.(pcap|pcapng|cap)$/.test(path) &&
        !/^(fuzz|syn-|ossfuzz)/.test(basename(path)) &&
        statSync(path).size > fileBytesMin,
    );
  const met = Object.fromEntries(measures.map((measure) => [measure, [0, 0]])) as Record<Measure, [number, number]>;
  const roundTrips = [0, 0];
  for (const file of files) {
    const other = theirs(file);
    if (other === null) continue;
    const mine = await ours(file);
    for (const [key, { packets, counts, roundTrips: trips }] of mine) {
      const same = other.get(key);
      if (same?.packets !== packets) continue;
      for (const measure of measures) {
        if (counts[measure] === 0 && same.counts[measure] === 0) continue;
        met[measure][1]++;
        if (counts[measure] === same.counts[measure]) met[measure][0]++;
      }
      if (trips.length === 0) continue;
      roundTrips[1]++;
      if (same.roundTrips.some((trip) => trip - trips[0] <= 1000n && trips[0] - trip <= 1000n)) roundTrips[0]++;
    }
  }
  process.stderr.write(`agreement with tshark: ${JSON.stringify({ ...met, roundTrips })}\n`);
  for (const measure of measures) {
    const [same, all] = met[measure];
    if (same < all * agreement[measure]) throw new Error(`${measure}: ${same} of ${all} conversations agree`);
  }
  expect(roundTrips[0]).toBeGreaterThanOrEqual(roundTrips[1] * 0.95);
  if (files.length > 0) expect(met.duplicate_acks[1]).toBeGreaterThan(10);
});

const scratch = scratchFolder();

(haveTshark ? test : test.skip).each<[string, Partial<Record<Measure, [theirs: number, ours: number]>>, number[][]]>([
  [
    'more than one byte at nxt less 1',
    { out_of_order: [0, 1], retransmissions: [0, 0] },
    [
      [0, 100, 500, 1],
      [0, 100, 500, 100],
    ],
  ],
  [
    'the same bytes, acknowledged',
    { spurious_retransmissions: [1, 1], retransmissions: [0, 0] },
    [
      [0, 100, 500, 1],
      [1, 500, 200, 0],
      [0, 100, 500, 100],
    ],
  ],
  [
    'data that was acknowledged before it was captured',
    { spurious_retransmissions: [1, 0], retransmissions: [0, 0], gaps: [0, 0] },
    [
      [1, 500, 200, 0],
      [0, 100, 500, 100],
    ],
  ],
  [
    'the same behind a gap',
    { spurious_retransmissions: [1, 0], gaps: [1, 1] },
    [
      [1, 500, 300, 0],
      [0, 200, 500, 100],
    ],
  ],
])('where docs/FACTS.md says so the two differ: %s', async (name, expected, lines) => {
  const { syn, ack } = flagBits;
  const all = [[0, 99, 0, 0, syn], [1, 499, 100, 0, syn | ack], [0, 100, 500, 0], ...lines].map(
    ([back, seq, acked, length, flags = ack], i) => {
      const timeNs = 1_700_000_000_000_000_000n + 20_000_000n * BigInt(i);
      return traceRecord({
        conversation: 0,
        back: back === 1,
        timeNs,
        seq,
        ack: acked,
        flags,
        window: 500,
        length,
        id: i,
      });
    },
  );
  const file = scratch.file(`${name}.pcap`, classicCapture(all, { nanoseconds: true }));
  const [other] = theirs(file)!.values();
  const [mine] = (await ours(file)).values();
  for (const measure of Object.keys(expected) as Measure[])
    expect([measure, other.counts[measure], mine.counts[measure]]).toEqual([measure, ...expected[measure]!]);
});
