import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { IncomingMessage } from 'node:http';
import { projectRoot } from '../../src/common/version.js';
import { httpClient, post } from '../support/http-port.js';
import { JobCluster } from '../support/job-cluster.js';
import { runTrireme } from '../support/run-trireme.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

const free = '127.0.0.1:0';
const runJob = '/trireme.v1.JobService/RunJob';
const sample = join(projectRoot, 'captures', 'sample.pcap');
const scratch = scratchFolder();
const portOf = (address: string): number => Number(address.split(':')[1]);

type Call = (request: unknown) => Promise<unknown> & AsyncIterable<unknown>;
const method = (client: unknown, name: string): Call => (client as Record<string, Call>)[name];

describe('a load balancer with --http', () => {
  let cluster: JobCluster;
  beforeAll(async () => {
    cluster = await JobCluster.start([1], ['--http', free]);
  });
  afterAll(() => cluster.stop());

  test('answers jobs, tells of its workers and its health, and counts the calls', async () => {
    const port = portOf(cluster.http);
    const { status, json } = await post(port, runJob, { kind: 'JOB_KIND_GET_TIME' });
    expect([status, json]).toMatchObject([200, { result: expect.stringMatching(/^\d{10}$/) as string, worker: 'w0' }]);
    const { json: listed } = await post(port, '/trireme.v1.ClusterService/ListWorkers', {});
    expect(listed).toMatchObject({ workers: [{ name: 'w0', state: 'SERVING' }] });
    expect((await post(port, '/grpc.health.v1.Health/Check', {})).json).toEqual({ status: 'SERVING' });
    expect(await cluster.metric(`trireme_http_calls_total{method="${runJob}",code="OK"}`)).toBe(1);
  });

  const curl = spawnSync('curl', ['--version']).error === undefined;
  if (!curl) console.log('SKIP: no curl here; the command of the documents is not tried');
  (curl ? test : test.skip)('curl is answered', () => {
    const json = ['-H', 'content-type: application/json'];
    const { stdout } = spawnSync('curl', [
      ...['-sS', '-d', '{"kind":"JOB_KIND_MINE_BITCOIN"}', ...json],
      `http://${cluster.http}${runJob}`,
    ]);
    expect(JSON.parse(stdout.toString())).toMatchObject({ result: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  });

  test('a request that trickles its headers is closed, and others are answered', async () => {
    const socket = connect(portOf(cluster.http), '127.0.0.1').on('error', () => undefined);
    socket.resume().write('POST / HTTP/1.1\r\nhost: localhost\r\nx-slow: ');
    const timer = setInterval(() => socket.write('a'), 500);
    await once(socket, 'close');
    clearInterval(timer);
    expect((await post(portOf(cluster.http), runJob, { kind: 'JOB_KIND_GET_TIME' })).status).toBe(200);
  });
});

test('a master with --http takes an upload, streams its analysis and ends with the report of the command line', async () => {
  const master = RunningRole.start([
    ...['master', '--grpc', free, '--admin', free, '--http', free],
    ...['--captures', scratch.path, '--spool', join(scratch.path, 'spool')],
  ]);
  const worker = await master
    .line('listening')
    .then(({ grpc }) => RunningRole.start(['worker', '--host', String(grpc)]));
  try {
    const { http } = await master.line('listening');
    const captures = httpClient(portOf(String(http)), 'trireme.v1.CaptureService', 'Connect');
    const bytes = readFileSync(sample);
    async function* parts(): AsyncGenerator<unknown> {
      yield { part: { case: 'header', value: { name: 'sample.pcap' } } };
      for (let at = 0; at < bytes.length; at += 256 * 1024)
        yield { part: { case: 'data', value: await Promise.resolve(bytes.subarray(at, at + 256 * 1024)) } };
    }
    const { path } = (await method(captures, 'upload')(parts())) as { path: string };
    const events: { event: { case: string; value: { reportJson?: string } } }[] = [];
    for await (const event of method(captures, 'analyze')({ path, name: sample }))
      events.push(event as (typeof events)[number]);
    expect([events[0].event.case, events.at(-1)?.event.case]).toEqual(['accepted', 'result']);
    const here = await runTrireme(['analyze', sample, '--json']);
    const [{ file, ...expected }] = (JSON.parse(here.stdout) as { results: Record<string, unknown>[] }).results;
    expect(file).toBe(sample);
    expect(JSON.parse(events.at(-1)?.event.value.reportJson ?? '')).toEqual(expected);
    const { json } = await post(portOf(String(http)), '/trireme.v1.CaptureService/ListAnalyses', {});
    expect(json).toMatchObject({ analyses: [{ state: 'ANALYSIS_STATE_DONE' }] });
  } finally {
    await worker.end();
    await master.end();
  }
});

test('under mutual TLS the port of --http asks for the certificate of a client, by HTTPS', async () => {
  const folder = join(scratch.path, 'certs');
  expect(await runTrireme(['certs', folder, '--hosts', 'localhost'])).toMatchObject({ code: 0 });
  const file = (name: string): string => join(folder, name);
  const lb = RunningRole.start([
    ...['lb', '--tcp', free, '--grpc', free, '--admin', free, '--http', free],
    ...['--tls-cert', file('lb.crt'), '--tls-key', file('lb.key'), '--tls-ca', file('ca.crt')],
  ]);
  try {
    const { http } = await lb.line('listening');
    const ask = async (name: string | null): Promise<[number | undefined, string]> => {
      const read = (suffix: string): Buffer => readFileSync(file(`${name}.${suffix}`));
      const shown: RequestOptions = name === null ? {} : { cert: read('crt'), key: read('key') };
      const asked = request({
        ...{ host: '127.0.0.1', servername: 'localhost', port: portOf(String(http)), path: runJob, method: 'POST' },
        ...{ ca: readFileSync(file('ca.crt')), agent: false, headers: { 'content-type': 'application/json' } },
        ...shown,
      });
      asked.end('{"kind":7}');
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      let text = '';
      for await (const chunk of response) text += String(chunk);
      return [response.statusCode, (JSON.parse(text) as { message: string }).message.split(':')[0]];
    };
    expect(await ask('client')).toEqual([400, 'UNKNOWN_JOB']);
    expect(await ask('worker')).toEqual([403, 'NOT_ALLOWED']);
    expect(await ask(null)).toEqual([401, 'UNAUTHENTICATED']);
  } finally {
    await lb.end();
  }
});
