import * as grpc from '@grpc/grpc-js';
import { JobServiceClient, type RunJobResponse } from '../../src/gen/trireme/v1/job.js';
import { JobCluster } from '../support/job-cluster.js';
import { runTrireme } from '../support/run-trireme.js';

let cluster: JobCluster;

beforeAll(async () => {
  cluster = await JobCluster.start([2, 1]);
});

afterAll(() => cluster.stop());

function runJob(): Promise<RunJobResponse> {
  const client = new JobServiceClient(cluster.grpc, grpc.credentials.createInsecure());
  return new Promise((resolve, reject) => {
    client.runJob({ kind: 2 }, (error, response) => {
      client.close();
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

describe('trireme why', () => {
  test('a job of RunJob is explained by its id: who got it, what was predicted, what it took, who else might have', async () => {
    const { jobId, worker } = await runJob();
    const { code, stdout } = await runTrireme(['why', String(jobId), '--lb', cluster.grpc]);
    expect(code).toBe(0);
    // On a busy machine the job may have been given to both.
    expect(stdout).toContain(`job ${jobId}, MINE_BITCOIN, attempt 1: given to ${worker} at `);
    expect(stdout).toMatch(/^ {2}actual +[\d.]+ (us|ms|s) \(error [+-]?[\d.]/m);
    expect(stdout).toMatch(new RegExp(`^\\* +${worker} `, 'm'));
    for (const name of ['w0', 'w1']) expect(stdout).toContain(name);
  });

  test('the same as JSON, with the candidates in the order of their predicted finish', async () => {
    const { jobId } = await runJob();
    const { stdout } = await runTrireme(['why', String(jobId), '--lb', cluster.grpc, '--json']);
    const { picks } = JSON.parse(stdout) as {
      picks: {
        predictedSeconds: number;
        actualSeconds: number;
        errorSeconds: number;
        candidates: { predictedSeconds: number }[];
      }[];
    };
    const answered = picks.find((pick) => pick.actualSeconds !== undefined);
    if (answered === undefined) throw new Error('no pick of the job was answered');
    const { predictedSeconds, actualSeconds, errorSeconds, candidates } = answered;
    expect(errorSeconds).toBeCloseTo(actualSeconds - predictedSeconds, 9);
    const finishes = candidates.map((each) => each.predictedSeconds);
    expect(finishes).toEqual([...finishes].sort((a, b) => a - b));
  });

  test('jobs of TCP clients are found by --last, newest first', async () => {
    await runTrireme(['client', '--lb', `${cluster.tcp.host}:${cluster.tcp.port}`, '--jobs', '1,2,1,1']);
    const { code, stdout } = await runTrireme(['why', '--last', '3', '--lb', cluster.grpc]);
    expect(code).toBe(0);
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^TIME +JOB +KIND +WORKER +PREDICTED +ACTUAL +ERROR +CANDIDATES$/);
    expect(rows.length).toBeGreaterThanOrEqual(1);
    expect(rows.length).toBeLessThanOrEqual(3);
    const times = rows.map((row) => row.slice(0, 12));
    expect(times).toEqual([...times].sort().reverse());
  });

  test('what is not known, not reachable or not said is one line that tells so, with its exit code', async () => {
    const unknown = await runTrireme(['why', '4294967295', '--lb', cluster.grpc]);
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('no pick of job 4294967295 is kept')]);
    const unreachable = await runTrireme(['why', '--last', '--lb', '127.0.0.1:1']);
    expect([unreachable.code, unreachable.stderr]).toEqual([1, expect.stringContaining('127.0.0.1:1')]);
    for (const args of [
      ['why', '--lb', cluster.grpc],
      ['why', '7', '--last', '--lb', cluster.grpc],
      ['why', '7'],
      ['why', 'x', '--lb', cluster.grpc],
    ]) {
      const { code, stderr } = await runTrireme(args);
      expect([args, code]).toEqual([args, 2]);
      expect(stderr).toMatch(/either|not a whole number/);
    }
  });
});
