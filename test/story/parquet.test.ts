import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { readDocument } from '../support/documents.js';
import { CaptureCluster } from '../support/capture-cluster.js';
import { pythonWith, readParquet } from '../support/parquet.js';
import { runTrireme, type RunOptions } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { manyPackets, smallCapture } from '../support/small-capture.js';

const scratch = scratchFolder();
/** Enough conversations that their rows are packed. */
const capture = scratch.file('many.pcap', smallCapture(manyPackets(2000)));
const folderOf = (name: string): string => join(scratch.path, name);

async function told(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const ran = await runTrireme(['analyze', ...args], { cwd: projectRoot, ...options });
  expect(ran).toMatchObject({ code: 0 });
  return ran.stdout;
}

/** Every file of a folder by its name. */
const filesOf = (folder: string): Record<string, string> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'base64')]));

test('one core, several, a pipe and a cluster write the same Parquet tables, beside what is printed as always', async () => {
  const cluster = await CaptureCluster.start(['/'], ['--chunk-bytes', '64KiB']);
  try {
    await cluster.addWorker('/', { slots: 2 });
    const plain = await told(['--json', capture]);
    const modes = { one: [], several: ['--cores', '3', '--thread-bytes', '1'], there: ['--master', cluster.grpc] };
    for (const [name, mode] of Object.entries(modes)) {
      expect(await told(['--json', '-q', capture, '--parquet', folderOf(name), ...mode])).toBe(plain);
      expect(filesOf(folderOf(name))).toEqual(filesOf(folderOf('one')));
    }
    await told(['--parquet', folderOf('piped'), '-q', '-'], { stdin: readFileSync(capture) });
    const sizes = (name: string): unknown =>
      readParquet(join(folderOf(name), 'conversations.parquet')).rows.map(({ file: _, ...row }) => row);
    expect(sizes('piped')).toEqual(sizes('one'));
  } finally {
    await cluster.stop();
  }
});

test('the sums of the tables are the totals of the document, and a note tells of rows that are left out', async () => {
  const [{ packets, original_bytes, conversations, endpoints_total }] = JSON.parse(
    await told(['--json', '-q', capture, '--parquet', folderOf('sums')]),
  ).results;
  const { rows } = readParquet(join(folderOf('sums'), 'conversations.parquet'));
  const sum = (column: string): number => rows.reduce((total, row) => total + Number(row[column]), 0);
  expect([rows.length, sum('packets'), sum('bytes')]).toEqual([conversations, packets, original_bytes]);
  expect(sum('packets_a_to_b') + sum('packets_b_to_a')).toBe(packets);
  expect(readParquet(join(folderOf('sums'), 'endpoints.parquet')).rows.length).toBe(endpoints_total);
  const cut = await runTrireme(['analyze', '-q', '--top', '5', capture, '--parquet', folderOf('cut')]);
  expect(cut).toMatchObject({ code: 0, stderr: '' });
  const first = readParquet(join(folderOf('cut'), 'conversations.parquet'));
  expect(first.rows).toEqual(rows.slice(0, 5));
  expect(first.notes).toEqual([`${capture}: conversations.parquet has the first 5 of ${conversations} rows`]);
});

test('a folder that cannot be written to is an error before anything is read', async () => {
  const ran = await runTrireme(['analyze', 'no-such.pcap', '--parquet', '/proc/tables']);
  expect(ran).toMatchObject({ code: 1, stdout: '' });
  expect(ran.stderr).toMatch(/--parquet \/proc\/tables: cannot be written/);
});

const python = { duckdb: pythonWith('duckdb'), pyarrow: pythonWith('pyarrow') };
const sumsOf =
  "SELECT sum(packets), sum(bytes), count(DISTINCT a_address_bytes), min(epoch_ns(first_ns)) FROM 'conversations.parquet'";
/** Rows of each query, and the sums. */
const script = `
import json, sys, duckdb
rows = lambda query: duckdb.sql(query).fetchall()
found = [rows("SELECT count(*) FROM (" + query.rstrip("; \\n") + ")")[0][0] for query in json.load(open(sys.argv[1]))]
print(json.dumps([found, rows(sys.argv[2])[0]], default=int))`;

describe('other programs read the tables', () => {
  const tables = folderOf('recipes');
  const queries = readDocument('docs/RECIPES.md').blocks.filter(({ info }) => info[0] === 'sql');
  beforeAll(async () => {
    mkdirSync(tables);
    await told(['captures/sample.pcap', '--tcp', '--parquet', tables]);
  });

  test('there are ten recipes', () => {
    expect(queries.length).toBe(10);
  });

  (python.duckdb === null ? test.skip : test)(
    'DuckDB runs every recipe, and sums what the document tells',
    async () => {
      const asked = join(scratch.path, 'queries.json');
      writeFileSync(asked, JSON.stringify(queries.map(({ text }) => text)));
      const [found, sums] = JSON.parse(
        execFileSync(python.duckdb!, ['-c', script, asked, sumsOf], {
          cwd: tables,
          encoding: 'utf8',
          env: { ...process.env, TZ: 'UTC' },
        }),
      );
      for (const [i, rows] of found.entries()) expect([queries[i].text, rows > 0]).toEqual([queries[i].text, true]);
      const { rows } = readParquet(join(tables, 'conversations.parquet'));
      const total = (column: string): number => rows.reduce((sum, row) => sum + Number(row[column]), 0);
      const firsts = rows.flatMap(({ first_ns }) => (first_ns === null ? [] : [BigInt(String(first_ns))]));
      expect(sums).toEqual([
        ...[total('packets'), total('bytes'), new Set(rows.map((row) => row.a_address_bytes)).size],
        Number(firsts.reduce((a, b) => (b < a ? b : a))),
      ]);
    },
  );

  (python.pyarrow === null ? test.skip : test)('pyarrow reads every table with the rows that hyparquet reads', () => {
    const count = `import json, sys, pyarrow.parquet as p\nprint(json.dumps({n: p.read_table(n).num_rows for n in sys.argv[1:]}))`;
    const names = readdirSync(tables);
    const rows = JSON.parse(execFileSync(python.pyarrow!, ['-c', count, ...names], { cwd: tables, encoding: 'utf8' }));
    for (const name of names) expect([name, rows[name]]).toEqual([name, readParquet(join(tables, name)).rows.length]);
  });
});
