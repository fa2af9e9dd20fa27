import { JobCluster } from '../support/job-cluster.js';
import { LineClient } from '../support/line-client.js';

/** Jobs that the greedy client asks for at once: more than the lb lets one connection have under way. */
const greedyJobs = 100_000;

/**
 * How many answers a client that pipelines everything got while another one, beside it, waited for its second
 * job alone. A count and no time: it is the same on a slow machine.
 */
async function answersAhead(fairness: 'on' | 'off'): Promise<number> {
  const cluster = await JobCluster.start([1], ['--fairness', fairness]);
  try {
    const greedy = await LineClient.dial(cluster.tcp);
    greedy.socket.write('2\n'.repeat(greedyJobs));
    await greedy.until(() => greedy.text.length > 65 * 1000, 'the first thousand answers');
    const modest = await LineClient.dial(cluster.tcp);
    modest.socket.write('2\n');
    // With its first job it becomes known as one that asks for little.
    await modest.until(() => modest.lines.length === 1, 'the first answer');
    const before = greedy.text.length;
    modest.socket.write('2\n');
    await modest.until(() => modest.lines.length === 2, 'the second answer');
    const ahead = (greedy.text.length - before) / 65;
    greedy.socket.destroy();
    modest.socket.destroy();
    return ahead;
  } finally {
    await cluster.stop();
  }
}

test('beside a client that pipelines 100,000 jobs, one job waits for few of them, and without fairness for thousands', async () => {
  expect(await answersAhead('on')).toBeLessThan(4_000);
  expect(await answersAhead('off')).toBeGreaterThan(8_000);
});
