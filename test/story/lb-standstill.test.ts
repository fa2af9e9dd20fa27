import { JobCluster } from '../support/job-cluster.js';
import { LineClient } from '../support/line-client.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let cluster: JobCluster;
afterEach(() => cluster.stop());

test('a load balancer that itself stood still longer than its time-outs closes no client for it', async () => {
  cluster = await JobCluster.start([1], ['--idle-timeout', '2s', '--sender-timeout', '2s']);
  const [asking, midway] = await Promise.all([1, 2].map(() => LineClient.dial(cluster.tcp)));
  asking.socket.write('1\n');
  midway.socket.write('\n1');
  await asking.until(() => asking.lines.length === 1, 'an answer');
  cluster.lb.child.kill('SIGSTOP');
  await pause(3_500);
  asking.socket.write('1\n');
  midway.socket.write('\n');
  cluster.lb.child.kill('SIGCONT');
  await asking.until(() => asking.lines.length === 2 || asking.ended, 'an answer after the standstill');
  await midway.until(() => midway.lines.length === 1 || midway.ended, 'an answer after the standstill');
  expect([asking.lines.length, midway.lines.length]).toEqual([2, 1]);
  // The time-outs hold all the same.
  await asking.until(() => asking.ended, 'the end of an idle connection');
  for (const { socket } of [asking, midway]) socket.destroy();
});
