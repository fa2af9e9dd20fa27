import { pairsOf } from '../../../../src/analyze/files/pairs.js';
import { htmlDocument } from '../../../../src/analyze/html/document.js';
import { boundsFor } from '../../../../src/analyze/html/report-bounds.js';
import { matrixOf } from '../../../../src/analyze/html/matrix.js';
import { reportDataOf, type KeptEntry } from '../../../../src/analyze/html/report-data.js';
import type { ConversationRow } from '../../../../src/pcap/report-types.js';
import { sampleEntry } from '../../../support/sample-entry.js';

const big = 9_007_199_254_740_993n;
const address = (i: number): string => `2001:db8:${(0xf000 + (i % 300)).toString(16)}:ffff:ffff:ffff:ffff:ffff`;

/** All that a hostile capture can bring: every table full, every figure long, every address as long as they get. */
function hostile(i: number, files: number): KeptEntry {
  const conversation = (n: number): ConversationRow => ({
    proto: 'tcp',
    a: `[${address(n)}]:65535`,
    b: `[${address(n + 1 + (n % 7))}]:65535`,
    packets: big,
    bytes: big,
    packets_a_to_b: big,
    bytes_a_to_b: big,
    packets_b_to_a: big,
    bytes_b_to_a: big,
    first_ns: '1700000001000000000',
    last_ns: '1700000002500000000',
    bits_per_second: 1,
    tunnel_a_to_b: Array.from({ length: 8 }, () => ({ type: 'mpls', labels: new Array<number>(16).fill(1_048_575) })),
    tunnel_b_to_a: null,
    tunnels_vary: true,
    community_id: `1:${'A'.repeat(27)}=`,
  });
  const entry = sampleEntry({
    file: `${'x'.repeat(4000)}${i}.pcap`,
    packets: big,
    top: Array.from({ length: 2_000 }, (_, n) => conversation(n)),
    inner: true,
    tunnels: Array.from({ length: 120 }, (_, n) => ({ type: 'erspan1', depth: 1 + (n % 8), packets: big, bytes: big })),
    endpoints: Array.from({ length: 2_000 }, (_, n) => ({
      ...sampleEntry().endpoints.at(0)!,
      address: address(n),
      bytes: big,
    })),
    protocols: Array.from({ length: 3_000 }, (_, number) => ({
      layer: 'network' as const,
      name: `EtherType 0x${number.toString(16)}`,
      number,
      within: null,
      packets: big,
      bytes: big,
    })),
    link_types: Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [String(n), 1])),
    series: {
      interval_ns: '1000000000',
      interval_ns_asked: '1000000000',
      rows_max: 65_536,
      coarsened: false,
      packets_without_row: 0,
      rows: Array.from({ length: 4_000 }, (_, n) => ({ start_ns: `${n}000000000`, packets: big, bytes: big })),
    },
  });
  const pairs = pairsOf(entry.top);
  return { entry, pairs, matrix: matrixOf(pairs, boundsFor(files).matrixAddresses) };
}

test.each([1, 2, 7, 40, 3000])('a report of %d hostile captures is under 1 MB', (files) => {
  const one = hostile(0, files);
  const html = [...htmlDocument(Array<KeptEntry>(files).fill(one), 'bytes')].join('');
  expect(Buffer.byteLength(html)).toBeLessThan(1_000_000);
});

test('a count beyond 2^53 keeps every digit', () => {
  const html = [...htmlDocument([hostile(0, 1)], 'bytes')].join('');
  expect(html).toContain(`"packets":"${big}"`);
});

test('says how much it leaves out', () => {
  const data = reportDataOf(Array<KeptEntry>(50).fill(hostile(0, 50)), 'bytes', false);
  expect(data).toMatchObject({ filesTotal: 50 });
  expect(data.results).toHaveLength(40);
  expect(data.files).toHaveLength(50);
  expect(data.extras[0].protocolsLeftOut).toBe(3_000 - boundsFor(50).protocolRows);
  expect(data.total.files).toBe(50);
});
