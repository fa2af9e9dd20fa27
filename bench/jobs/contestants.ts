import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { LoadReport } from '../../src/client/load/load-run.js';
import { projectRoot } from '../../src/common/version.js';
import { JobCluster } from '../../test/support/job-cluster.js';
import { Child } from './child.js';
import type { LoopReport } from './closed-loop.js';

/** Something that answers GET_TIME jobs, running on this machine with two workers. */
export interface Contestant {
  readonly name: string;
  /** Numbers of requests under way that are tried; the best one counts. */
  readonly inFlights: readonly number[];
  /** Runs a client in a process of its own. */
  run(inFlight: number, durationMs: number): Promise<LoopReport>;
  stop(): Promise<void>;
}

/** As a user writes it: what it is given, of any size, costs the same. */
const echoKind = "exports.kind = { mayCopy: true, answers: 'bytes', units: 'jobs', run: ({ payload }) => payload };";

/** Trireme: the lb, two workers of one slot each, and bench-jobs over TCP. */
export interface Trireme extends Contestant {
  mine(durationMs: number): Promise<LoopReport>;
}

export async function startTrireme(payloadBytes = 0): Promise<Trireme> {
  const folder = mkdtempSync(join(tmpdir(), 'trireme-bench-'));
  writeFileSync(join(folder, 'echo.kind.js'), echoKind);
  const cluster = await JobCluster.start([]);
  for (let worker = 0; worker < 2; worker++) await cluster.addWorker(1, [], ['--kinds', folder]);
  const at = `${cluster.tcp.host}:${cluster.tcp.port}`;
  const bench = async (
    connections: number,
    inFlight: number,
    mix: string,
    durationMs: number,
    warmup = '500ms',
  ): Promise<LoopReport> => {
    const client = new Child(process.execPath, [
      join(projectRoot, 'bin', 'trireme'),
      ...['bench-jobs', '--json', '--lb', at, '--connections', String(connections), '--in-flight', String(inFlight)],
      ...['--mix', mix, '--duration', `${durationMs}ms`, '--warmup', warmup],
    ]);
    const { jobsPerSecond, latencyMicroseconds } = await client.report<LoadReport>();
    const { p50, p99 } = latencyMicroseconds;
    return { jobsPerSecond, p50Microseconds: p50, p99Microseconds: p99, lost: 0 };
  };
  return {
    name: payloadBytes === 0 ? 'trireme lb, TCP lines' : 'trireme lb, RunJobs',
    inFlights: [512, 2048, 8192],
    run: (inFlight, durationMs) =>
      payloadBytes === 0
        ? bench(Math.min(4, inFlight), Math.ceil(inFlight / 4), '1', durationMs)
        : Child.peer('echo-client', cluster.grpc, inFlight, durationMs, payloadBytes).report(),
    // Workers' windows follow a client that is far ahead within a second or two.
    mine: (durationMs) => bench(4, 4096, '2', durationMs, '2s'),
    stop: async () => {
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function startGrpc(): Promise<Contestant> {
  const server = Child.peer('grpc-server');
  const { at } = await server.report<{ at: string }>();
  return {
    name: 'grpc-js unary, no balancer',
    inFlights: [16, 64, 256],
    run: (inFlight, durationMs) => Child.peer('grpc-client', at, inFlight, durationMs).report(),
    stop: () => server.stop(),
  };
}

/** @returns undefined when nats-server is not installed */
export async function startNats(payloadBytes = 0): Promise<Contestant | undefined> {
  const command = find('nats-server');
  if (command === undefined) return undefined;
  const server = new Child(command, ['-a', '127.0.0.1', '-p', '-1']);
  const at = await server.say('stderr', (line) => /Listening for client connections on (\S+)/.exec(line)?.[1]);
  const workers = [1, 2].map(() => Child.peer('nats-worker', at));
  await Promise.all(workers.map((worker) => worker.report()));
  return {
    name: 'NATS request/reply, queue group',
    inFlights: [64, 512, 2048],
    run: (inFlight, durationMs) => Child.peer('nats-client', at, inFlight, durationMs, payloadBytes).report(),
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await server.stop();
    },
  };
}

/** @returns undefined when redis-server is not installed */
export async function startBullMq(payloadBytes = 0): Promise<Contestant | undefined> {
  const command = find('redis-server');
  if (command === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'trireme-bench-'));
  const at = join(folder, 'redis.sock');
  // No TCP port and nothing written to disk: the fastest that Redis can be asked for.
  const server = new Child(command, [
    '--port',
    '0',
    '--unixsocket',
    at,
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ]);
  await server.say('stdout', (line) => (/ready to accept connections/i.test(line) ? true : undefined));
  const workers = [1, 2].map(() => Child.peer('bullmq-worker', at));
  await Promise.all(workers.map((worker) => worker.report()));
  return {
    name: 'BullMQ on Redis',
    inFlights: [16, 64, 256],
    run: (inFlight, durationMs) => Child.peer('bullmq-client', at, inFlight, durationMs, payloadBytes).report(),
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Mines in bare loops on two threads; jobs a second. */
export async function mineBare(how: 'kernel' | 'createHash' | 'hash', durationMs: number): Promise<number> {
  const { jobsPerSecond } = await Child.peer('mining', how, 2, durationMs).report<{ jobsPerSecond: number }>();
  return jobsPerSecond;
}

function find(command: string): string | undefined {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin']
    .map((folder) => join(folder, command))
    .find((file) => existsSync(file));
}
