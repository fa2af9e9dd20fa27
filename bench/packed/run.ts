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
  readonly only?: readonly string[];
}

const trireme = join(projectRoot, 'bin/trireme');
const say = (words: string): void => void process.stderr.write(`${words}\n`);

interface Packer {
  readonly ending: string;
  readonly command: string;
  /** What only unpacks the file, whose name is added. The first one is what all is compared with. */
  readonly unpackers: readonly string[];
}

const gzipUnpackers = ['zcat', 'igzip -dc', 'pigz -dc', 'rapidgzip -dc', 'bgzip -dc -@ 2'];

/** How the capture is packed: gzip of one member and of many, zstd and LZ4 of one frame and of many. */
const packers: readonly Packer[] = [
  { ending: 'gz', command: 'gzip -c', unpackers: gzipUnpackers },
  { ending: 'bgz', command: 'bgzip -c', unpackers: gzipUnpackers },
  { ending: 'zst', command: 'zstd -q -c', unpackers: ['zstd -q -dc'] },
  { ending: 'frames.zst', command: "split -b 16M --filter='zstd -q -c'", unpackers: ['zstd -q -dc'] },
  { ending: 'lz4', command: 'lz4 -q -c', unpackers: ['lz4 -q -dc'] },
  { ending: 'frames.lz4', command: "split -b 16M --filter='lz4 -q -c'", unpackers: ['lz4 -q -dc'] },
];

const command = addMakeOptions(
  new Command('bench packed').description('time the analysis of packed files beside programs that only unpack them'),
)
  .addOption(new Option('--size <bytes>', 'size of the capture').default(1e9, '1G').argParser(byteSize(1, 1e12)))
  .addOption(new Option('--runs <count>', 'runs of each').default(5).argParser(integer(1, 100)))
  .addOption(new Option('--only <endings...>', 'these files alone').choices(packers.map(({ ending }) => ending)))
  .option('--dir <folder>', 'where captures are made and kept', join(projectRoot, 'bench/data'))
  .action(async (options: Options) => {
    mkdirSync(options.dir, { recursive: true });
    const capture = join(resolve(options.dir), `packed-x${options.distinct}-${options.size}.pcap`);
    if (!existsSync(capture)) say(makeCapture({ ...options, out: capture }));
    for (const packer of packers.filter(({ ending }) => options.only?.includes(ending) ?? true)) {
      const file = `${capture}.${packer.ending}`;
      const tool = packer.command.split(' ')[0];
      if (!existsSync(file) && !installed(tool)) {
        say(`SKIP: ${tool} is not installed, so there is no ${packer.ending} row`);
        continue;
      }
      if (!existsSync(file)) execFileSync('sh', ['-c', `${packer.command} "$0" > "$1"`, capture, file]);
      process.stdout.write(await race(file, packer, options.runs));
    }
  });

/** Runs go round by round, so that what else the machine does hits all alike. */
async function race(file: string, { unpackers }: Packer, runs: number): Promise<string> {
  const peers = unpackers
    .map((words) => [...words.split(' '), file])
    .filter(([tool]) => {
      const isThere = installed(tool);
      if (!isThere) say(`SKIP: ${tool} is not installed`);
      return isThere;
    });
  const all = [
    ...peers,
    [trireme, 'analyze', file, '--json', '--quiet'],
    [trireme, 'analyze', file, '--json', '--quiet', '--multi'],
  ];
  const seconds = all.map((): number[] => []);
  for (let round = 1; round <= runs; round++) {
    say(`round ${round} of ${runs}`);
    for (const [i, [tool, ...args]] of all.entries()) seconds[i].push((await runOnce(tool, args, false)).seconds);
  }
  const table = new Table({
    head: [file.split('/').at(-1)!, 'wall s', `x ${all[0][0]}`],
    style: { head: [], border: [] },
  });
  const first = median(seconds[0]);
  for (const [i, [tool, ...args]] of all.entries()) {
    const name = tool === trireme ? `trireme analyze${args.includes('--multi') ? ' --multi' : ''}` : tool;
    table.push([name, median(seconds[i]).toFixed(2), (median(seconds[i]) / first).toFixed(2)]);
  }
  return `${table.toString()}\n`;
}

command.parseAsync().catch((error: unknown) => {
  say(`bench packed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
