import { printedEntry } from '../../../src/analyze/files/kept-entries.js';
import { csvDocument } from '../../../src/analyze/csv-tables.js';
import { reportDataOf } from '../../../src/analyze/html/report-data.js';
import { textReport } from '../../../src/analyze/text-report.js';
import { rawUnits } from '../../../src/analyze/units.js';
import { toCanonicalJson } from '../../../src/pcap/rows/json-pieces.js';
import { scanOptionsDefault } from '../../../src/pcap/scan-options.js';
import { sampleEntry } from '../../support/sample-entry.js';
import { sampleDirection, sampleHealth, sampleInterval, sampleTotals } from '../../support/sample-tcp.js';

const style = { units: rawUnits, framed: false, sort: 'bytes' };
const health = sampleHealth({
  ...{ attempts: 1, established: 1, handshakes: 1, round_trips: 1, round_trip_ns: '21000000' },
  a_to_b: sampleDirection({ old_segments: 4, out_of_order: 1, retransmissions: 3, gaps: 2 }),
  // Repeated by a mirror, so that nothing was sent again.
  b_to_a: sampleDirection({ zero_windows: 5, old_segments: 2, out_of_order: 1, repeated_old_segments: 2 }),
});
const row = { ...sampleEntry().top.at(0)!, tcp: health };
const linesOf = (totals: Parameters<typeof sampleTotals>[0], changes = {}): string[] =>
  textReport(sampleEntry({ top: [row], tcp: sampleTotals(totals), ...changes }), style).split('\n');

test('text has one section with the sums, and no further column', () => {
  const lines = linesOf({ retransmissions: 3, round_trip_ns: '21000000', gap_bytes: 1448 });
  expect(lines).toContain('TCP');
  expect(lines.find((line) => line.startsWith('  retransmissions'))).toMatch(/ 3$/);
  expect(lines.find((line) => line.startsWith('  round trip, mean'))).toMatch(/ 0\.021000000$/);
  expect(lines.find((line) => line.startsWith('  SYN to SYN-ACK'))).toMatch(/ -$/);
  expect(lines).toContain('Nothing is unusual.');
  expect(lines.join('\n')).not.toMatch(/packets cut before|trireme extract/);
  const without = textReport(sampleEntry(), style).split('\n');
  expect(lines.filter((line) => line.startsWith('tcp '))).toEqual(without.filter((line) => line.startsWith('tcp ')));
  expect(without).not.toContain('TCP');
});

test('what is unusual stands below it, each with its filter', () => {
  const findings = [
    { kind: 'refused', text: '17 connections to 192.0.2.7:443 were refused', filter: 'tcp and host 192.0.2.7' },
    { kind: 'gaps', text: 'The capture does not hold all', filter: null },
  ] as const;
  const lines = linesOf({ findings, packets_without_window: 7 });
  const at = lines.indexOf('- 17 connections to 192.0.2.7:443 were refused');
  expect(lines.slice(at - 1, at + 3)).toEqual([
    'For trireme extract; where packets have VLAN tags, add --filter-tags transparent:',
    '- 17 connections to 192.0.2.7:443 were refused',
    `    --filter 'tcp and host 192.0.2.7'`,
    '- The capture does not hold all',
  ]);
  expect(lines.find((line) => line.startsWith('packets cut before their window'))).toMatch(/ 7$/);
});

test('CSV has a table with a row for each TCP conversation that has health', () => {
  const rows = [row, { ...row, a: '10.0.0.9:1', tcp: null }];
  const [header, first, ...rest] = [...csvDocument('tcp', [sampleEntry({ top: rows })])].join('').split('\r\n');
  expect(header).toMatch(/^file,a,b,client,client_guessed,attempts,.*,old_segments_a_to_b,.*,in_flight_max_b_to_a$/);
  const fields = Object.fromEntries(header.split(',').map((name, i) => [name, first.split(',')[i]]));
  expect(fields).toMatchObject({
    ...{ a: '10.0.0.1:80', client: 'b', client_guessed: 'false', round_trip_ns: '21000000', syn_to_syn_ack_ns: '' },
    ...{ retransmissions_a_to_b: '3', zero_windows_b_to_a: '5', zero_windows_a_to_b: '0' },
  });
  expect(rest).toEqual(['']);
  expect([...csvDocument('tcp', [sampleEntry()])].join('').split('\r\n')).toHaveLength(2);
});

