import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { refusalsOf } from '../support/admin-client.js';
import { runTrireme, type Ran } from '../support/run-trireme.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';
import { TestCertificates } from '../support/test-certificates.js';

const scratch = scratchFolder();
const token = 'right-and-secret';
const sample = join(projectRoot, 'captures', 'sample.pcap');
let certificates: TestCertificates;
let master: RunningRole;
let worker: RunningRole;
let target: string;
let admin: string;

beforeAll(async () => {
  certificates = await TestCertificates.make(scratch.path);
  // Neither sees the capture: it goes from the client to the master, and from there to the worker.
  const empty = join(scratch.path, 'empty');
  mkdirSync(empty);
  const folders = ['--captures', empty];
  const ports = ['--grpc', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--spool', join(scratch.path, 'spool')];
  master = RunningRole.start(['master', ...ports, ...folders, '--token', token, ...certificates.args('server')]);
  ({ grpc: target, admin } = (await master.line('listening')) as { grpc: string; admin: string });
  const both = ['--token', token, ...certificates.args('client')];
  worker = RunningRole.start(['worker', '--host', target, '--slots', '1', ...folders, ...both]);
  await worker.line('attached');
});
afterAll(async () => {
  await worker.end();
  await master.end();
});

const analyze = (args: string[], env = {}): Promise<Ran> =>
  runTrireme(['analyze', '--json', '-q', sample, ...args], { env });

test('a capture is sent, scanned and reported over TLS with a token, and the answer is that of one core', async () => {
  const here = await analyze([]);
  const there = await analyze(['--master', target, '--token', token, ...certificates.args('client')]);
  expect(there).toEqual(here);
});

test('the token may come from the environment', async () => {
  const args = ['--master', target, ...certificates.args('client')];
  expect(await analyze(args, { TRIREME_TOKEN: token })).toMatchObject({ code: 0, stderr: '' });
});

test.each<[string, string[], RegExp, string]>([
  ['no token', ['client'], /^trireme: a valid token is needed/, 'no-token'],
  ['a wrong token', ['client', 'wrong'], /^trireme: a valid token is needed/, 'wrong-token'],
  ['an expired certificate', ['expired', token], /expired\.crt: expired on/, 'certificate'],
  ['a foreign certificate', ['foreign', token], /may not accept the certificate/, 'certificate'],
])('an analysis with %s is refused in one line, logged and counted', async (_name, [name, its], message, reason) => {
  const args = [...certificates.args(name), ...(its === undefined ? [] : ['--token', its])];
  const { code, stdout, stderr } = await analyze(['--master', target, ...args]);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd().split('\n').length).toBe(1);
  await master.line('refused', (line) => line.port === 'grpc' && line.reason === reason);
  const counts = await refusalsOf(admin, certificates, { name: 'client', token });
  expect(counts.get(`grpc ${reason}`)).toBeGreaterThan(0);
});

test('an analysis without TLS, or that trusts another authority, does not get through', async () => {
  expect((await analyze(['--master', target, '--token', token])).stderr).toMatch(/if that port speaks TLS: --tls-ca/);
  const wary = await analyze(['--master', target, '--token', token, ...certificates.args('client', 'other-ca')]);
  expect(wary.code).toBe(1);
  expect(wary.stderr).toMatch(/^trireme: master .* cannot be reached: .*certificate/);
});

test('options about credentials without --master are wrong usage', async () => {
  expect(await analyze(['--token', token])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--master') as string,
  });
});
