import { execFileSync, spawnSync } from 'node:child_process';
import { projectRoot } from '../../src/common/version.js';

/** A Parquet file as hyparquet reads it: whole numbers and times in ns as decimal text, bytes as hexadecimal text. */
export interface ParquetRead {
  readonly rows: readonly Readonly<Record<string, string | number | boolean | null>>[];
  /** Rows of each row group. */
  readonly groups: readonly number[];
  readonly schema: readonly { readonly name: string; readonly type: string }[];
  readonly notes: readonly string[];
  /** Of the first row group, the least and greatest value of each column that tells them. */
  readonly ranges: Readonly<Record<string, readonly [string, string]>>;
}

// An ES module, which jest's own loader of modules cannot take.
const reader = `
import { readFileSync } from 'node:fs';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
const bytes = readFileSync(process.argv[1]);
const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
const metadata = parquetMetadata(file);
const parsers = { timestampFromNanoseconds: (ns) => ns };
const rows = await parquetReadObjects({ file, parsers, utf8: false });
const plain = (key, value) => typeof value === 'bigint' ? String(value) : value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
process.stdout.write(JSON.stringify({
  rows: rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(name, value)]))),
  groups: metadata.row_groups.map((group) => Number(group.num_rows)),
  schema: metadata.schema.slice(1).map(({ name, type, logical_type }) => ({ name, type: logical_type?.unit ?? type })),
  notes: (metadata.key_value_metadata ?? []).filter(({ key }) => key === 'trireme.note').map(({ value }) => value),
  ranges: Object.fromEntries((metadata.row_groups[0]?.columns ?? []).filter(({ meta_data }) => meta_data.statistics.min_value !== undefined)
    .map(({ meta_data: { path_in_schema, statistics } }) => [path_in_schema[0], [statistics.min_value, statistics.max_value].map((value) => value instanceof Date ? 'a time' : String(value))])),
}));`;

/** Reads a file anew, with the package that is made to read what ours is made with. */
export function readParquet(file: string): ParquetRead {
  const text = execFileSync(process.execPath, ['--input-type=module', '-e', reader, file], {
    cwd: projectRoot,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return JSON.parse(text) as ParquetRead;
}

/** Python with a module, if this machine has it: `python3`, or what TRIREME_TEST_PYTHON names. */
export function pythonWith(module: string): string | null {
  const python = process.env.TRIREME_TEST_PYTHON ?? 'python3';
  if (spawnSync(python, ['-c', `import ${module}`]).status === 0) return python;
  console.log(`SKIP: ${python} has no ${module} (pip install ${module}); it reads no Parquet files here`);
  return null;
}