test('a page has the figures of each conversation that its table shows, and not all the others', () => {
  const entry = sampleEntry({ top: [row, { ...row, tcp: null }], tcp: sampleTotals() });
  const [told] = reportDataOf([{ entry, pairs: [], matrix: null }], 'bytes', false).results as unknown as [
    { top: { tcp?: unknown; health?: unknown }[]; tcp: unknown },
  ];
  expect(told.top[0].tcp).toBeUndefined();
  expect(told.top.map(({ health: of }) => of)).toEqual([
    { resent: 3, gaps: 2, zero_windows: 5, round_trip_ns: 21_000_000 },
    null,
  ]);
  expect(told.tcp).toEqual(sampleTotals());
});

test('what is printed beside files is what there would be without: in the same order, and nothing that a series tells', () => {
  const found = { kind: 'gaps', text: 'a gap', filter: null } as const;
  const { packets, ...before } = sampleEntry({ tcp: sampleTotals({ findings: [found] }) });
  // Something stands behind `tcp`.
  const plain = { ...before, packets };
  const when = { kind: 'when', text: 'then', filter: 'tcp' } as const;
  const scanned = {
    ...plain,
    tcp: sampleTotals({ findings: [when, found] }),
    ...{
      series: {
        interval_ns: '1',
        interval_ns_asked: '1',
        rows_max: 1,
        coarsened: false,
        packets_without_row: 0,
        rows: [],
      },
    },
  };
  const settings = { top: 10, scan: scanOptionsDefault, files: ['x'], resume: false, written: { top: 10 } };
  expect(toCanonicalJson(printedEntry(scanned, settings))).toBe(toCanonicalJson(plain));
  const asked = { ...settings, scan: { ...scanOptionsDefault, intervalNs: '1' } };
  expect(printedEntry(scanned, asked).tcp!.findings).toEqual([when, found]);
});

describe('the time series', () => {
  const series = {
    ...{ interval_ns: '1000', interval_ns_asked: '1000', rows_max: 65_536, coarsened: false, packets_without_row: 0 },
    rows: [
      { start_ns: '0', packets: 3, bytes: 300 },
      { start_ns: '1000', packets: 5, bytes: 500, tcp: sampleInterval({ refused: 4, old_segments: 7, gaps: 9 }) },
    ],
  };
  const csv = (changes: object): string[][] =>
    [...csvDocument('series', [sampleEntry({ series: { ...series, ...changes } })])]
      .join('')
      .split('\r\n')
      .map((line) => line.split(','));

  test('has columns of health in CSV where it tells of it, and none elsewhere', () => {
    const [header, first, second] = csv({ tcp: true });
    const of = (row: string[], name: string): string => row[header.indexOf(name)];
    expect(['refused', 'old_segments', 'gaps', 'attempts'].map((name) => of(second, name))).toEqual([
      '4',
      '7',
      '9',
      '0',
    ]);
    expect(of(first, 'refused')).toBe('0');
    expect(csv({})[0]).toEqual(['file', 'start_ns', 'interval_ns', 'packets', 'bytes']);
  });

  test('has some of them in text', () => {
    const lines = textReport(sampleEntry({ series: { ...series, tcp: true } }), style).split('\n');
    const at = lines.findIndex((line) => line.startsWith('Time series'));
    expect(lines[at + 1]).toMatch(/^start +packets +bytes +attempts +refused +resets +old segments +zero windows$/);
    expect(lines.slice(at).find((line) => line.startsWith('1970-01-01T00:00:00.000001000Z'))).toMatch(
      / 5 +500 +0 +4 +0 +7 +0$/,
    );
  });
});
