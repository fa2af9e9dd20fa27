import type { Entry } from '../../../src/analyze/entry.js';
import { plainTable } from '../../../src/analyze/text-table.js';
import { textDocument, textReport } from '../../../src/analyze/text-report.js';
import { humanUnits, rawUnits } from '../../../src/analyze/units.js';
import { totalOf } from '../../../src/pcap/report-total.js';
import { sampleEntry } from '../../support/sample-entry.js';

const style = { units: rawUnits, framed: false, sort: 'bytes' };
const connection = {
  client: '10.0.0.2:1024',
  server: '10.0.0.1:80',
  packets: 2,
  bytes: 2000,
  packets_client_to_server: 0,
  packets_server_to_client: 2,
  bytes_client_to_server: 0,
  bytes_server_to_client: 2000,
};

test('the three facts lead, the third only when a connection was asked for', () => {
  expect(textReport(sampleEntry(), style).split('\n').slice(0, 3)).toEqual([
    'Total number of packets: 3',
    'Total number of IPv4 TCP packets: 2',
    '',
  ]);
  expect(textReport(sampleEntry({ connection }), style).split('\n').slice(0, 3)).toEqual([
    'Total number of packets: 3',
    'Total number of IPv4 TCP packets: 2',
    'Total number of packets between 10.0.0.2:1024 and 10.0.0.1:80: 2',
  ]);
});

test.each([
  ['the time range', 'First packet    2023-11-14T22:13:20.000000000Z'],
  ['the duration', 'Duration        2.500000000 s'],
  ['the average rate', 'Average rate    1200 B/s, 1.200 packets/s'],
  ['the average size', 'Average size    1000.0 bytes'],
  ['that times are in order', 'Times           in order'],
  ['link types', 'Link types      Ethernet (1): 3'],
  ['the format', 'Format          pcap, little-endian'],
  ['how many conversations there are', 'Conversations (1 of 1, by bytes)'],
  ['how many talkers there are', 'Top talkers (1 of 2)'],
  ['tunnels', '    1  vxlan         1   1000'],
  ['packet sizes', '512 to 1023        3  100.0 %'],
])('the text tells %s', (_name, line) => {
  expect(textReport(sampleEntry(), style).split('\n')).toContain(line);
});

test('a conversation is told each way, in all, and by its start after the first packet', () => {
  const line = textReport(sampleEntry(), style)
    .split('\n')
    .find((text) => text.startsWith('tcp '));
  expect(line!.split(/ +/)).toEqual(
    'tcp 10.0.0.1:80 <-> 10.0.0.2:1024 2 2000 0 0 2 2000 1.000000000 1.500000000 1333'.split(' '),
  );
});

test.each([
  ['vxlan 7', [{ type: 'vxlan', vni: 7 }], [{ type: 'vxlan', vni: 7 }], false],
  ['gtpu 1 | gtpu 2', [{ type: 'gtpu', teid: 1 }], [{ type: 'gtpu', teid: 2 }], false],
  ['gre > ipip and others', [{ type: 'gre' }, { type: 'ipip' }], null, true],
  ['', null, null, false],
] as const)('with --inner the tunnels of a conversation stand last: %j', (text, out, back, vary) => {
  const row = { ...sampleEntry().top.at(0)!, tunnel_a_to_b: out, tunnel_b_to_a: back, tunnels_vary: vary };
  const lines = textReport(sampleEntry({ inner: true, top: [row] }), style).split('\n');
  expect(lines).toContain('Conversations inside of tunnels (1 of 1, by bytes)');
  expect(lines.find((line) => line.startsWith('tcp '))).toMatch(new RegExp(` 1333(  ${text.replace('|', '[|]')})?$`));
});

test('with --community-id it stands behind the conversation', () => {
  const row = { ...sampleEntry().top.at(0)!, community_id: '1:x=' };
  const lines = textReport(sampleEntry({ top: [row] }), style).split('\n');
  expect(lines.find((line) => line.startsWith('tcp '))).toMatch(/ 1333 {2}1:x=$/);
});

test('a cut, damage and a full table are said', () => {
  const limit = {
    limit: 16,
    share_kept: 0.25,
    share_kept_pairs: 1,
    packets_not_in_table: 1000,
    bytes_not_in_table: 64_000,
    heavy: 3,
    unlisted_packets_max: 7,
    unlisted_bytes_max: 900,
  };
  const text = textReport(sampleEntry({ truncated: true, truncated_offset: 99, conversations_limit: limit }), style);
  expect(text).toContain('NOTE: a.pcap: cut short in the record at offset 99');
  expect(text).toContain('NOTE: --max-conversations 16 was reached');
  expect(text).toContain('1000 packets with 64000 bytes are not in it');
});

test('people who ask for it get units', () => {
  const text = textReport(sampleEntry(), { ...style, units: humanUnits });
  expect(text).toContain('Original bytes  3.00 kB');
  expect(text).toContain('Duration        2.5 s\n');
});

test('several files have their names above and a total below', () => {
  const entries: Entry[] = [
    sampleEntry(),
    sampleEntry({ file: 'b.pcap' }),
    { file: 'c', error: 'unreadable', error_detail: 'c: no such file' },
  ];
  const text = textDocument(entries, totalOf([sampleEntry(), sampleEntry()], 1), style);
  expect(text.split('\n')[0]).toBe('a.pcap');
  expect(text).toContain('\nb.pcap\nTotal number of packets: 3\n');
  expect(text).toMatch(/^packets +6$/m);
  expect(text).toMatch(/^files without counts +1$/m);
});

test('columns are as wide as their widest text, and no line ends in blanks', () => {
  expect(
    plainTable(
      [{ title: 'name' }, { title: 'n', align: 'right' }, { title: 'x' }],
      [
        ['a', '1', ''],
        ['longer', '100', 'y'],
      ],
    ),
  ).toBe(['name      n  x', 'a         1', 'longer  100  y'].join('\n'));
});
