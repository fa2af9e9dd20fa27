import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { csvDocument } from '../../../../src/analyze/csv-tables.js';
import { ParquetFolder } from '../../../../src/analyze/parquet/folder.js';
import { tableNames, type TableName } from '../../../../src/analyze/tables.js';
import type { FactsEntry } from '../../../../src/analyze/entry.js';
import { cutNames, nameForms } from '../../../../src/pcap/name-tables.js';
import type { JoinedFile } from '../../../../src/pcap/report-types.js';
import { readParquet, type ParquetRead } from '../../../support/parquet.js';
import { sampleEntry } from '../../../support/sample-entry.js';
import { sampleNames } from '../../../support/sample-names.js';
import { sampleHealth, sampleTotals } from '../../../support/sample-tcp.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder();

/** Writes entries into a new folder, and reads a table of it. */
function told(entries: readonly Parameters<ParquetFolder['add']>[0][], top = 100) {
  const path = mkdtempSync(join(scratch.path, 'folder-'));
  const folder = new ParquetFolder(path, top);
  for (const entry of entries) folder.add(entry);
  const during = readdirSync(path);
  folder.write();
  return {
    path,
    during,
    notes: folder.notes,
    read: (name: TableName): ParquetRead => readParquet(join(path, `${name}.parquet`)),
  };
}

const counted: JoinedFile = {
  file: 'c.pcap',
  format: 'pcap',
  compression: 'gzip',
  packets: 3,
  captured_bytes: 300,
  first_ns: '1700000000000000000',
  last_ns: null,
  gap_ns: '-5',
  truncated: false,
  error: null,
};
const series = {
  interval_ns: '1000000000',
  interval_ns_asked: '1000000000',
  rows_max: 10,
  coarsened: false,
  packets_without_row: 0,
  rows: [{ start_ns: '1700000000000000001', packets: 3, bytes: 3000 }],
};
const watched = (): FactsEntry =>
  sampleEntry({ top: [{ ...sampleEntry().top.at(0)!, tcp: sampleHealth() }], series, files: [counted] });

