import { RunningRole } from './running-role.js';

/** A load balancer and its workers, each a process of its own on free ports. */
export class JobCluster {
  readonly workers: RunningRole[] = [];

  private constructor(
    readonly lb: RunningRole,
    readonly tcp: { readonly host: string; readonly port: number },
    readonly grpc: string,
    readonly admin: string,
    /** Empty: no --http was given. */
    readonly http: string,
  ) {}

  /**
   * Starts a load balancer and one worker for each number of slots.
   * @param before a command in front of the load balancer's own
   */
  static async start(
    slots: readonly number[],
    lbArgs: readonly string[] = [],
    before: readonly string[] = [],
  ): Promise<JobCluster> {
    const free = '127.0.0.1:0';
    const lb = RunningRole.start(['lb', '--tcp', free, '--grpc', free, '--admin', free, ...lbArgs], before);
    const { tcp, grpc, admin, http = '' } = (await lb.line('listening')) as Record<string, string>;
    const [host, port] = tcp.split(':');
    const cluster = new JobCluster(lb, { host, port: Number(port) }, grpc, admin, http);
    try {
      for (const count of slots) await cluster.addWorker(count);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** @param before a command in front of the worker's own, such as that of a CpuQuota */
  async addWorker(
    slots: number,
    before: readonly string[] = [],
    workerArgs: readonly string[] = [],
  ): Promise<RunningRole> {
    const name = `w${this.workers.length}`;
    const args = ['worker', '--host', this.grpc, '--slots', String(slots), '--name', name, ...workerArgs];
    const worker = RunningRole.start(args, before);
    this.workers.push(worker);
    await worker.line('attached');
    return worker;
  }

  /** The value of one metric of the load balancer; NaN when there is none. */
  async metric(series: string): Promise<number> {
    const text = await (await fetch(`http://${this.admin}/metrics`)).text();
    const line = text.split('\n').find((entry) => entry.startsWith(`${series} `));
    return line === undefined ? NaN : Number(line.slice(series.length + 1));
  }

  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.end()));
    await this.lb.end();
  }
}
