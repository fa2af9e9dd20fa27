import { credentials } from '@grpc/grpc-js';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { CaptureServiceClient, type AnalyzeProgress, type AnalyzeRequest } from '../../src/gen/trireme/v1/capture.js';
import { runTrireme, type Ran } from './run-trireme.js';
import { RunningRole } from './running-role.js';

/** A master and its workers, each a process of its own on free ports. */
export class CaptureCluster {
  readonly workers: RunningRole[] = [];

  private constructor(
    public master: RunningRole,
    readonly grpc: string,
    readonly admin: string,
    private readonly args: readonly string[],
  ) {}

  /** Starts a master that sees these folders, by a command in front of it if one is given; workers are added. */
  static async start(
    folders: readonly string[],
    args: readonly string[] = [],
    before: readonly string[] = [],
  ): Promise<CaptureCluster> {
    const all = [...args, ...folders.flatMap((folder) => ['--captures', folder])];
    const master = RunningRole.start(['master', '--grpc', '127.0.0.1:0', '--admin', '127.0.0.1:0', ...all], before);
    const { grpc, admin } = (await master.line('listening')) as { grpc: string; admin: string };
    return new CaptureCluster(master, grpc, admin, all);
  }

  /** Starts a worker and waits until it is attached, unless told not to. */
  async addWorker(
    folder: string,
    { slots = 1, wait = true, args = [] as readonly string[] } = {},
  ): Promise<RunningRole> {
    const name = `w${this.workers.length}`;
    const worker = RunningRole.start([
      'worker',
      ...['--host', this.grpc, '--slots', String(slots), '--name', name, '--captures', folder],
      ...args,
    ]);
    this.workers.push(worker);
    if (wait) await worker.line('attached');
    return worker;
  }

  /** `analyze --json` of the files on this cluster. */
  analyze(files: readonly string[], args: readonly string[] = []): Promise<Ran> {
    return runTrireme(['analyze', '--json', '-q', '--master', this.grpc, ...args, ...files]);
  }

  /** Calls Analyze and hears of its progress. */
  call(path: string, onProgress: (progress: AnalyzeProgress) => void): { report: Promise<string>; cancel: () => void } {
    const client = new CaptureServiceClient(this.grpc, credentials.createInsecure());
    const request: AnalyzeRequest = {
      path,
      identity: undefined,
      options: undefined,
      waitMs: 0,
      name: '',
      detach: false,
    };
    const call = client.analyze(request);
    const report = new Promise<string>((resolve, reject) => {
      call.on('data', ({ event }) => {
        if (event?.$case === 'progress') onProgress(event.value);
        if (event?.$case === 'result') resolve(event.value.reportJson);
      });
      call.on('error', reject);
    }).finally(() => client.close());
    report.catch(() => undefined);
    return { report, cancel: () => call.cancel() };
  }

  /** Starts a master anew on the same ports. */
  async restartMaster(): Promise<void> {
    this.master = RunningRole.start(['master', '--grpc', this.grpc, '--admin', this.admin, ...this.args]);
    await this.master.line('listening');
  }

  /** The value of one metric of the master; NaN when there is none. */
  async metric(series: string): Promise<number> {
    const text = await (await fetch(`http://${this.admin}/metrics`)).text();
    const line = text.split('\n').find((entry) => entry.startsWith(`${series} `));
    return line === undefined ? NaN : Number(line.slice(series.length + 1));
  }

  async stop(): Promise<void> {
    for (const worker of this.workers) worker.child.kill('SIGCONT');
    await Promise.all(this.workers.map((worker) => worker.end()));
    await this.master.end();
  }
}

/** Resolves when the condition holds; looks again every 50 ms, for at most 30 s. */
export async function eventually(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not come within 30 s`);
}

/** Writes a real capture of about that size: the records of the project's own sample, over and over. */
export function writeLongCapture(path: string, bytes: number): string {
  const sample = readFileSync(join(projectRoot, 'captures', 'sample.pcap'));
  const fd = openSync(path, 'w');
  writeSync(fd, sample, 0, 24);
  for (let at = 24; at < bytes;) at += writeSync(fd, sample, 24, sample.length - 24);
  closeSync(fd);
  return path;
}
