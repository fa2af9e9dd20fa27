import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

import Table from 'cli-table3';
import { Command, Option } from 'commander';

import { byteSize, integer } from '../../src/common/options.js';
import { projectRoot } from '../../src/common/version.js';
import { addMakeOptions, makeCapture, type MakeOptions } from '../captures/make-capture.js';
import { median, runOnce, type Run } from '../captures/measure.js';

interface Options extends Omit<MakeOptions, 'out'> {
  readonly runs: number;
  readonly dir: string;
  readonly rows: string;
  readonly clean: boolean;
}

const trireme = join(projectRoot, 'bin/trireme');
const say = (words: string): void => void process.stderr.write(`${words}\n`);

const command = addMakeOptions(
  new Command('bench exports').description('time what it takes to write every conversation, beside the analysis alone'),
)
  .addOption(new Option('--size <bytes>', 'size of the capture').default(1e9, '1G').argParser(byteSize(1, 1e12)))
  .addOption(
    new Option('--runs <count>', 'runs of each, after one that does not count').default(5).argParser(integer(1, 100)),
  )
  .option('--rows <n|all>', 'rows of each table', 'all')
  .option('--dir <folder>', 'where the capture is made and kept', join(projectRoot, 'bench/data'))
  .option('--clean', 'remove the capture at the end', false)
  .action(async (options: Options) => {
    mkdirSync(options.dir, { recursive: true });
    const file = join(resolve(options.dir), `exports-x${options.distinct}-${options.snap ?? 0}-${options.size}.pcap`);
    if (!existsSync(file)) say(makeCapture({ ...options, out: file }));
    try {
      process.stdout.write(await race(file, options));
    } finally {
      if (options.clean) rmSync(file, { force: true });
    }
  });

/** Runs go round by round, so that what else the machine does hits all alike. */
async function race(file: string, { runs, rows, dir }: Options): Promise<string> {
  const tables = join(dir, 'exports-tables');
  const forms: Record<string, readonly string[]> = {
    'the analysis alone, ten rows': ['--json'],
    [`--json --top ${rows}`]: ['--json', '--top', rows],
    [`--csv conversations --top ${rows}`]: ['--csv', 'conversations', '--top', rows],
    [`--csv endpoints --top ${rows}`]: ['--csv', 'endpoints', '--top', rows],
    '--parquet, every table': ['--json', '--parquet', tables],
  };
  const kept = new Map<string, Run[]>(Object.keys(forms).map((name) => [name, []]));
  for (let round = 0; round <= runs; round++) {
    say(round === 0 ? 'warm-up' : `round ${round} of ${runs}`);
    for (const [name, args] of Object.entries(forms)) {
      const run = await runOnce(trireme, ['analyze', file, ...args], false);
      if (round > 0) kept.get(name)!.push(run);
    }
  }
  rmSync(tables, { recursive: true, force: true });
  const table = new Table({
    head: ['what', 'wall s', 'least to most', 'peak MiB'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const [name, all] of kept) {
    const seconds = all.map((run) => run.seconds);
    const range = `${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)}`;
    table.push([name, median(seconds).toFixed(2), range, Math.max(...all.map(({ peakMib }) => peakMib)).toFixed(0)]);
  }
  return `${file}\n${table.toString()}\n`;
}

command.parseAsync().catch((error: unknown) => {
  say(`bench exports: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
