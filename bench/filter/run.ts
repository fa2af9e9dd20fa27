import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

import Table from 'cli-table3';
import { Command, Option } from 'commander';

import { byteSize, integer } from '../../src/common/options.js';
import { projectRoot } from '../../src/common/version.js';
import { Filter } from '../../src/filter/compile.js';
import { installed } from '../captures/contestants.js';
import { median } from '../captures/measure.js';
import { writeFilterCapture } from './capture.js';
import { spend, type Spent } from './cpu.js';
import { questions, rareConnection, type Question } from './questions.js';

interface Options {
  readonly size: number;
  readonly packet: number;
  readonly runs: number;
  readonly dir: string;
  readonly only?: string;
  readonly clean: boolean;
}

type Commands = Map<string, readonly [command: string, args: readonly string[]]>;

const trireme = join(projectRoot, 'bin/trireme');
const say = (words: string): void => void process.stderr.write(`${words}\n`);
/** tshark takes a hundred times as long: it reads this part, and its time is multiplied. */
const tsharkPart = 1 / 50;

const command = new Command('bench filter')
  .description(
    'count, report and write what a filter matches, beside tcpdump, tshark and editcap, with and without an index',
  )
  .addOption(new Option('--size <bytes>', 'size of the capture').default(2e9, '2G').argParser(byteSize(1e7, 1e12)))
  .addOption(new Option('--packet <bytes>', 'bytes of each packet').default(700).argParser(integer(64, 9000)))
  .addOption(
    new Option('--runs <count>', 'runs of each, in turns, after one that does not count')
      .default(5)
      .argParser(integer(1, 100)),
  )
  .option('--only <name>', 'one question, such as "a port"')
  .option('--dir <folder>', 'where the capture is made and kept', join(projectRoot, 'bench/data'))
  .option('--clean', 'remove the captures at the end', false)
  .action((options: Options) => {
    mkdirSync(options.dir, { recursive: true });
    const name = (size: number): string => join(resolve(options.dir), `filter-${options.packet}-${size}.pcap`);
    const [file, part] = [options.size, Math.floor(options.size * tsharkPart)].map((size) => {
      if (!existsSync(name(size))) writeFilterCapture(name(size), size, options.packet);
      return name(size);
    });
    const folder = mkdtempSync(join(resolve(options.dir), 'filter-'));
    try {
      say(`1,500 hosts compile in ${compileMs().toFixed(1)} ms`);
      for (const question of questions.filter(
        ({ name: asked }) => options.only === undefined || asked === options.only,
      )) {
        process.stdout.write(`${question.name}\n${race(counting(question, file), options, 'tcpdump')}\n`);
        process.stdout.write(
          `${question.name}, written\n${race(writing(question, file, folder), options, 'tcpdump')}\n`,
        );
        if (question.display !== null && installed('tshark')) process.stdout.write(tsharkRow(question.display, part));
      }
      if (options.only === undefined) {
        process.stdout.write(`ten milliseconds, written\n${race(spans(file, folder), options, 'editcap')}\n`);
        process.stdout.write(`one connection, with an index\n${indexed(file, options)}\n`);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
      if (options.clean) for (const made of [file, part]) rmSync(made, { force: true });
    }
  });

function counting({ filter, forTcpdump }: Question, file: string): Commands {
  const report = ['analyze', '--json', '-q', '--no-index', file, '--filter', filter];
  const commands: Commands = new Map([
    ['trireme filter --test', [trireme, ['filter', filter, '--test', file]]],
    ['trireme filter --test --multi', [trireme, ['filter', filter, '--multi', '--test', file]]],
    ['trireme analyze, the whole report', [trireme, report]],
    ['trireme analyze --multi', [trireme, [...report, '--multi']]],
  ]);
  return withPeer(commands, 'tcpdump', forTcpdump, ['-r', file, '--count', filter]);
}

function writing({ filter, forTcpdump }: Question, file: string, folder: string): Commands {
  const out = (name: string): string => join(folder, name);
  const extract = ['extract', '-q', '--no-index', file, '--filter', filter, '-w'];
  const commands: Commands = new Map([
    ['trireme extract', [trireme, [...extract, out('one')]]],
    ['trireme extract --multi', [trireme, [...extract, out('many'), '--multi']]],
  ]);
  return withPeer(commands, 'tcpdump', forTcpdump, ['-r', file, '-w', out('tcpdump'), filter]);
}

function spans(file: string, folder: string): Commands {
  const [after, before] = ['1700000000.100000', '1700000000.110000'];
  const out = (name: string): string => join(folder, name);
  const commands: Commands = new Map([
    [
      'trireme extract',
      [trireme, ['extract', '-q', '--no-index', file, '--after', after, '--before', before, '-w', out('one')]],
    ],
  ]);
  return withPeer(commands, 'editcap', true, ['-F', 'pcap', '-A', after, '-B', before, file, out('editcap')]);
}

function withPeer(commands: Commands, peer: string, fits: boolean, args: readonly string[]): Commands {
  if (!fits) say(`${peer} is left out: it takes minutes for this`);
  else if (!installed(peer)) say(`SKIP: ${peer} is not installed`);
  else commands.set(peer, [peer, args]);
  return commands;
}

/** Runs go round by round, so that what else the machine does hits all alike. */
function race(commands: Commands, { runs }: Options, against: string): string {
  const kept = new Map<string, Spent[]>([...commands.keys()].map((name) => [name, []]));
  for (let round = 0; round <= runs; round++) {
    for (const [name, [program, args]] of commands) {
      const spent = spend(program, args);
      if (round > 0) kept.get(name)!.push(spent);
    }
  }
  const table = new Table({
    head: ['what', 'CPU s', 'wall s', `CPU of ${against}`, `wall of ${against}`],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  const medians = (name: string): { cpu: number; wall: number } | null => {
    const all = kept.get(name);
    if (all === undefined) return null;
    return { cpu: median(all.map(({ cpu }) => cpu)), wall: median(all.map(({ wall }) => wall)) };
  };
  const peer = medians(against);
  const ratio = (mine: number, theirs: number | undefined): string =>
    theirs === undefined ? '-' : (mine / theirs).toFixed(2);
  for (const name of kept.keys()) {
    const { cpu, wall } = medians(name)!;
    table.push([name, cpu.toFixed(2), wall.toFixed(2), ratio(cpu, peer?.cpu), ratio(wall, peer?.wall)]);
  }
  return table.toString();
}

function tsharkRow(display: string, part: string): string {
  const { cpu } = spend('tshark', ['-n', '-r', part, '-Y', display, '-w', '/dev/null']);
  return `tshark -Y, a part, multiplied: ${(cpu / tsharkPart).toFixed(0)} s of CPU\n\n`;
}

/** What one connection takes with an index beside the capture, as a share of what it takes without. */
function indexed(file: string, options: Options): string {
  const made = spend(trireme, ['index', '-q', file]);
  const ask = ['analyze', '--json', '-q', file, '--filter', rareConnection];
  try {
    const commands: Commands = new Map([
      ['with the index', [trireme, ask]],
      ['without', [trireme, [...ask, '--no-index']]],
    ]);
    return `it is made in ${made.wall.toFixed(2)} s\n${race(commands, options, 'without')}`;
  } finally {
    rmSync(`${file}.tridx`, { force: true });
  }
}

function compileMs(): number {
  const { filter } = questions.find(({ name }) => name === '1,500 hosts')!;
  const times = Array.from({ length: 9 }, () => {
    const started = performance.now();
    new WebAssembly.Module(new Filter(filter).for(1).bytes);
    return performance.now() - started;
  });
  return median(times);
}

command.parseAsync().catch((error: unknown) => {
  say(`bench filter: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
