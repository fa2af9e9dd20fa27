import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { projectRoot } from '../../src/common/version.js';
import { RunningRole } from '../../test/support/running-role.js';
import { makeCapture } from '../captures/make-capture.js';
import { runOnce } from '../captures/measure.js';

/** One thing that both builds do in turns. */
export interface Row {
  readonly name: string;
  readonly unit: 's' | 'jobs/s' | 'us';
  /** Measures the build at this folder once. Less is better but for jobs/s. */
  measure(root: string): Promise<number>;
}

export interface RowSettings {
  /** Where captures are made and kept. */
  readonly folder: string;
  readonly captureBytes: number;
  readonly jobsSeconds: number;
  /** Told what each build printed: the two must agree. */
  readonly onOutput: (row: string, output: string) => void;
}

export const rowSets = ['captures', 'packed', 'exports', 'jobs'] as const;
export type RowSet = (typeof rowSets)[number];

export function rowsOf(set: RowSet, settings: RowSettings): Row[] {
  if (set === 'jobs') return jobRows(settings);
  const few = capture('few', settings);
  const many = capture('many', settings, 300_000);
  const analyse = (name: string, ...args: string[]): Row => ({
    name,
    unit: 's',
    measure: async (root) => {
      const run = await runOnce(join(root, 'bin/trireme'), ['analyze', ...args, '--quiet'], true);
      settings.onOutput(name, run.stdout);
      return run.seconds;
    },
  });
  if (set === 'captures')
    return [
      analyse('a capture of 1,043 packets', join(projectRoot, 'captures/sample.pcap'), '--json'),
      analyse('few conversations, one core', few, '--json'),
      analyse('few conversations, --multi', few, '--json', '--multi'),
      analyse('many conversations, one core', many, '--json'),
      analyse('many conversations, --multi', many, '--json', '--multi'),
    ];
  if (set === 'exports')
    return [
      analyse('every conversation as JSON', many, '--json', '--top', 'all'),
      analyse('every conversation as CSV', many, '--csv', '--top', 'all'),
    ];
  const packed = [
    ['gzip', 'gz', `gzip -kf -1`],
    ['bgzip', 'bgz', 'bgzip -kc -l 1'],
    ['zstd', 'zst', 'zstd -qkf -3'],
  ] as const;
  return packed.flatMap(([tool, ending, command]) => {
    const file = `${few}.${ending}`;
    if (!existsSync(file) && !pack(command, few, file, tool === 'bgzip')) return [];
    return [analyse(`${tool}, one core`, file, '--json'), analyse(`${tool}, --multi`, file, '--json', '--multi')];
  });
}

/** False: the tool is not installed. */
function pack(command: string, from: string, to: string, piped: boolean): boolean {
  const tool = command.split(' ')[0];
  try {
    execFileSync('sh', ['-c', piped ? `${command} "$0" > "$1"` : `${command} "$0"`, from, to], { stdio: 'ignore' });
    return existsSync(to);
  } catch {
    process.stderr.write(`SKIP: ${tool} is not installed, so its rows are left out\n`);
    return false;
  }
}

function capture(kind: string, { folder, captureBytes: size }: RowSettings, cold?: number): string {
  mkdirSync(folder, { recursive: true });
  const out = join(folder, `compare-${kind}-${size}.pcap`);
  if (!existsSync(out)) makeCapture({ out, size, distinct: 64, cold });
  return out;
}

/** A load balancer and a worker of the build, for one measurement: nothing of the other build runs beside them. */
function jobRows({ jobsSeconds }: RowSettings): Row[] {
  const load = async (root: string, ...args: string[]): Promise<LoadReport> => {
    const anyPort = ['tcp', 'grpc', 'admin'].flatMap((name) => [`--${name}`, '127.0.0.1:0']);
    const lb = RunningRole.start(['lb', ...anyPort], [], root);
    const roles = [lb];
    try {
      const { tcp, grpc } = (await lb.line('listening')) as { tcp: string; grpc: string };
      const worker = RunningRole.start(['worker', '--host', grpc], [], root);
      roles.push(worker);
      await worker.line('attached');
      const asked = ['bench-jobs', '--lb', tcp, '--json', '--duration', `${jobsSeconds}s`, '--warmup', '3s', ...args];
      const { stdout } = await runOnce(join(root, 'bin/trireme'), asked, true);
      return JSON.parse(stdout) as LoadReport;
    } finally {
      for (const role of roles) await role.end();
    }
  };
  return [
    { name: 'GET_TIME over TCP', unit: 'jobs/s', measure: async (root) => (await load(root)).jobsPerSecond },
    {
      name: 'one GET_TIME at a time, p50',
      unit: 'us',
      measure: async (root) => (await load(root, '--connections', '1', '--in-flight', '1')).latencyMicroseconds.p50,
    },
  ];
}

/** What `trireme bench-jobs --json` tells. */
interface LoadReport {
  readonly jobsPerSecond: number;
  readonly latencyMicroseconds: { readonly p50: number };
}
