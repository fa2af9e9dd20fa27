import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetColumns } from '../../../../src/analyze/parquet/columns.js';
import { TableFile } from '../../../../src/analyze/parquet/table-file.js';
import { readParquet } from '../../../support/parquet.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder();

/** A table of sizes with these file names, written with these bounds. */
function groupsOf(names: readonly string[], rowsMax: number, bytesMax: number): readonly number[] {
  const table = new TableFile(scratch.path, parquetColumns('sizes'), rowsMax, bytesMax);
  for (const [i, name] of names.entries()) table.add([name, i, i + 1, 2n ** 62n]);
  const file = join(scratch.path, 'sizes.parquet');
  // Its rows are on the disk by now, under no name.
  expect(readdirSync(scratch.path).filter((name) => name !== 'sizes.parquet')).toEqual([]);
  writeFileSync(file, Buffer.concat([...table.finish([])].map((piece) => Buffer.from(piece))));
  table.close();
  const { rows, groups } = readParquet(file);
  expect(rows.map((row) => [row.file, row.from_bytes, row.packets])).toEqual(
    names.map((name, i) => [name, String(i), String(2n ** 62n)]),
  );
  return groups;
}

test('a row group has so many rows at most', () => {
  const names = Array.from({ length: 10 }, (_, i) => `${i}.pcap`);
  expect(groupsOf(names, 4, 1 << 20)).toEqual([4, 4, 2]);
  expect(groupsOf(names, 5, 1 << 20)).toEqual([5, 5]);
});

test('a row group ends early where a column has long texts', () => {
  expect(groupsOf(new Array<string>(6).fill('n'.repeat(1000)), 100, 3000)).toEqual([3, 3]);
});

test('a table without rows is a file all the same', () => {
  expect(groupsOf([], 4, 100)).toEqual([]);
});
