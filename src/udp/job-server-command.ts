import { lookup } from 'node:dns/promises';
import { Command } from 'commander';
import { TriremeError } from '../common/errors.js';
import { formatHostPort, hostPort, integer, type HostPort } from '../common/options.js';
import { Interruption } from './interruption.js';
import { JobServer } from './job-server.js';
import { threadsMax } from './protocol.js';
import { SleeperPool } from './sleeper-pool.js';

interface Flags {
  readonly lb: HostPort;
  readonly threads: number;
  readonly drainMs: number;
  readonly quiet?: boolean;
}

/** `trireme job-server`: one of lab B's servers. */
export function buildCommand(): Command {
  return new Command('job-server')
    .description('serve jobs that sleep, given out by the balancer in the kernel')
    .requiredOption('--lb <host:port>', 'the balancer', hostPort(50002))
    .option('--threads <n>', 'size of the thread pool', integer(1, threadsMax), 4)
    .option('--drain-ms <ms>', 'time for running jobs to end after Ctrl-C', integer(0, 3_600_000), 10_000)
    .option('--quiet', 'print no line for each job')
    .action(serve);
}

/** IPv4 address of a host; UNREACHABLE when there is none. */
export async function resolveIpv4({ host, port }: HostPort): Promise<{ address: string; port: number }> {
  try {
    return { address: (await lookup(host, 4)).address, port };
  } catch (error) {
    throw new TriremeError('UNREACHABLE', `--lb ${formatHostPort({ host, port })}: no IPv4 address for '${host}'`, {
      cause: error,
    });
  }
}

async function serve({ lb, threads, drainMs, quiet }: Flags): Promise<void> {
  const interruption = new Interruption();
  const pool = new SleeperPool(threads);
  await pool.ready();
  let [done, refused] = [0, 0];
  let lastFailure = '';
  const say = (text: string): void => {
    if (!quiet) process.stdout.write(`${text}\n`);
  };
  const server = new JobServer(await resolveIpv4(lb), pool, {
    started: (sleepMs) => say(`job of ${sleepMs} ms, ${pool.busy} of ${threads} threads busy`),
    finished: (sleepMs, thread) => {
      done++;
      say(`thread ${thread} did ${sleepMs} ms`);
    },
    refused: (sleepMs) => {
      refused++;
      say(`refused a job of ${sleepMs} ms: all ${threads} threads are busy`);
    },
    ignored: (from) => say(`ignored a datagram from ${from}`),
    failed: (error) => {
      // Once for each new reason: a network that is down fails four times a second.
      if (error.message !== lastFailure) process.stderr.write(`job-server: ${error.message}\n`);
      lastFailure = error.message;
    },
  });
  const { port } = await server.start();
  process.stderr.write(`${threads} threads on UDP port ${port}, balancer ${formatHostPort(lb)}\n`);
  await new Promise<void>((resolve) => interruption.onHappen(resolve));
  await server.drain(drainMs);
  await pool.close();
  interruption.end();
  process.stdout.write(`${done} jobs done, ${refused} refused\n`);
}
