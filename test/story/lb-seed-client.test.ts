import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { minedBy } from '../../src/client/load/answer-check.js';
import { JobCluster } from '../support/job-cluster.js';

const script = join(__dirname, '..', '..', '..', 'test', 'support', 'seed-client.py');
const execute = promisify(execFile);
/** TRIREME_TEST_RUNS=200 makes it the long version. */
const runs = Number(process.env.TRIREME_TEST_RUNS ?? 20);

let cluster: JobCluster;
beforeAll(async () => {
  cluster = await JobCluster.start([1, 1]);
});
afterAll(() => cluster.stop());

function randomJobs(count: number): string {
  return Array.from({ length: count }, () => (Math.random() < 0.5 ? '1' : '2')).join('');
}

/** What is wrong with the answers to one run. */
function faults(jobs: string, answers: readonly string[], fromSecond: number, toSecond: number): string[] {
  const mined = new Set<string>();
  for (let second = fromSecond; second <= toSecond; second++) mined.add(minedBy(second).toString());
  return [...jobs].flatMap((job, i) => {
    const answer = answers[i];
    const right =
      job === '1' ? /^\d{10}$/.test(answer) && +answer >= fromSecond && +answer <= toSecond : mined.has(answer);
    return right ? [] : [`job ${i} (${job}): ${answer}`];
  });
}

describe('a client that sends digit by digit and calls recv(1024) once per job', () => {
  test(`gets 99 whole, right answers for 99 random jobs, ${runs} runs in a row`, async () => {
    for (let done = 0; done < runs; done += 10) {
      const jobs = randomJobs(99);
      const from = Math.floor(Date.now() / 1000);
      const { stdout } = await execute('python3', [
        script,
        cluster.tcp.host,
        String(cluster.tcp.port),
        jobs,
        '--runs',
        String(Math.min(10, runs - done)),
      ]);
      const to = Math.floor(Date.now() / 1000);
      const answers = stdout.trimEnd().split('\n');
      expect(answers.length).toBe(99 * Math.min(10, runs - done));
      expect(faults(jobs.repeat(answers.length / 99), answers, from, to)).toEqual([]);
    }
  });

  test('gets thousands of answers whole on one connection', async () => {
    const jobs = randomJobs(5000);
    const from = Math.floor(Date.now() / 1000);
    const { stdout } = await execute('python3', [script, cluster.tcp.host, String(cluster.tcp.port), jobs]);
    const answers = stdout.trimEnd().split('\n');
    expect(answers.length).toBe(5000);
    expect(faults(jobs, answers, from, Math.floor(Date.now() / 1000))).toEqual([]);
  });
});
