import * as grpc from '@grpc/grpc-js';
import { readFileSync } from 'node:fs';
import { Authority } from '../../src/certs/authority.js';
import { JobKind, JobServiceClient } from '../../src/gen/trireme/v1/job.js';
import { getAdmin, refusalsOf } from '../support/admin-client.js';
import { eventually } from '../support/capture-cluster.js';
import { runTrireme, type Ran } from '../support/run-trireme.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';
import { TestCertificates } from '../support/test-certificates.js';
import { statusTold } from '../support/status-details.js';

const scratch = scratchFolder();
const token = 'right-and-secret';
const roles: RunningRole[] = [];
let certificates: TestCertificates;
let tokenFile: string;
let lb: RunningRole;
let worker: RunningRole;
let tcp: string;
let target: string;
let admin: string;

beforeAll(async () => {
  certificates = await TestCertificates.make(scratch.path);
  tokenFile = scratch.file('token', `${token}\n`);
  const free = '127.0.0.1:0';
  const ports = ['--tcp', free, '--grpc', free, '--admin', free];
  lb = start(['lb', ...ports, '--tcp-tls', '--token-file', tokenFile, ...certificates.args('server')]);
  ({ tcp, grpc: target, admin } = (await lb.line('listening')) as { tcp: string; grpc: string; admin: string });
  worker = startWorker(['--token-file', tokenFile, ...certificates.args('client')]);
  await worker.line('attached');
});
afterAll(async () => {
  for (const role of roles.reverse()) await role.end();
});

function start(args: string[]): RunningRole {
  const role = RunningRole.start(args);
  roles.push(role);
  return role;
}

const startWorker = (args: string[]): RunningRole => start(['worker', '--host', target, '--slots', '1', ...args]);
const runClient = (args: string[]): Promise<Ran> => runTrireme(['client', '--lb', tcp, '--jobs', '1,2,1', ...args]);
const refusals = (): Promise<Map<string, number>> => refusalsOf(admin, certificates, { name: 'client', token });

/** A unary call without a body, as a stranger makes it. */
async function call(path: string, authorization?: string): Promise<grpc.status> {
  return (await failed(path, authorization))?.code ?? 0;
}

function failed(path: string, authorization?: string): Promise<grpc.ServiceError | null> {
  const read = (name: string): Buffer => readFileSync(name);
  const credentials = grpc.credentials.createSsl(
    read(certificates.cert('ca')),
    read(certificates.key('client')),
    read(certificates.cert('client')),
  );
  const client = new grpc.Client(target.replace('127.0.0.1', 'localhost'), credentials);
  const metadata = new grpc.Metadata();
  if (authorization !== undefined) metadata.set('authorization', authorization);
  const bytes = (value: Buffer): Buffer => value;
  return new Promise<grpc.ServiceError | null>((resolve) =>
    client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), metadata, (error) => resolve(error)),
  ).finally(() => client.close());
}

