/**
 * What callers without credentials cost a load balancer: its memory, and what clients with credentials feel. Both sides of
 * a ratio are measured in one run, the quiet one first and last.
 */
import { Command, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadReport } from '../../src/client/load/load-run.js';
import { durationMs, integer } from '../../src/common/options.js';
import { projectRoot } from '../../src/common/version.js';
import { RunningRole } from '../../test/support/running-role.js';
import { Child } from '../jobs/child.js';
import { printTable } from '../policy/table.js';

interface Options {
  readonly rate: number;
  readonly duration: number;
  readonly scale: number;
  readonly only?: string;
}

/** Time for all strangers to have tried. */
const floodMsMax = 180_000;
const token = ['--token', 'bench'];
const free = '127.0.0.1:0';
const say = (words: string): void => void process.stderr.write(`${words}\n`);

/** Each: what strangers do, to which port, how often. */
const floods = [
  { name: '175,000 Health/Watch', what: 'watches', port: 'grpc', count: 175_000 },
  { name: '10,000 idle connections to the admin port', what: 'idle', port: 'admin', count: 10_000 },
  { name: '10,000 begun requests to the admin port', what: 'headers', port: 'admin', count: 10_000 },
  { name: '10,000 idle connections to the gRPC port', what: 'idle', port: 'grpc', count: 10_000 },
  { name: '10,000 begun AUTH lines to the TCP port', what: 'auth', port: 'tcp', count: 10_000 },
] as const;

type Port = (typeof floods)[number]['port'];
type Ports = Readonly<Record<Port, string>>;

/** 20 known connections together ask at this rate. @returns milliseconds of the slowest hundredth */
async function p99({ tcp }: Ports, { rate, duration }: Options): Promise<number> {
  const client = new Child(process.execPath, [
    ...[join(projectRoot, 'bin', 'trireme'), 'bench-jobs', '--json', '--lb', tcp, ...token],
    ...['--connections', '20', '--rate', String(rate), '--mix', '1:1', '--duration', `${duration}ms`],
  ]);
  const { latencyMicroseconds, errors, wrong, unanswered } = await client.report<LoadReport>();
  if (errors + wrong + unanswered > 0) throw new Error(`${errors} errors, ${wrong} wrong, ${unanswered} unanswered`);
  return latencyMicroseconds.p99 / 1000;
}

/** Most resident memory of a process so far, in MB: VmHWM of proc(5). */
function peakMb(pid: number): number {
  const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(match?.[1]) / 1000);
}

async function measure({ name, what, port, count }: (typeof floods)[number], options: Options): Promise<string[]> {
  say(name);
  const lb = RunningRole.start(['lb', '--tcp', free, '--grpc', free, '--admin', free, ...token]);
  const ports = (await lb.line('listening')) as unknown as Ports;
  const worker = RunningRole.start(['worker', '--host', ports.grpc, '--slots', '1', ...token]);
  await worker.line('attached');
  const [host, number] = ports[port].split(':');
  let flood: Child | undefined;
  try {
    await p99(ports, { ...options, duration: 1_000 });
    const before = await p99(ports, options);
    const pid = lb.child.pid as number;
    const quietMb = peakMb(pid);
    flood = new Child(process.execPath, [
      join(__dirname, 'flood.js'),
      what,
      host,
      number,
      String(count / options.scale),
    ]);
    const result = flood.report<{ tried: number; held: number }>(floodMsMax);
    const during = await p99(ports, options);
    const { tried } = await result;
    const healthz = (await fetch(`http://${ports.admin}/healthz`)).status;
    const flooded = peakMb(pid);
    await flood.stop();
    const after = await p99(ports, options);
    const quiet = (before + after) / 2;
    const cells = [quiet, during].map((ms) => ms.toFixed(2));
    return [
      name,
      String(tried),
      ...cells,
      (during / quiet).toFixed(1),
      String(quietMb),
      String(flooded),
      String(healthz),
    ];
  } finally {
    await flood?.stop();
    await worker.end();
    await lb.end();
  }
}

async function main(options: Options): Promise<void> {
  const { only } = options;
  const rows: string[][] = [];
  const chosen = floods.filter(({ name }) => only === undefined || name.includes(only));
  for (const flood of chosen) rows.push(await measure(flood, options));
  printTable(
    `Strangers at a load balancer with a token, beside 20 known connections with ${options.rate} jobs/s`,
    ['strangers', 'tried', 'p99 quiet (ms)', 'p99 during (ms)', 'ratio', 'MB quiet', 'MB', '/healthz'],
    rows,
  );
}

void new Command()
  .addOption(new Option('--rate <n>', 'jobs a second of the known clients').argParser(integer(1, 100_000)).default(500))
  .addOption(
    new Option('--duration <time>', 'of each measurement').argParser(durationMs(500, 60_000)).default(8_000, '8s'),
  )
  .addOption(
    new Option('--scale <n>', 'divide the number of strangers by this').argParser(integer(1, 1_000)).default(1),
  )
  .option('--only <words>', 'the floods whose names have these words')
  .action(main)
  .parseAsync();
