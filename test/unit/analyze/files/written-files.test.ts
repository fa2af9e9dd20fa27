import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WrittenFiles } from '../../../../src/analyze/files/written-files.js';
import { namesTables } from '../../../../src/analyze/names-tables.js';
import { compileSettings } from '../../../../src/analyze/settings.js';
import { sampleEntry } from '../../../support/sample-entry.js';
import { sampleNames } from '../../../support/sample-names.js';
import { sampleTotals } from '../../../support/sample-tcp.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder();

/** Writes the CSV tables of an entry, and gives the names of all that is in the folder then. */
function written(folder: string, entry: ReturnType<typeof sampleEntry>): string[] {
  const settings = compileSettings(
    ['a.pcap'],
    { csv: folder, quiet: true, sort: 'bytes', maxConversations: 1000 },
    () => 'folder',
  );
  const files = new WrittenFiles(settings);
  files.take(entry);
  files.write();
  return readdirSync(folder);
}

test('a folder of CSV tables has none of the run before, and keeps what is not ours', () => {
  const folder = mkdtempSync(join(scratch.path, 'tables-'));
  const plain = written(folder, sampleEntry());
  const optional = ['files', 'tcp', ...Object.keys(namesTables)].map((name) => `${name}.csv`);
  const all = written(folder, sampleEntry({ files: [], tcp: sampleTotals(), names: sampleNames() }));
  expect(all.sort()).toEqual([...plain, ...optional].sort());
  writeFileSync(join(folder, 'mine.csv'), 'x');
  expect(written(folder, sampleEntry()).sort()).toEqual([...plain, 'mine.csv'].sort());
});

test('what is no file is not removed', () => {
  const folder = mkdtempSync(join(scratch.path, 'tables-'));
  mkdirSync(join(folder, 'tcp.csv'));
  expect(written(folder, sampleEntry())).toContain('tcp.csv');
});
