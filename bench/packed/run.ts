import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import Table from 'cli-table3';
import { Command, Option } from 'commander';

import { byteSize, integer } from '../../src/common/options.js';
import { projectRoot } from '../../src/common/version.js';
import { installed } from '../captures/contestants.js';
import { addMakeOptions, makeCapture, type MakeOptions } from '../captures/make-capture.js';
import { median, runOnce } from '../captures/measure.js';

interface Options extends Omit<MakeOptions, 'out'> {
  readonly runs: number;
  readonly dir: string;
}

const trireme = join(projectRoot, 'bin/trireme');
const say = (words: string): void => void process.stderr.write(`${words}\n`);

/** How the capture is packed: one member, and many. */
const packers = [
  { ending: 'gz', command: 'gzip -c' },
  { ending: 'bgz', command: 'bgzip -c' },
];

const command = addMakeOptions(
  new Command('bench packed').description('time the analysis of gzip files beside programs that only unpack them'),
)
  .addOption(new Option('--size <bytes>', 'size of the capture').default(1e9, '1G').argParser(byteSize(1, 1e12)))
  .addOption(new Option('--runs <count>', 'runs of each').default(5).argParser(integer(1, 100)))
  .option('--dir <folder>', 'where captures are made and kept', join(projectRoot, 'bench/data'))
  .action(async (options: Options) => {
    mkdirSync(options.dir, { recursive: true });
    const capture = join(resolve(options.dir), `packed-x${options.distinct}-${options.size}.pcap`);
    if (!existsSync(capture)) say(makeCapture({ ...options, out: capture }));
    for (const { ending, command: packer } of packers) {
      const file = `${capture}.${ending}`;
      const tool = packer.split(' ')[0];
      if (!existsSync(file) && !installed(tool)) {
        say(`SKIP: ${tool} is not installed, so there is no ${ending} row`);
        continue;
      }
      if (!existsSync(file)) execFileSync('sh', ['-c', `${packer} "$0" > "$1"`, capture, file]);
      process.stdout.write(await race(file, options.runs));
    }
  });

/** Runs go round by round, so that what else the machine does hits all alike. */
async function race(file: string, runs: number): Promise<string> {
  const unpackers = [
    ['zcat', file],
    ['igzip', '-dc', file],
    ['pigz', '-dc', file],
    ['rapidgzip', '-dc', file],
    ['bgzip', '-dc', '-@', '2', file],
  ].filter(([tool]) => {
    const isThere = installed(tool);
    if (!isThere) say(`SKIP: ${tool} is not installed`);
    return isThere;
  });
  const all = [
    ...unpackers,
    [trireme, 'analyze', file, '--json', '--quiet'],
    [trireme, 'analyze', file, '--json', '--quiet', '--multi'],
  ];
  const seconds = all.map((): number[] => []);
  for (let round = 1; round <= runs; round++) {
    say(`round ${round} of ${runs}`);
    for (const [i, [tool, ...args]] of all.entries()) seconds[i].push((await runOnce(tool, args, false)).seconds);
  }
  const table = new Table({ head: [file.split('/').at(-1)!, 'wall s', 'x zcat'], style: { head: [], border: [] } });
  const zcat = median(seconds[0]);
  for (const [i, [tool, ...args]] of all.entries()) {
    const name = tool === trireme ? `trireme analyze${args.includes('--multi') ? ' --multi' : ''}` : tool;
    table.push([name, median(seconds[i]).toFixed(2), (median(seconds[i]) / zcat).toFixed(2)]);
  }
  return `${table.toString()}\n`;
}

command.parseAsync().catch((error: unknown) => {
  say(`bench packed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
