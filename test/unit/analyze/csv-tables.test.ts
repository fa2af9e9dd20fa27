import { csvDocument, csvTableNames, type CsvTableName } from '../../../src/analyze/csv-tables.js';
import type { Entry } from '../../../src/analyze/entry.js';
import { sampleEntry } from '../../support/sample-entry.js';

const unreadable: Entry = { file: 'b.pcap', error: 'unreadable', error_detail: 'b.pcap: no such file' };
const rowsOf = (name: CsvTableName, entries: readonly Entry[]): string[] => [...csvDocument(name, entries)];

describe('the csv tables', () => {
  test.each(csvTableNames)('every row of %s has a field for each column', (name) => {
    const series = {
      interval_ns: '1000000000',
      interval_ns_asked: '1000000000',
      rows_max: 10,
      coarsened: false,
      packets_without_row: 0,
      rows: [{ start_ns: '1700000000000000000', packets: 3, bytes: 3000 }],
    };
    const [header, ...rows] = rowsOf(name as CsvTableName, [sampleEntry({ series }), sampleEntry({ series })]);
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows) expect(row.split(',').length).toBe(header.split(',').length);
    expect(header.startsWith('file,')).toBe(true);
  });

  test('conversations name both ends and the bytes of each way', () => {
    expect(rowsOf('conversations', [sampleEntry()])[1]).toBe(
      'a.pcap,tcp,10.0.0.1:80,10.0.0.2:1024,2,2000,2,2000,0,0,' +
        '1700000001000000000,1700000002500000000,1700000001000000000,1700000002500000000,,\r\n',
    );
  });

  test('a file without counts is a row of the summary only', () => {
    expect(rowsOf('endpoints', [unreadable])).toHaveLength(1);
    expect(rowsOf('summary', [unreadable])[1]).toMatch(/^b\.pcap,.*,unreadable,b\.pcap: no such file\r\n$/);
  });
});
