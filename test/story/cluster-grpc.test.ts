import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../src/common/version.js';
import { CaptureCluster } from '../support/capture-cluster.js';

const run = promisify(execFile);
const buf = join(projectRoot, 'node_modules', '.bin', 'buf');
const captures = join(projectRoot, 'captures');
const haveGrpcurl = spawnSync('grpcurl', ['-version']).status === 0;
if (!haveGrpcurl) console.log('SKIP: grpcurl is not on PATH; its calls are left out');

let cluster: CaptureCluster;

beforeAll(async () => {
  cluster = await CaptureCluster.start([captures]);
});
afterAll(() => cluster.stop());

const bufCurl = async (method: string, data: object, ...flags: string[]): Promise<string> => {
  const protocol = ['--protocol', 'grpc', '--http2-prior-knowledge', '--reflect'];
  const url = `http://${cluster.grpc}/${method}`;
  return (await run(buf, ['curl', ...protocol, ...flags, '-d', JSON.stringify(data), url])).stdout;
};

const documents = (text: string): { result?: { reportJson: string; counts: { packets: string } } }[] =>
  JSON.parse(`[${text.trim().replaceAll(/\}\s*\n\{/g, '},{')}]`);

test('health says NOT_SERVING until a worker is there', async () => {
  expect(await bufCurl('grpc.health.v1.Health/Check', {})).toMatch(/NOT_SERVING/);
  expect((await fetch(`http://${cluster.admin}/readyz`)).status).toBe(503);
  await cluster.addWorker(captures);
  expect(JSON.parse(await bufCurl('grpc.health.v1.Health/Check', {}))).toEqual({ status: 'SERVING' });
  expect((await fetch(`http://${cluster.admin}/readyz`)).status).toBe(200);
});

test('reflection lists the services, to both versions of its protocol', async () => {
  for (const version of ['grpc-v1', 'grpc-v1alpha']) {
    const list = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '--reflect-protocol', version];
    const { stdout } = await run(buf, [...list, '--list-methods', `http://${cluster.grpc}`]);
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining([
        'trireme.v1.CaptureService/Analyze',
        'trireme.v1.CaptureService/Upload',
        'trireme.v1.ChunkSource/ReadRange',
        'trireme.v1.ClusterService/ListWorkers',
        'trireme.v1.ClusterService/WatchWorkers',
        'trireme.v1.WorkerHub/Attach',
        'grpc.health.v1.Health/Check',
      ]),
    );
  }
});

test('ListWorkers shows slots, measured speeds and the last heartbeat', async () => {
  const { workers } = JSON.parse(await bufCurl('trireme.v1.ClusterService/ListWorkers', {})) as {
    workers: {
      name: string;
      slots: number;
      state: string;
      lastHeartbeat: string;
      kinds: { secondsPerUnit: number }[];
    }[];
  };
  expect(workers).toMatchObject([{ name: 'w0', slots: 1, state: 'SERVING' }]);
  expect(Date.parse(workers[0].lastHeartbeat)).toBeGreaterThan(Date.now() - 10_000);
  for (const { secondsPerUnit } of workers[0].kinds) expect(secondsPerUnit).toBeGreaterThan(0);
});

test('Analyze takes a relative path and streams progress and one result', async () => {
  const events = documents(await bufCurl('trireme.v1.CaptureService/Analyze', { path: 'sample.pcap' }));
  const results = events.filter(({ result }) => result !== undefined);
  expect(results).toHaveLength(1);
  const { reportJson, counts } = results[0].result!;
  expect(String((JSON.parse(reportJson) as { packets: number }).packets)).toBe(counts.packets);
});

test('a source that no analysis serves cannot be read', async () => {
  const request = { source: 'x', offset: 0, length: 10 };
  await expect(bufCurl('trireme.v1.ChunkSource/ReadRange', request)).rejects.toThrow(/no running analysis/);
});

(haveGrpcurl ? test : test.skip)('grpcurl lists, describes and calls', async () => {
  const grpcurl = async (...args: string[]): Promise<string> => (await run('grpcurl', ['-plaintext', ...args])).stdout;
  expect(await grpcurl(cluster.grpc, 'list')).toMatch(/trireme.v1.CaptureService/);
  expect(await grpcurl(cluster.grpc, 'describe', 'trireme.v1.CaptureService')).toMatch(/rpc Analyze/);
  const analyze = 'trireme.v1.CaptureService/Analyze';
  expect(await grpcurl('-d', '{"path":"sample.pcap"}', cluster.grpc, analyze)).toMatch(/reportJson/);
});
