import { csvDocument } from '../../../src/analyze/csv-tables.js';
import { reportDataOf } from '../../../src/analyze/html/report-data.js';
import { boundsFor } from '../../../src/analyze/html/report-bounds.js';
import { textReport } from '../../../src/analyze/text-report.js';
import { rawUnits } from '../../../src/analyze/units.js';
import { cutNames, nameForms } from '../../../src/pcap/name-tables.js';
import { sampleEntry } from '../../support/sample-entry.js';
import { sampleNames } from '../../support/sample-names.js';

const style = { units: rawUnits, framed: false, sort: 'bytes' };
const names = sampleNames();
const [talker] = sampleEntry().endpoints;
const entry = sampleEntry({ names, endpoints: [{ ...talker, name: 'a.example' }] });

test('text has the sums, a table of each kind, and what endpoints were called', () => {
  const lines = textReport(entry, style).split('\n');
  expect(lines.find((line) => line.startsWith('DNS queries'))).toMatch(new RegExp(` ${names.dns.queries}$`));
  for (const { title, table } of nameForms) {
    const { total, rows } = table(names);
    expect(lines).toContain(`${title} (${rows.length} of ${total})`);
  }
  expect(lines.find((line) => line.startsWith(talker.address))).toMatch(/^\S+ +a\.example /);
  const without = textReport(sampleEntry(), style).split('\n');
  expect(without).not.toContain('Names');
  expect(without.find((line) => line.startsWith('address'))).not.toContain('name');
});

test('text shortens a long name, so that the others have short lines; CSV has all of it', () => {
  const long = `${'x'.repeat(250)}.example`;
  const { dns } = names;
  const rows = [{ ...dns.names.rows[0], name: long }, ...dns.names.rows.slice(1)];
  const wide = sampleEntry({
    names: { ...names, dns: { ...dns, names: { ...dns.names, rows } } },
    endpoints: [{ ...talker, name: long }],
  });
  const lines = textReport(wide, style).split('\n');
  expect(lines.filter((line) => line.includes(`${'x'.repeat(63)}… `))).toHaveLength(2);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(200);
  expect([...csvDocument('dns_names', [wide])].join('')).toContain(long);
  expect([...csvDocument('endpoints', [wide])].join('')).toContain(long);
});

test('a table that was full says what it may have missed, and what its rows have at most', () => {
  const { dns } = names;
  const rows = dns.names.rows.map((row) => ({ ...row, queries_max: Number(row.queries) + 9 }));
  const full = sampleEntry({ names: { ...names, dns: { ...dns, names: { total: 99, rows, unlisted_max: 9 } } } });
  const text = textReport(full, style);
  expect(text).toContain('NOTE: this table was full: what is in no row was met 9 times at most');
  expect(text).toMatch(/latency, most +queries at most\n/);
  expect(textReport(entry, style)).not.toMatch(/at most/);
});

test('CSV has a table of each kind, and the names of endpoints', () => {
  for (const { name, columns, table } of nameForms) {
    const [header, ...rows] = [...csvDocument(name, [entry])].map(String);
    expect(header).toBe(`file,${columns.map(({ field }) => field).join(',')}\r\n`);
    expect(rows).toHaveLength(table(names).rows.length);
    expect([...csvDocument(name, [sampleEntry()])]).toHaveLength(1);
  }
  const [header, row] = [...csvDocument('endpoints', [entry])].map(String);
  expect(header).toMatch(/,name\r\n$/);
  expect(row).toMatch(/,a\.example\r\n$/);
  expect([...csvDocument('endpoints', [sampleEntry()])].map(String)[0]).not.toMatch(/name/);
});

test('every column of a table is a field of its rows', () => {
  for (const { columns, table } of nameForms) {
    const fields = columns.map(({ field }) => field).filter((field) => !/^(queries|hellos|requests)_max$/.test(field));
    expect(Object.keys(table(names).rows[0]).sort()).toEqual([...fields].sort());
  }
});

test('a page has as many rows as it may', () => {
  const [told] = reportDataOf([{ entry, pairs: [], matrix: null }], 'bytes', false)
    .results as unknown as (typeof entry)[];
  expect(told.names).toEqual(cutNames(names, boundsFor(1).nameRows));
  const cut = cutNames(names, 2);
  expect(nameForms.map(({ table }) => table(cut).rows.length)).toEqual(nameForms.map(() => 2));
  expect(cut.dns.queries).toBe(names.dns.queries);
});