describe('a folder of Parquet tables', () => {
  test('has a file for each table, and in each the rows and columns of the CSV one', () => {
    const entries = [watched(), { ...watched(), file: 'ä, "b"' }];
    const { path, read } = told(entries);
    expect(readdirSync(path).sort()).toEqual(tableNames.map((name) => `${name}.parquet`).sort());
    for (const name of tableNames) {
      const [head, ...lines] = [...csvDocument(name, entries.slice(0, 1))].map((line) =>
        String(line).trim().split(','),
      );
      const { rows } = read(name);
      expect([name, rows.length]).toEqual([name, 2 * lines.length]);
      for (const [i, line] of lines.entries()) {
        const row = rows[i];
        for (const [j, column] of head.entries()) {
          // Endpoints are columns of their own there.
          if (column === 'a' || column === 'b') {
            expect(`${row[`${column}_address`]}:${row[`${column}_port`]}`).toBe(line[j]);
          } else expect([column, row[column] === null ? '' : String(row[column])]).toEqual([column, line[j]]);
        }
        expect(rows[lines.length + i].file).toBe('ä, "b"');
      }
    }
  });

  test('has times in ns, counts as INT64, and addresses as text and as 16 bytes', () => {
    const six = { ...sampleEntry().top.at(0)!, a: '[2001:db8::1]:53', b: '[2001:db8::2]:1024' };
    const entry = sampleEntry({
      top: [sampleEntry().top.at(0)!, six],
      top_times: [sampleEntry().top_times.at(0)!, sampleEntry().top_times.at(0)!],
    });
    const { schema, rows, ranges } = told([entry]).read('conversations');
    const types = Object.fromEntries(schema.map(({ name, type }) => [name, type]));
    expect(types).toMatchObject({
      file: 'BYTE_ARRAY',
      a_address: 'BYTE_ARRAY',
      a_address_bytes: 'FIXED_LEN_BYTE_ARRAY',
      a_port: 'INT32',
      bytes: 'INT64',
      first_ns: 'NANOS',
      last_ns_b_to_a: 'NANOS',
      tunnels_vary: 'BOOLEAN',
    });
    expect(rows.map((row) => row.a_address_bytes)).toEqual([
      `${'00'.repeat(10)}ffff0a000001`,
      `20010db8${'00'.repeat(11)}01`,
    ]);
    expect(rows[0].first_ns).toBe('1700000001000000000');
    expect(ranges.bytes).toEqual(['2000', '2000']);
  });

  test('has the same columns whatever was asked', () => {
    const asked = {
      ...sampleEntry().top.at(0)!,
      community_id: '1:x',
      tunnel_a_to_b: [{ type: 'vxlan', vni: 7 } as const],
      tunnel_b_to_a: null,
    };
    const plain = told([sampleEntry()]).read('conversations');
    const further = told([sampleEntry({ top: [{ ...asked, packets_max: 9, bytes_max: 2 ** 40 }] })]).read(
      'conversations',
    );
    expect(further.schema).toEqual(plain.schema);
    expect(plain.rows[0]).toMatchObject({ community_id: null, tunnel_a_to_b: null, packets_max: null });
    expect(further.rows[0]).toMatchObject({
      community_id: '1:x',
      tunnel_a_to_b: 'vxlan 7',
      packets_max: '9',
      bytes_max: String(2 ** 40),
    });
    expect(told([]).read('tcp').rows).toEqual([]);
  });

  test('shows nothing before all tables are complete, and leaves nothing when they never are', () => {
    const { during } = told([sampleEntry()]);
    expect(during).toEqual([]);
  });

  test('says in a table, and to its caller, that it has the first rows only', () => {
    const { notes, read } = told(
      [sampleEntry({ conversations: 5 }), sampleEntry({ file: 'b', endpoints_total: 1 })],
      1,
    );
    expect(notes).toEqual([
      'a.pcap: conversations.parquet has the first 1 of 5 rows',
      'a.pcap: endpoints.parquet has the first 1 of 2 rows',
    ]);
    expect(read('conversations').notes).toEqual(notes.slice(0, 1));
    expect(read('endpoints').notes).toEqual(notes.slice(1));
    expect(read('series').notes).toEqual([]);
  });

  test('says the same of each table of names, and of TCP, that was cut', () => {
    const names = sampleNames();
    const totals = nameForms.map(({ name, table }) => [name, table(names).total] as const);
    const cut = { ...watched(), names: cutNames(names, 1), tcp: sampleTotals(), conversations: 5, endpoints_total: 1 };
    const { notes, read } = told([cut, sampleEntry({ file: 'b', names, endpoints_total: 1 })], 1);
    const further = totals.filter(([, total]) => total > 1);
    expect(further.length).toBeGreaterThan(2);
    expect(notes).toEqual([
      'a.pcap: conversations.parquet has the first 1 of 5 rows',
      'a.pcap: tcp.parquet has rows of the first 1 of 5 conversations',
      ...further.map(([name, total]) => `a.pcap: ${name}.parquet has the first 1 of ${total} rows`),
    ]);
    for (const [name, total] of totals)
      expect(read(name).notes).toEqual(total > 1 ? [`a.pcap: ${name}.parquet has the first 1 of ${total} rows`] : []);
    expect(read('tcp').notes).toEqual(notes.slice(1, 2));
  });

  test('leaves a time empty that 64 bits of ns cannot hold, and refuses a count that they cannot', () => {
    const far = sampleEntry({ first_ns: String(2n ** 63n), last_ns: String(2n ** 63n - 1n) });
    expect(told([far]).read('summary').rows[0]).toMatchObject({ first_ns: null, last_ns: String(2n ** 63n - 1n) });
    const large = sampleEntry({ original_bytes: 2n ** 63n });
    expect(() => told([large])).toThrow(
      /summary\.parquet: .*original_bytes has 9223372036854775808, and INT64 ends at/,
    );
  });

  test('has a row in summary, and in no other table, of a file that could not be read', () => {
    const { read } = told([{ file: 'b.pcap', error: 'unreadable', error_detail: 'no such file' }]);
    expect(read('summary').rows).toMatchObject([{ file: 'b.pcap', packets: null, error_detail: 'no such file' }]);
    expect(read('conversations').rows).toEqual([]);
  });
});
