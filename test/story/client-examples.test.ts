import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { describeWithBrowser } from '../support/browser.js';
import { RunningRole } from '../support/running-role.js';
import { looks, openWatched, seriousFaults } from '../support/watched-page.js';

const examples = join(projectRoot, 'examples', 'clients');
const token = 'a-token';
const env = { ...process.env, TRIREME_TOKEN: token };

let lb: RunningRole;
let worker: RunningRole;
let at: { readonly grpc: string; readonly http: string };
let pages: Server;
let origin: string;

beforeAll(async () => {
  const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };
  pages = createServer(({ url = '/' }, response) => {
    const name = url === '/' ? 'index.html' : url.slice(1);
    if (!['index.html', 'jobs.js'].includes(name)) return void response.writeHead(404).end();
    response.setHeader('content-type', types[extname(name)]);
    response.end(readFileSync(join(examples, 'browser', name)));
  });
  await once(pages.listen(0, '127.0.0.1'), 'listening');
  origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
  const any = '127.0.0.1:0';
  const http = ['--http', any, '--http-origin', origin];
  lb = RunningRole.start(['lb', '--tcp', any, '--grpc', any, '--admin', any, ...http, '--token', token]);
  at = (await lb.line('listening')) as typeof at;
  worker = RunningRole.start(['worker', '--host', at.grpc, '--slots', '1', '--name', 'w0', '--token', token]);
  await worker.line('attached');
});
afterAll(async () => {
  await worker.end();
  await lb.end();
  pages.close();
});

/** What an example printed of two jobs that are answered and one that is not there. */
function expectJobs({ status, stdout, stderr }: { status: number | null; stdout: string; stderr: string }): void {
  expect([stdout.replace(/[0-9a-f]{64}/, 'HASH').replace(/\d{10}/, 'TIME'), status]).toEqual([
    'TIME by w0\nHASH by w0\n',
    1,
  ]);
  expect(stderr).toContain('UNKNOWN_JOB: unknown job NONE');
}

const hasPython = spawnSync('python3', ['-c', 'import grpc, grpc_tools']).status === 0;
if (!hasPython) console.log('SKIP: python3 without grpcio and grpcio-tools; the example in Python is not run');
(hasPython ? test : test.skip)('the example in Python asks over gRPC', () => {
  const args = [join(examples, 'python', 'jobs.py'), at.grpc, 'GET_TIME', 'MINE_BITCOIN', 'NONE'];
  expectJobs(spawnSync('python3', args, { env, encoding: 'utf8' }));
});

const hasGo = spawnSync('go', ['version']).status === 0;
if (!hasGo) console.log('SKIP: no go here; the example in Go is not run');
(hasGo ? test : test.skip)('the example in Go asks over HTTP', () => {
  const go = { ...env, GOFLAGS: '-mod=mod', GOPROXY: 'off' };
  const args = ['run', '.', `http://${at.http}`, 'GET_TIME', 'MINE_BITCOIN', 'NONE'];
  const ran = spawnSync('go', args, { cwd: join(examples, 'go'), env: go, encoding: 'utf8' });
  expectJobs(ran);
  expect(ran.stderr).toContain('"reason":"UNKNOWN_JOB"');
});

describeWithBrowser('the example for browsers', (browser) => {
  test('asks over HTTP with a token, shows what is wrong without, and is clean to axe', async () => {
    const { page } = await openWatched(browser(), `${origin}/`, looks[0]);
    await page.fill('[name=base]', `http://${at.http}`);
    await page.click('button');
    const output = page.locator('#answer');
    await output.filter({ hasText: 'unauthenticated: UNAUTHENTICATED: a valid token is needed here' }).waitFor();
    await page.fill('[name=token]', token);
    await page.click('button');
    await output.filter({ hasText: /^\d{10} by w0$/ }).waitFor();
    await page.fill('[name=kind]', 'NONE');
    await page.click('button');
    await output.filter({ hasText: 'google.rpc.ErrorInfo {"reason":"UNKNOWN_JOB"' }).waitFor();
    expect(await seriousFaults(page)).toEqual([]);
  });
});
