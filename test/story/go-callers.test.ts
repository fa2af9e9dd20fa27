import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../src/common/version.js';
import { JobCluster } from '../support/job-cluster.js';

const run = promisify(execFile);
const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;
/** Both are put on PATH by .ci/run where Go is: `go build -C bench/callers/go`, `go install` of ghz. */
const hasCaller = has('grpc-go-caller');
const hasGhz = has('ghz');
if (!hasCaller)
  console.log('SKIP: grpc-go-caller is not on PATH (go build -C bench/callers/go); no Go client is tried');
if (!hasGhz) console.log('SKIP: ghz is not on PATH; its load is not tried');

let clusters: JobCluster[];
beforeAll(async () => {
  clusters = hasCaller || hasGhz ? [await JobCluster.start([1]), await JobCluster.start([1])] : [];
});
afterAll(async () => {
  for (const cluster of clusters) await cluster.stop();
});

/** Each cuts a caller off whose PINGs it counted. */
async function offences(): Promise<number[]> {
  return Promise.all(clusters.map((cluster) => cluster.metric('trireme_grpc_offences_total{reason="pings"}')));
}

async function ask(targets: string, mode: string, seconds: number): Promise<{ jobs: number; failed: object }> {
  const { stdout } = await run('grpc-go-caller', [targets, mode, String(seconds)]);
  return JSON.parse(stdout) as { jobs: number; failed: object };
}

(hasCaller ? describe : describe.skip)('a client with grpc-go', () => {
  test.each(['one', '64', '12/s', '20/s'])('is not cut off (%s)', async (mode) => {
    // A library that measures the link sends its hundredth PING within these seconds.
    const { jobs, failed } = await ask(clusters[0].grpc, mode, mode === '12/s' ? 10 : 6);
    expect([failed, jobs >= 100, await offences()]).toEqual([{}, true, [NaN, NaN]]);
  });

  test('with retries and health checks over two load balancers has no failed call', async () => {
    const { jobs, failed } = await ask(clusters.map(({ grpc }) => grpc).join(), '20', 4);
    expect([failed, jobs >= 100, await offences()]).toEqual([{}, true, [NaN, NaN]]);
  });
});

(hasGhz ? describe : describe.skip)('ghz', () => {
  test.each([
    [20, 3_000],
    [1, 1_000],
  ])('with %d callers has %d calls answered', async (callers, calls) => {
    const proto = join(projectRoot, 'proto');
    const { stdout } = await run('ghz', [
      ...['--insecure', '--proto', join(proto, 'trireme/v1/job.proto'), '--import-paths', proto],
      ...['--call', 'trireme.v1.JobService/RunJob', '-d', '{"kind":1}', '-O', 'json'],
      ...['-c', String(callers), '-n', String(calls), clusters[0].grpc],
    ]);
    const { statusCodeDistribution } = JSON.parse(stdout) as { statusCodeDistribution: object };
    expect([statusCodeDistribution, await offences()]).toEqual([{ OK: calls }, [NaN, NaN]]);
  });
});
