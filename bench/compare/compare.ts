import { join } from 'node:path';

import Table from 'cli-table3';
import { Command, Option } from 'commander';

import { byteSize, integer } from '../../src/common/options.js';
import { projectRoot } from '../../src/common/version.js';
import { buildRevision } from './builds.js';
import { ratioOf, type Turns } from './ratios.js';
import { rowSets, rowsOf, type Row, type RowSet } from './rows.js';

interface Options {
  readonly old?: string;
  readonly rows: readonly RowSet[];
  readonly runs: number;
  readonly size: number;
  readonly seconds: number;
  readonly dir: string;
  readonly json: boolean;
}

const say = (words: string): void => void process.stderr.write(`${words}\n`);

const command = new Command('bench-compare')
  .description('build another revision of this repository, run it and this build in turns, and print ratios')
  .addOption(new Option('--old <revision>', 'the revision to compare with, such as HEAD~1').makeOptionMandatory())
  .addOption(new Option('--rows <set...>', 'what is run').choices(rowSets).default(['captures']))
  .addOption(
    new Option('--runs <count>', 'rounds, after one that does not count').default(5).argParser(integer(1, 100)),
  )
  .addOption(new Option('--size <bytes>', 'size of the captures').default(500e6, '500M').argParser(byteSize(1, 1e12)))
  .addOption(new Option('--seconds <count>', 'of each measurement of jobs').default(5).argParser(integer(1, 600)))
  .option('--dir <folder>', 'where captures are made and kept', join(projectRoot, 'bench/data'))
  .option('--json', 'print JSON', false)
  .action(compare);

async function compare(options: Options): Promise<void> {
  const old = await buildRevision(options.old!, say);
  const printed = new Map<string, Set<string>>();
  const onOutput = (row: string, output: string): void =>
    void printed.set(row, (printed.get(row) ?? new Set()).add(output));
  const rows = options.rows.flatMap((set) =>
    rowsOf(set, { folder: options.dir, captureBytes: options.size, jobsSeconds: options.seconds, onOutput }),
  );
  const results: { row: Row; turns: Turns }[] = [];
  for (const row of rows) {
    say(row.name);
    results.push({ row, turns: await inTurns(row, old.root, options.runs) });
  }
  const outcome = results.map(({ row: { name, unit }, turns }) => ({
    name,
    unit,
    ...ratioOf(turns),
    sameOutput: (printed.get(name)?.size ?? 1) === 1,
  }));
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ old: old.revision, rows: outcome }, null, 2)}\n`
      : describe(old.revision, options.runs, outcome),
  );
}

/** Each round runs both, now this one first and now that one, so that what else the machine does hits both alike. */
async function inTurns(row: Row, oldRoot: string, runs: number): Promise<Turns> {
  const turns: { old: number[]; new: number[] } = { old: [], new: [] };
  for (let round = 0; round <= runs; round++) {
    const order = round % 2 === 0 ? (['old', 'new'] as const) : (['new', 'old'] as const);
    for (const which of order) {
      const value = await row.measure(which === 'old' ? oldRoot : projectRoot);
      // The first round warms caches.
      if (round > 0) turns[which].push(value);
    }
  }
  return turns;
}

type Outcome = Pick<Row, 'name' | 'unit'> & ReturnType<typeof ratioOf> & { readonly sameOutput: boolean };

function describe(revision: string, runs: number, outcome: readonly Outcome[]): string {
  const table = new Table({
    head: ['what', 'old', 'new', '', 'new / old', 'least to most', 'output'],
    colAligns: ['left', 'right', 'right', 'left', 'right', 'right', 'left'],
    style: { head: [], border: [] },
  });
  const digits = (value: number): string => (value >= 1000 ? value.toFixed(0) : value.toFixed(3));
  for (const { name, unit, oldMedian, newMedian, ratio, least, most, sameOutput } of outcome)
    table.push([
      name,
      digits(oldMedian),
      digits(newMedian),
      unit,
      ratio.toFixed(3),
      `${least.toFixed(2)} to ${most.toFixed(2)}`,
      sameOutput ? 'the same' : 'differs',
    ]);
  return `old: ${revision.slice(0, 10)}; medians of ${runs} rounds, the builds in turns\n${table.toString()}\n`;
}

command.parseAsync().catch((error: unknown) => {
  say(`bench-compare: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
