import { csvDocument } from '../../../src/analyze/csv-tables.js';
import type { Entry } from '../../../src/analyze/entry.js';
import { tableNames, type TableName } from '../../../src/analyze/tables.js';
import type { JoinedFile } from '../../../src/pcap/report-types.js';
import { sampleEntry } from '../../support/sample-entry.js';
import { sampleNames } from '../../support/sample-names.js';
import { sampleHealth } from '../../support/sample-tcp.js';

const unreadable = { file: 'b.pcap', error: 'unreadable', error_detail: 'b.pcap: no such file' } as const;
const counted: JoinedFile = {
  file: 'c.pcap',
  format: 'pcap',
  compression: 'gzip',
  packets: 3,
  captured_bytes: 300,
  first_ns: '1700000000000000000',
  last_ns: '1700000002500000000',
  gap_ns: '-5',
  truncated: false,
  error: null,
};
const rowsOf = (name: TableName, entries: readonly Entry[]): string[] => [...csvDocument(name, entries)].map(String);

describe('the csv tables', () => {
  test.each(tableNames)('every row of %s has a field for each column', (name) => {
    const series = {
      interval_ns: '1000000000',
      interval_ns_asked: '1000000000',
      rows_max: 10,
      coarsened: false,
      packets_without_row: 0,
      rows: [{ start_ns: '1700000000000000000', packets: 3, bytes: 3000 }],
    };
    const top = [{ ...sampleEntry().top.at(0)!, tcp: sampleHealth() }];
    const names = sampleNames();
    const entry = sampleEntry({ top, series, names, files: [counted, { ...unreadable, error: 'unreadable' }] });
    const [header, ...rows] = rowsOf(name, [entry, entry]);
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows) expect(row.split(',').length).toBe(header.split(',').length);
    expect(header.startsWith('file,')).toBe(true);
  });

  test('conversations name both ends and the bytes of each way', () => {
    expect(rowsOf('conversations', [sampleEntry()])[1]).toBe(
      'a.pcap,tcp,10.0.0.1:80,10.0.0.2:1024,2,2000,2,2000,0,0,' +
        '1700000001000000000,1700000002500000000,1700000001000000000,1700000002500000000,,,10666\r\n',
    );
  });

  test('with --inner conversations have their tunnels behind the other columns', () => {
    const [row] = sampleEntry().top;
    const tunnels = {
      tunnel_a_to_b: [{ type: 'mpls', labels: [16, 17] } as const, { type: 'vxlan', vni: 7 } as const],
      tunnel_b_to_a: null,
      tunnels_vary: true,
    };
    const [header, first] = rowsOf('conversations', [sampleEntry({ inner: true, top: [{ ...row, ...tunnels }] })]);
    expect(header).toMatch(/,bits_per_second,tunnel_a_to_b,tunnel_b_to_a,tunnels_vary\r\n$/);
    expect(first).toMatch(/,10666,mpls 16\/17 > vxlan 7,,true\r\n$/);
  });

  test('with --community-id conversations have it behind the other columns', () => {
    const [row] = sampleEntry().top;
    const [header, first] = rowsOf('conversations', [sampleEntry({ top: [{ ...row, community_id: '1:x=' }] })]);
    expect(header).toMatch(/,bits_per_second,community_id\r\n$/);
    expect(first).toMatch(/,10666,1:x=\r\n$/);
  });

  test('a file of a joined capture is a row, and so is one that failed', () => {
    const [, first, second] = rowsOf('files', [
      sampleEntry({ files: [counted, { ...unreadable, error: 'unreadable' }] }),
    ]);
    expect(first).toBe('a.pcap,c.pcap,pcap,gzip,3,300,1700000000000000000,1700000002500000000,-5,,false,false,,\r\n');
    expect(second).toBe('a.pcap,b.pcap,,,,,,,,,,,unreadable,b.pcap: no such file\r\n');
  });

  test('a file without counts is a row of the summary only', () => {
    expect(rowsOf('endpoints', [unreadable])).toHaveLength(1);
    expect(rowsOf('summary', [unreadable])[1]).toMatch(/^b\.pcap,.*,unreadable,b\.pcap: no such file,{11}\r\n$/);
  });
});
