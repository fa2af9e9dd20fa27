import { findingsOf, type Trouble, type Troubled } from '../../../src/pcap/tcp-findings.js';
import type { TcpHealth, TcpTotals } from '../../../src/pcap/tcp-types.js';
import { sumFailed } from '../../support/failed-attempts.js';
import { sampleDirection, sampleHealth, sampleTotals } from '../../support/sample-tcp.js';

const still = sampleDirection();
const { findings: _none, ...totals } = sampleTotals();
const noTrouble: Trouble = { resent: [], stopped: [], torn: [], slow: [], failed: sumFailed([]) };

function troubled(changes: Partial<TcpHealth>): Troubled {
  const ends = { a: '192.0.2.7:443', b: '[2001:db8::1]:50000' };
  return { ...ends, packets_a_to_b: 400, packets_b_to_a: 300, health: sampleHealth(changes) };
}

const textsOf = (sums: Partial<TcpTotals>, trouble: Partial<Trouble>, inner = false): string[] =>
  findingsOf({ ...totals, ...sums }, { ...noTrouble, ...trouble }, null, inner).map(
    ({ text, filter }) => `${text} | ${filter}`,
  );

const attempt = (client: string, server: string, refused: number, unanswered = 0) => ({
  client,
  server,
  refused,
  unanswered,
});
const pair = 'tcp and host 192.0.2.7 and port 443 and host 2001:db8::1 and port 50000';

test('of a sound capture nothing is told', () => {
  expect(textsOf({ refused: 0 }, {})).toEqual([]);
});

test('of cut packets it is told what cannot be judged', () => {
  expect(textsOf({ packets_without_flags: 408, packets_without_window: 1 }, {})).toEqual([
    '408 TCP packets were cut before the flags: nothing here is about them, and what follows them may seem a gap | null',
    '1 TCP packet was cut before the window: whether it was zero is not known | null',
  ]);
});

test('refused and unanswered connections are told by server, and what is left as a sum', () => {
  const failed = [
    attempt('10.0.0.1:1000', '192.0.2.7:443', 16),
    attempt('10.0.0.2:1000', '192.0.2.7:443', 1),
    ...[1, 2, 3, 4, 5, 6].map((port) => attempt('10.0.0.1:1000', `192.0.2.9:${port}`, 1)),
    attempt('10.0.0.3:7', '[2001:db8::1]:53', 0, 1),
  ];
  const texts = textsOf({ refused: 23, unanswered: 1 }, { failed: sumFailed(failed) });
  expect(texts[0]).toBe('17 connections to 192.0.2.7:443 were refused | tcp and host 192.0.2.7 and port 443');
  expect(texts[4]).toBe(
    '1 connection to 192.0.2.9:4 was refused, and 2 to 2 other endpoints | tcp and host 192.0.2.9 and port 4',
  );
  expect(texts[5]).toBe(
    '1 attempt to connect to [2001:db8::1]:53 was not answered | tcp and host 2001:db8::1 and port 53',
  );
  expect(texts).toHaveLength(6);
});

test('who tried ten endpoints in vain is told first', () => {
  const failed = Array.from({ length: 10 }, (_, port) => attempt('10.0.0.1:1000', `192.0.2.9:${port}`, 1, 2));
  const [first] = textsOf({ refused: 10, unanswered: 20 }, { failed: sumFailed(failed) });
  expect(first).toBe('10.0.0.1 tried 10 endpoints in vain: 10 refused, 20 did not answer | tcp and host 10.0.0.1');
  expect(textsOf({ refused: 9 }, { failed: sumFailed(failed.slice(1)) })[0]).not.toContain('in vain');
});

test('too many failed attempts are told as sums', () => {
  expect(textsOf({ refused: 3_000_000, unanswered: 7 }, { failed: null })[0]).toMatch(
    /^3,000,000 connections were refused and 7/,
  );
});

test.each([
  [4, 0, []],
  [5, 5, []],
  [
    5,
    0,
    [
      '192.0.2.7:443 sent 5 segments again to [2001:db8::1]:50000, 1.3 % of its packets (1 after duplicate ACKs, 2 that had arrived)',
    ],
  ],
])('%d old segments, %d of them repeated by a mirror', (old_segments, repeated_old_segments, expected) => {
  const counts = { old_segments, repeated_old_segments, fast_retransmissions: 1, spurious_retransmissions: 2 };
  const resent = [troubled({ a_to_b: { ...still, ...counts } })];
  expect(textsOf({}, { resent })).toEqual(
    expected.map((text) => `${text} | tcp and host 192.0.2.7 and port 443 and host 2001:db8::1 and port 50000`),
  );
});

test('below one in a hundred nothing is told', () => {
  const row = troubled({ a_to_b: { ...still, old_segments: 9 } });
  expect(textsOf({}, { resent: [{ ...row, packets_a_to_b: 901 }] })).toEqual([]);
  expect(textsOf({}, { resent: [{ ...row, packets_a_to_b: 900 }] })).toHaveLength(1);
});

test('windows of zero, gaps, slow handshakes and repeated packets', () => {
  const stopped = [troubled({ b_to_a: { ...still, zero_windows: 12 } })];
  expect(textsOf({}, { stopped })).toEqual([
    `[2001:db8::1]:50000 had no room for what 192.0.2.7:443 sends 12 times (window of zero) | tcp and host 2001:db8::1 and port 50000 and host 192.0.2.7 and port 443`.replace(
      /tcp and host.*/,
      pair,
    ),
  ]);
  const torn = [troubled({ a_to_b: { ...still, gaps: 1, gap_bytes: 1448 } })];
  expect(textsOf({ gaps: 1, gap_bytes: 1448, acked_unseen: 2 }, { torn })).toEqual([
    'The capture does not hold all that was sent: 1 gap of 1,448 bytes, and 2 ACKs of what it does not hold | null',
    `1 gap of 1,448 bytes in what 192.0.2.7:443 sent to [2001:db8::1]:50000 | ${pair}`,
  ]);
  const slow = [troubled({ round_trip_max_ns: '3021000000' }), troubled({ round_trip_max_ns: '999999999' })];
  expect(textsOf({}, { slow })).toEqual([
    `The handshake of [2001:db8::1]:50000 with 192.0.2.7:443 took 3.021 s | ${pair}`,
  ]);
  const doubled = {
    repeated_packets: 50,
    old_segments: 20,
    repeated_old_segments: 19,
    duplicate_acks: 8,
    repeated_duplicate_acks: 7,
  };
  expect(textsOf(doubled, {})[0]).toMatch(
    /^50 of 1,000 segments repeat .* 19 of 20 old segments and 7 of 8 duplicate ACKs \| null$/,
  );
  expect(textsOf({ ...doubled, repeated_packets: 49 }, {})).toEqual([]);
});

test('a filter does not see inside of tunnels', () => {
  const stopped = [troubled({ b_to_a: { ...still, zero_windows: 1 } })];
  expect(textsOf({}, { stopped }, true)[0]).toMatch(/1 time \(window of zero\) \| null$/);
});
