import { CpuQuota } from '../support/cpu-quota.js';
import { JobCluster } from '../support/job-cluster.js';
import { LineClient, minedBy } from '../support/line-client.js';

const reason = CpuQuota.unavailable();
if (reason !== null) console.log(`SKIP: ${reason}`);

/** Shares of one core: the first worker may do eight times what the second one may. */
const shares = [0.4, 0.05];
const jobs = 12_000;

interface WorkerView {
  readonly name: string;
  readonly kinds: readonly { readonly name: string; readonly done: number }[];
}

(reason === null ? test : test.skip)(
  'workers held by CPU quotas get jobs by what they can do, and every job is answered once',
  async () => {
    const cluster = await JobCluster.start([]);
    const quotas: CpuQuota[] = [];
    try {
      // They start, and measure themselves, before they are held: what they can do is for the hub to find out.
      for (const share of shares) {
        const quota = CpuQuota.of(1);
        quotas.push(quota);
        await cluster.addWorker(1, quota.command);
        quota.set(share);
      }
      const fromSeconds = Math.floor(Date.now() / 1000);
      const client = await LineClient.dial(cluster.tcp);
      client.socket.write('2\n'.repeat(jobs));
      await client.until(() => client.text.length >= jobs * 65, 'the last answer');
      expect(client.lines).toHaveLength(jobs);
      const right = new Set<string>();
      for (let second = fromSeconds; second <= Date.now() / 1000; second++) right.add(minedBy(second).toString());
      expect(client.lines.filter((line) => !right.has(line))).toEqual([]);
      client.socket.destroy();

      const { workers } = (await (await fetch(`http://${cluster.admin}/api/workers`)).json()) as {
        workers: WorkerView[];
      };
      const done = (name: string): number =>
        workers.find((worker) => worker.name === name)?.kinds.find((kind) => kind.name === 'MINE_BITCOIN')?.done ?? NaN;
      expect(done('w0') + done('w1')).toBe(jobs);
      // By turns it would be one to one; by what they can do it is eight to one, less on a machine that is
      // short of cores.
      expect(done('w0') / done('w1')).toBeGreaterThan(1.5);
      expect(done('w1')).toBeGreaterThan(0);
    } finally {
      await cluster.stop();
      for (const quota of quotas) quota.remove();
    }
  },
);
