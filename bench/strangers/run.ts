/**
 * What floods cost a role: its memory, its share of a core, how late its event loop is, and what known
 * clients feel. All sides of a ratio are measured in one run, the quiet one first and last. The floods take
 * cores too: a control sends each elsewhere while the same known clients ask.
 */
import { Command, Option } from 'commander';
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { durationMs, integer } from '../../src/common/options.js';
import { Child } from '../jobs/child.js';
import { printTable } from '../policy/table.js';
import { floods, type Flood } from './floods.js';
import { Target, type Usage } from './target.js';

interface Options {
  readonly rate: number;
  readonly duration: number;
  readonly scale: number;
  readonly only?: string;
  readonly apart: boolean;
}

/** Time for all of a flood to have tried. */
const floodMsMax = 180_000;
const say = (words: string): void => void process.stderr.write(`${words}\n`);

interface Phase {
  readonly p99Ms: number;
  /** Of one core. */
  readonly cpu: number;
  readonly loopDelayMs: number;
  readonly after: Usage;
}

async function phase(target: Target, { rate, duration }: Options): Promise<Phase> {
  const before = await target.usage();
  const p99Ms = await target.p99Ms(rate, duration);
  const after = await target.usage();
  const cpu = ((after.cpuSeconds - before.cpuSeconds) * 1000) / (after.atMs - before.atMs);
  return { p99Ms, cpu, loopDelayMs: after.loopDelayMs, after };
}

/** Starts a flood at an address. @returns its process, and what it tried once it has */
function start(
  { what, count }: Flood,
  address: string,
  { scale, apart }: Options,
): { child: Child; tried: Promise<number> } {
  const [host, port] = address.split(':');
  const flood = [process.execPath, join(__dirname, 'flood.js'), what, host, port, String(count / scale)];
  const [file, ...args] = apart ? ['taskset', '--cpu-list', String(cpus().length - 1), ...flood] : flood;
  const child = new Child(file, args);
  const tried = child.report<{ tried: number }>(floodMsMax).then((report) => report.tried);
  // A flood that is ended before it has tried all has nothing to report.
  tried.catch(() => undefined);
  return { child, tried };
}

/** The same flood elsewhere. */
async function controlled(flood: Flood, target: Target, options: Options): Promise<number> {
  const sink = flood.control === 'sink' ? new Child(process.execPath, [join(__dirname, 'sink.js')]) : null;
  const other = sink === null ? await Target.start(flood.role) : null;
  const address =
    sink === null ? other!.ports[flood.port] : `127.0.0.1:${(await sink.report<{ port: number }>()).port}`;
  const { child } = start(flood, address, options);
  try {
    return await target.p99Ms(options.rate, options.duration);
  } finally {
    await child.stop();
    await sink?.stop();
    await other?.stop();
  }
}

async function measure(flood: Flood, options: Options): Promise<string[]> {
  say(flood.name);
  const target = await Target.start(flood.role);
  let child: Child | undefined;
  try {
    await target.p99Ms(options.rate, 1_000);
    const before = await phase(target, options);
    const controlMs = await controlled(flood, target, options);
    const begun = start(flood, target.ports[flood.port], options);
    child = begun.child;
    const during = await phase(target, options);
    const tried = await begun.tried;
    const healthz = await target.healthz();
    const { peakMb } = await target.usage();
    await child.stop();
    const after = await phase(target, options);
    const mean = (read: (one: Phase) => number): number => (read(before) + read(after)) / 2;
    const pair = (read: (one: Phase) => number, digits: number): string =>
      `${mean(read).toFixed(digits)}, ${read(during).toFixed(digits)}`;
    const quietMs = mean(({ p99Ms }) => p99Ms);
    return [
      flood.name,
      String(tried),
      `${quietMs.toFixed(1)}, ${during.p99Ms.toFixed(1)}`,
      (during.p99Ms / quietMs).toFixed(1),
      `${controlMs.toFixed(1)}`,
      pair(({ cpu }) => cpu * 100, 0),
      pair(({ loopDelayMs }) => loopDelayMs, 1),
      `${before.after.peakMb}, ${peakMb}`,
      String(healthz),
    ];
  } finally {
    await child?.stop();
    await target.stop();
  }
}

async function main(options: Options): Promise<void> {
  const { only, apart } = options;
  if (apart) {
    if (cpus().length < 2) throw new Error('--apart needs two cores');
    // Children have the cores of their parent.
    execFileSync('taskset', ['--pid', '--cpu-list', `0-${cpus().length - 2}`, String(process.pid)]);
  }
  const rows: string[][] = [];
  const chosen = floods.filter(({ name }) => only === undefined || name.includes(only));
  for (const flood of chosen) rows.push(await measure(flood, options));
  printTable(
    `Floods at a role with a token, beside 20 known connections with ${options.rate} calls a second: quiet, during`,
    ['flood', 'tried', 'p99, ms', 'ratio', 'p99, flood elsewhere', 'CPU, %', 'loop delay p99, ms', 'MB', '/healthz'],
    rows,
  );
}

void new Command()
  .addOption(
    new Option('--rate <n>', 'calls a second of the known clients').argParser(integer(1, 100_000)).default(500),
  )
  .addOption(
    new Option('--duration <time>', 'of each measurement').argParser(durationMs(500, 60_000)).default(8_000, '8s'),
  )
  .addOption(
    new Option('--scale <n>', 'divide the number of strangers by this').argParser(integer(1, 1_000)).default(1),
  )
  .option('--only <words>', 'the floods whose names have these words')
  .option('--apart', 'the floods have the last core to themselves, as on a machine of their own', false)
  .action(main)
  .parseAsync();