describe('a load balancer that asks for a token and a certificate', () => {
  test('serves a client and the load generator that have both, in either framing', async () => {
    const both = ['--token-file', tokenFile, ...certificates.args('client')];
    for (const framing of [[], ['--lines']])
      expect(await runClient([...both, ...framing])).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^\d{10}\n[0-9a-f]{64}\n\d{10}\n$/) as string,
      });
    const bench = ['bench-jobs', '--lb', tcp, '--connections', '1', '--in-flight', '4', ...both];
    expect(await runTrireme([...bench, '--warmup', '0s', '--duration', '100ms'])).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  test.each<[string, string[], RegExp, string]>([
    ['no token', ['client'], /a valid token is needed/, 'tcp no-token'],
    ['a wrong token', ['client', 'wrong'], /a valid token is needed/, 'tcp wrong-token'],
    ['an expired certificate', ['expired', token], /expired\.crt: expired on/, 'tcp certificate'],
    ['a foreign certificate', ['foreign', token], /may not accept the certificate .*foreign\.crt/, 'tcp certificate'],
    ['no certificate', ['', token], /--tls-cert and --tls-key/, 'tcp certificate'],
  ])('refuses a client with %s in one line, logs and counts it', async (_name, [name, its], message, key) => {
    const before = (await refusals()).get(key) ?? 0;
    const tls = name === '' ? ['--tls-ca', certificates.cert('ca')] : certificates.args(name);
    const { code, stdout, stderr } = await runClient([...tls, ...(its === undefined ? [] : ['--token', its])]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n').length).toBe(1);
    expect((await refusals()).get(key)).toBe(before + 1);
    const [port, reason] = key.split(' ');
    await lb.line('refused', (line) => line.port === port && line.reason === reason);
  });

  test('refuses a client that does not encrypt', async () => {
    expect(await runClient(['--token', token])).toMatchObject({ code: 1, stdout: '' });
    expect((await refusals()).get('tcp tls')).toBe(1);
  });

  test.each<[string, string[], RegExp, string]>([
    ['no token', ['client'], /^UNAUTHENTICATED: a valid token/, 'no-token'],
    ['a wrong token', ['client', 'wrong'], /^UNAUTHENTICATED: a valid token/, 'wrong-token'],
    ['an expired certificate', ['expired', token], /expired on/, 'certificate'],
    ['a foreign certificate', ['foreign', token], /may not accept/, 'certificate'],
  ])('refuses a worker with %s, logs and counts it', async (_name, [name, its], message, reason) => {
    const bad = startWorker([...certificates.args(name), ...(its === undefined ? [] : ['--token', its])]);
    expect((await bad.line('cannot attach')).reason).toMatch(message);
    await bad.end();
    await lb.line('refused', (line) => line.port === 'grpc' && line.reason === reason);
    expect((await refusals()).get(`grpc ${reason}`)).toBeGreaterThan(0);
    expect(bad.log.some((line) => line.msg === 'attached')).toBe(false);
  });

  test('a worker does not join a hub of another authority', async () => {
    const wary = startWorker([...certificates.args('client', 'other-ca'), '--token', token]);
    expect((await wary.line('cannot attach')).reason).toMatch(/certificate/);
    await wary.end();
  });

  test('asks for the token at every service, health aside', async () => {
    for (const path of [
      'trireme.v1.ClusterService/ListWorkers',
      'trireme.v1.JobService/RunJob',
      'grpc.channelz.v1.Channelz/GetServers',
    ]) {
      expect([path, await call(`/${path}`)]).toEqual([path, grpc.status.UNAUTHENTICATED]);
      expect([path, await call(`/${path}`, 'Bearer wrong')]).toEqual([path, grpc.status.UNAUTHENTICATED]);
      const refused = await failed(`/${path}`, 'Bearer wrong');
      expect(refused && statusTold(refused.metadata)).toMatchObject({
        message: refused?.details,
        details: { ErrorInfo: { reason: 'UNAUTHENTICATED', domain: 'trireme' } },
      });
      expect([path, await call(`/${path}`, `Bearer ${token}`)]).not.toEqual([path, grpc.status.UNAUTHENTICATED]);
    }
    expect(await call('/grpc.health.v1.Health/Check')).toBe(grpc.status.OK);
  });

  test('the admin port shows its health to all, and the rest to those who have both', async () => {
    const status = async (path: string, by = {}): Promise<number> =>
      (await getAdmin(admin, path, certificates, by)).status;
    expect(await status('/healthz')).toBe(200);
    for (const path of ['/', '/metrics', '/api/workers']) {
      expect(await status(path)).toBe(403);
      expect(await status(path, { name: 'foreign', token })).toBe(403);
      expect(await status(path, { name: 'expired', token })).toBe(403);
      expect(await status(path, { name: 'client' })).toBe(401);
      expect(await status(path, { name: 'client', token: 'wrong' })).toBe(401);
      expect(await status(path, { name: 'client', token })).toBe(200);
    }
  });

  test('what was presented stands in no log', () => {
    const all = roles.flatMap((role) => role.stderr).join('\n');
    expect(all).not.toContain(token);
    expect(all).not.toContain('wrong"');
  });

  test('SIGHUP takes new files without ending a stream, and no broken ones', async () => {
    const read = (path: string): Buffer => readFileSync(path);
    const client = new JobServiceClient(
      target.replace('127.0.0.1', 'localhost'),
      grpc.credentials.createSsl(
        read(certificates.cert('ca')),
        read(certificates.key('client')),
        read(certificates.cert('client')),
      ),
    );
    const metadata = new grpc.Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const stream = client.runJobs(metadata);
    const results: string[] = [];
    let broken: unknown;
    stream.on('error', (error) => (broken = error));
    stream.on('data', ({ results: some }: { results: { result: string }[] }) =>
      results.push(...some.map((r) => r.result)),
    );
    const ask = async (): Promise<void> => {
      const count = results.length;
      stream.write({ jobs: [{ tag: BigInt(count), kind: JobKind.GET_TIME }] });
      await eventually('an answer on the old stream', () => results.length > count || broken !== undefined);
    };
    await ask();

    scratch.file('server.crt', 'broken');
    lb.child.kill('SIGHUP');
    expect((await lb.line('credentials not reloaded, the old ones stay')).error).toMatch(/--tls-cert .*server\.crt/);
    const old = ['--token', token, ...certificates.args('client')];
    expect((await runClient(old)).code).toBe(0);

    const hourMs = 3_600_000;
    const validity = { notBefore: new Date(Date.now() - hourMs), notAfter: new Date(Date.now() + hourMs) };
    const authority = await Authority.create('the next authority', validity);
    certificates.write('next-ca', authority.issued);
    certificates.write('next', await authority.issue('next', [], validity));
    certificates.write('server', await authority.issue('server', ['localhost', '127.0.0.1'], validity));
    // The listener asks for certificates of the next authority as well.
    certificates.write('ca', authority.issued);
    scratch.file('token', 'the-next-token');
    lb.child.kill('SIGHUP');
    await lb.line('credentials reloaded');

    await ask();
    expect(broken).toBeUndefined();
    expect(worker.log.some((line) => line.msg === 'detached')).toBe(false);
    const next = ['--token', 'the-next-token', ...certificates.args('next', 'next-ca')];
    expect(await runClient(next)).toMatchObject({ code: 0 });
    expect(await runClient(['--token', token, ...certificates.args('next', 'next-ca')])).toMatchObject({ code: 1 });
    expect(await runClient(['--token', 'the-next-token', ...certificates.args('client', 'next-ca')])).toMatchObject({
      code: 1,
    });
    stream.end();
    client.close();
  });
});
