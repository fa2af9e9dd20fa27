import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { JobCluster } from '../support/job-cluster.js';
import { LineClient } from '../support/line-client.js';
import { RunningRole } from '../support/running-role.js';

test('one worker serves two load balancers and outlives the loss of one', async () => {
  const [first, second] = await Promise.all([JobCluster.start([]), JobCluster.start([])]);
  const captures = join(projectRoot, 'captures');
  const hosts = `${first.grpc},${second.grpc}`;
  const worker = RunningRole.start(['worker', '--host', hosts, '--slots', '1', '--captures', captures]);
  try {
    await worker.line('attached', ({ hub }) => hub === first.grpc);
    await worker.line('attached', ({ hub }) => hub === second.grpc);
    const ask = async ({ tcp }: JobCluster, jobs: number): Promise<string[]> => {
      const client = await LineClient.dial(tcp);
      client.socket.end('2\n'.repeat(jobs));
      await client.until(() => client.lines.length === jobs, `${jobs} answers`);
      return client.lines;
    };
    const answers = await Promise.all([ask(first, 300), ask(second, 300)]);
    for (const lines of answers) for (const line of lines) expect(line).toMatch(/^[0-9a-f]{64}$/);
    await first.lb.end('SIGKILL');
    await worker.line('detached', ({ hub }) => hub === first.grpc);
    expect(await ask(second, 10)).toHaveLength(10);
  } finally {
    await worker.end();
    await Promise.all([first.stop(), second.stop()]);
  }
});
