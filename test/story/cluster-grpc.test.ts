import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../src/common/version.js';
import { CaptureCluster } from '../support/capture-cluster.js';
import { runTrireme } from '../support/run-trireme.js';

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

test.each<[string, object, string[]]>([
  ['nothing', {}, []],
  ['5 conversations', { conversationsMax: 5 }, ['--max-conversations', '5']],
  [
    'rows, an order and an interval',
    { top: 3, sort: 'packets', intervalNs: '60000000000' },
    ['--top', '3', '--sort', 'packets', '--interval', '1m'],
  ],
])('who asks for %s is told the same by gRPC, by a cluster and by this machine', async (_what, options, args) => {
  const sample = join(captures, 'sample.pcap');
  const asked = Object.keys(options).length === 0 ? {} : { options };
  const events = documents(await bufCurl('trireme.v1.CaptureService/Analyze', { path: 'sample.pcap', ...asked }));
  const [there, here] = await Promise.all([
    cluster.analyze([sample], args),
    runTrireme(['analyze', '--json', '-q', ...args, sample]),
  ]);
  expect(there).toEqual(here);
  const { results } = JSON.parse(here.stdout) as { results: object[] };
  const report = JSON.parse(events.find(({ result }) => result !== undefined)!.result!.reportJson) as object;
  expect({ ...report, file: sample }).toEqual(results[0]);
});

test('50,000,000 conversations are refused in the same words by gRPC, by a cluster and by this machine', async () => {
  const words = '50000000 is not a whole number from 1 to 16777216';
  const request = { path: 'sample.pcap', options: { conversationsMax: 50_000_000 } };
  const refusal = { stderr: expect.stringContaining(`"USAGE: conversations_max ${words}"`) as string };
  await expect(bufCurl('trireme.v1.CaptureService/Analyze', request)).rejects.toMatchObject(refusal);
  const args = ['--max-conversations', '50000000'];
  const refused = { code: 2, signal: null, stdout: '', stderr: `trireme: --max-conversations ${words}\n` };
  expect(await cluster.analyze(['sample.pcap'], args)).toEqual(refused);
  expect(await runTrireme(['analyze', ...args, 'sample.pcap'])).toEqual(refused);
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
  const five = '{"path":"sample.pcap","options":{"conversations_max":5}}';
  const asked = await grpcurl('-d', five, cluster.grpc, analyze);
  const { result } = documents(asked).find((event) => event.result !== undefined)!;
  const { stdout } = await runTrireme(['analyze', '--json', '--max-conversations', '5', join(captures, 'sample.pcap')]);
  const { results } = JSON.parse(stdout) as { results: { file: string }[] };
  expect({ ...(JSON.parse(result!.reportJson) as object), file: results[0].file }).toEqual(results[0]);
  const tooMany = '{"path":"sample.pcap","options":{"conversations_max":50000000}}';
  await expect(grpcurl('-d', tooMany, cluster.grpc, analyze)).rejects.toMatchObject({
    stderr: expect.stringContaining('conversations_max 50000000 is not a whole number from 1 to 16777216') as string,
  });
});
