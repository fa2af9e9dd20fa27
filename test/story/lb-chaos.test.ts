import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { JobCluster } from '../support/job-cluster.js';
import type { RunningRole } from '../support/running-role.js';

const trireme = join(__dirname, '..', '..', '..', 'bin', 'trireme');
/** TRIREME_TEST_SECONDS=30 makes it the long version. */
const seconds = Number(process.env.TRIREME_TEST_SECONDS ?? 10);

let cluster: JobCluster;
afterEach(() => cluster.stop());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test(
  `${seconds} s of mixed load on 50 connections while workers die, stand still, drain and join: every job is answered right, once, in order`,
  async () => {
    cluster = await JobCluster.start([1, 1, 1]);
    const load = spawn(
      process.execPath,
      [
        trireme,
        ...['bench-jobs', '--lb', `${cluster.tcp.host}:${cluster.tcp.port}`, '--mix', '1:90,2:10', '--json'],
        ...['--connections', '50', '--in-flight', '20', '--warmup', '0s', '--duration', `${seconds}s`],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let [report, problem] = ['', ''];
    load.stdout.on('data', (chunk: Buffer) => (report += chunk.toString()));
    load.stderr.on('data', (chunk: Buffer) => (problem += chunk.toString()));
    const ended = once(load, 'close') as Promise<[number | null]>;

    // The first worker stays, so that there is always one; the others come to harm in turn.
    const harm: ((worker: RunningRole) => Promise<unknown>)[] = [
      (worker) => worker.end('SIGKILL'),
      (worker) => worker.end('SIGTERM'),
      async (worker) => {
        worker.child.kill('SIGSTOP');
        await pause(1000);
        worker.child.kill('SIGCONT');
      },
      async (worker) => {
        // Stands still until the hub has given it up, then wakes with jobs that others have done.
        worker.child.kill('SIGSTOP');
        await pause(4000);
        worker.child.kill('SIGCONT');
      },
    ];
    const endMs = performance.now() + seconds * 1000;
    const done: Promise<unknown>[] = [];
    for (let i = 0; performance.now() < endMs - 500; i++) {
      const victims = cluster.workers.slice(1).filter((worker) => worker.running);
      const victim = victims[Math.floor(Math.random() * victims.length)];
      if (victim !== undefined) done.push(harm[i % harm.length](victim));
      await pause(300);
      if (victims.length < 4) await cluster.addWorker(1);
    }
    const [code] = await ended;
    await Promise.all(done);
    expect(problem).toBe('');
    expect(code).toBe(0);
    const { jobs, errors, wrong, unanswered } = JSON.parse(report) as Record<string, number>;
    expect({ errors, wrong, unanswered }).toEqual({ errors: 0, wrong: 0, unanswered: 0 });
    const rssMiB =
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${cluster.lb.child.pid}/status`, 'latin1'))?.[1]) / 1024;
    console.log(
      `${jobs} jobs; lb at ${rssMiB.toFixed(0)} MiB; ${await cluster.metric('trireme_hub_workers_lost_total')} workers lost`,
    );
    expect(rssMiB).toBeLessThan(400);
  },
  (seconds + 60) * 1000,
);
