import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadReport } from '../../src/client/load/load-run.js';
import { projectRoot } from '../../src/common/version.js';
import { RunningRole } from '../../test/support/running-role.js';
import { Child } from '../jobs/child.js';
import type { Flood } from './floods.js';

const token = ['--token', 'bench'];
const free = '127.0.0.1:0';
/** What an event loop's delay is measured with; a delay of less cannot be told from none. */
const loopResolutionMs = 10;

export type Ports = Readonly<Record<Flood['port'], string>>;

/** What a role has used, from the start of its process or since the last look. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly atMs: number;
  /** How much later than asked for the slowest hundredth of its timers came, since the last look. */
  readonly loopDelayMs: number;
  /** Most resident memory so far, VmHWM of proc(5). */
  readonly peakMb: number;
}

/** A role with a token, a worker where it needs one, and known clients that ask it. */
export class Target {
  private constructor(
    private readonly role: RunningRole,
    readonly ports: Ports,
    private readonly worker: RunningRole | null,
    private readonly folder: string,
  ) {}

  static async start(which: Flood['role']): Promise<Target> {
    const folder = mkdtempSync(join(tmpdir(), 'trireme-strangers-'));
    const own = which === 'lb' ? ['--tcp', free] : ['--captures', folder, '--spool', join(folder, 'spool')];
    const role = RunningRole.start([which, ...own, '--grpc', free, '--admin', free, ...token]);
    const ports = (await role.line('listening')) as unknown as Ports;
    if (which === 'master') return new Target(role, ports, null, folder);
    const worker = RunningRole.start(['worker', '--host', ports.grpc, '--slots', '1', ...token]);
    await worker.line('attached');
    return new Target(role, ports, worker, folder);
  }

  /** 20 known connections together ask at this rate. @returns milliseconds of the slowest hundredth */
  async p99Ms(ratePerSecond: number, durationMs: number): Promise<number> {
    const program =
      this.worker === null
        ? [join(__dirname, 'lister.js'), this.ports.grpc, String(ratePerSecond), String(durationMs)]
        : [
            ...[join(projectRoot, 'bin', 'trireme'), 'bench-jobs', '--json', '--lb', this.ports.tcp, ...token],
            ...['--connections', '20', '--rate', String(ratePerSecond), '--mix', '1:1'],
            ...['--duration', `${durationMs}ms`],
          ];
    const report = await new Child(process.execPath, program).report<LoadReport | { p99Ms: number; errors: number }>();
    const failed = 'p99Ms' in report ? report.errors : report.errors + report.wrong + report.unanswered;
    if (failed > 0) throw new Error(`${failed} calls of known clients failed`);
    return 'p99Ms' in report ? report.p99Ms : report.latencyMicroseconds.p99 / 1000;
  }

  async usage(): Promise<Usage> {
    const headers = { authorization: 'Bearer bench' };
    const text = await (await fetch(`http://${this.ports.admin}/metrics`, { headers })).text();
    const read = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
    const status = readFileSync(`/proc/${this.role.child.pid}/status`, 'utf8');
    return {
      cpuSeconds: read('process_cpu_seconds_total'),
      atMs: performance.now(),
      loopDelayMs: Math.max(0, read('nodejs_eventloop_lag_p99_seconds') * 1000 - loopResolutionMs),
      peakMb: Math.round((Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / 1e6),
    };
  }

  async healthz(): Promise<number> {
    return (await fetch(`http://${this.ports.admin}/healthz`)).status;
  }

  async stop(): Promise<void> {
    await this.worker?.end();
    await this.role.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
