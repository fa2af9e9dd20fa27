/**
 * How soon a slot is free again once nobody waits for its job: kinds that loop for ever, on a thread and in a
 * process, left by cancel, by a deadline, and by a client that is gone; and what memory many cancels leave.
 * `node dist/bench/cancels/run.js [--kinds NAME...] [--rounds N] [--jobs N]`
 */
import * as grpc from '@grpc/grpc-js';
import { Command, Option } from 'commander';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { integer } from '../../src/common/options.js';
import { projectRoot } from '../../src/common/version.js';
import { JobServiceClient } from '../../src/gen/trireme/v1/job.js';
import { JobCluster } from '../../test/support/job-cluster.js';
import type { RunningRole } from '../../test/support/running-role.js';
import { printTable } from '../policy/table.js';

interface Options {
  readonly kinds: readonly string[];
  readonly rounds: number;
  readonly jobs: number;
}

const leaves = ['cancel', 'deadline', 'gone'] as const;
type Leave = (typeof leaves)[number];

/** On a thread; the same where a job may run twice; in a process. */
const endless = ['LOOPS', 'COPIES', 'ALONE'];

/** Between a job and its deadline: it has begun by then. */
const deadlineMs = 400;

const deadlineOf = (leave: Leave): number | undefined => (leave === 'deadline' ? deadlineMs : undefined);
const say = (words: string): void => void process.stderr.write(`${words}\n`);

/** Kinds that tell on disk when a job begins; LOOPS and ALONE never look at anything, PATIENT does. */
function writeKinds(folder: string, began: string): void {
  mkdirSync(folder);
  const kind = (fields: string, body: string): string =>
    `const fs = require('node:fs');
     exports.kind = { ${fields} async run(job) { fs.appendFileSync(${JSON.stringify(began)}, 'x'); ${body} } };`;
  const files = {
    loops: kind('timeoutSeconds: 600,', 'for (;;);'),
    copies: kind('timeoutSeconds: 600, mayCopy: true,', 'for (;;);'),
    alone: kind("timeoutSeconds: 600, isolate: 'process',", 'for (;;);'),
    patient: kind(
      '',
      'while (!job.cancelled()) await new Promise((go) => setTimeout(go, 1)); throw new Error("left");',
    ),
    next: 'exports.kind = { run: () => String(Date.now()) };',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `${name}.kind.js`), text);
}

class Bench {
  private constructor(
    private readonly folder: string,
    readonly cluster: JobCluster,
    readonly client: JobServiceClient,
  ) {}

  static async start(): Promise<Bench> {
    const folder = mkdtempSync(join(tmpdir(), 'trireme-bench-'));
    const kinds = join(folder, 'kinds');
    writeFileSync(join(folder, 'began'), '');
    writeKinds(kinds, join(folder, 'began'));
    const cluster = await JobCluster.start([]);
    await cluster.addWorker(1, [], ['--kinds', kinds]);
    return new Bench(folder, cluster, new JobServiceClient(cluster.grpc, grpc.credentials.createInsecure()));
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.cluster.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  begun(): number {
    return readFileSync(join(this.folder, 'began')).length;
  }

  ask(kindName: string, deadline?: number): { cancel(): void; ended: Promise<string> } {
    let call: grpc.ClientUnaryCall | undefined;
    const ended = new Promise<string>((resolve) => {
      const options = deadline === undefined ? {} : { deadline: Date.now() + deadline };
      call = this.client.runJob({ kind: 0, kindName }, new grpc.Metadata(), options, (error, answer) =>
        resolve(error === null ? answer.result : `error ${error.details}`),
      );
    });
    return { cancel: () => call?.cancel(), ended };
  }

  async untilBegun(count: number): Promise<void> {
    while (this.begun() < count) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  /** Milliseconds from when nobody waits for an endless job until the one behind it runs. */
  async freeMs(kindName: string, leave: Leave): Promise<number> {
    const before = this.begun();
    const asked = Date.now();
    const end = leave === 'gone' ? this.askElsewhere(kindName) : this.ask(kindName, deadlineOf(leave)).cancel;
    await this.untilBegun(before + 1);
    const next = this.ask('NEXT', 60_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const left = leave === 'deadline' ? asked + deadlineMs : Date.now();
    if (leave !== 'deadline') end();
    const ran = Number(await next.ended);
    if (Number.isNaN(ran)) throw new Error(`the job behind ${kindName}: ${await next.ended}`);
    return ran - left;
  }

  /** Has a process ask for a job. @returns what kills it */
  private askElsewhere(kindName: string): () => void {
    const args = [join(projectRoot, 'bin', 'trireme'), 'run', '--lb', this.cluster.grpc, kindName];
    const client = spawn(process.execPath, args, { stdio: 'ignore' });
    return () => client.kill('SIGKILL');
  }

  /** Asks for jobs and cancels each once it runs: one in a hundred loops for ever. */
  async cancelMany(jobs: number): Promise<void> {
    for (let job = 0; job < jobs; job++) {
      const before = this.begun();
      const { cancel, ended } = this.ask(job % 100 === 0 ? 'LOOPS' : 'PATIENT');
      await this.untilBegun(before + 1);
      cancel();
      await ended;
    }
  }

  memory(): string[] {
    const residentMiB = ({ child }: RunningRole): string => {
      const kB = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1'))?.[1];
      return (Number(kB) / 1024).toFixed(0);
    };
    return [this.cluster.lb, ...this.cluster.workers].map(residentMiB);
  }
}

async function run({ kinds, rounds, jobs }: Options): Promise<void> {
  const bench = await Bench.start();
  try {
    const rows: string[][] = [];
    for (const kind of kinds) {
      for (const leave of leaves) {
        say(`${kind}, ${leave}`);
        const times: number[] = [];
        for (let round = 0; round < rounds; round++) times.push(await bench.freeMs(kind, leave));
        times.sort((a, b) => a - b);
        rows.push([kind, leave, String(times[rounds >> 1]), String(times[rounds - 1])]);
      }
    }
    if (rounds > 0)
      printTable('milliseconds until the slot runs the next job', ['kind', 'left by', 'median', 'most'], rows);
    const memory: string[][] = [];
    for (let part = 0; part <= 10 && jobs > 0; part++) {
      if (part > 0) await bench.cancelMany(Math.ceil(jobs / 10));
      memory.push([String((part * jobs) / 10), ...bench.memory()]);
      say(`${String((part * jobs) / 10)} cancelled`);
    }
    if (jobs > 0) printTable('resident MiB after so many cancels', ['cancelled', 'lb', 'worker'], memory);
  } finally {
    await bench.stop();
  }
}

new Command('bench cancels')
  .description('time until a slot is free once nobody waits for its job, and memory after many cancels')
  .addOption(new Option('--kinds <name...>', 'of them').choices(endless).default(endless))
  .addOption(new Option('--rounds <count>', 'for each kind and way').default(20).argParser(integer(0, 1_000)))
  .addOption(new Option('--jobs <count>', 'cancels for memory').default(10_000).argParser(integer(0, 1_000_000)))
  .action(run)
  .parseAsync()
  .catch((error: Error) => {
    process.stderr.write(`bench cancels: ${error.message}\n`);
    process.exitCode = 1;
  });
