import * as grpc from '@grpc/grpc-js';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { Analysis, CaptureServiceService } from '../../src/gen/trireme/v1/capture.js';
import {
  Candidate,
  ClusterServiceService,
  Pick,
  WorkerHubService,
  KindTotals,
  WorkerInfo,
} from '../../src/gen/trireme/v1/worker.js';
import { projectRoot } from '../../src/common/version.js';
import { RunningRole } from '../support/running-role.js';
import { runTrireme, triremePath, type Ran } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { filled } from '../support/filled.js';

/** What others may call themselves: a terminal would clear, turn around, or take it for lines of its own. */
const nasty = 'evil\x1b[2J\x1b]0;x\x07\u009b31m\u202egnp\x7f\r\nroot  SERVING';
const shown = 'evil\\u001b[2J\\u001b]0;x\\u0007\\u009b31m\\u202egnp\\u007f\\r\\nroot  SERVING';
// eslint-disable-next-line no-control-regex
const obeyed = /[\0-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

const scratch = scratchFolder();
let server: grpc.Server;
let target: string;
let lb: Server;

const refusal = { code: grpc.status.ABORTED, details: `JOB_FAILED: ${nasty}` };
/** Part of what is shown, where the blanks between are not what was sent: gRPC carries no line ends in a status. */
const shownStart = shown.slice(0, shown.indexOf('\\u007f'));
const worker = filled(WorkerInfo, { id: 'x', name: nasty, state: nasty, lastHeartbeat: '2026-01-01T00:00:00Z' });
const totals = filled(KindTotals, { name: nasty, notDone: { [nasty]: 1n } });
const candidates = [filled(Candidate, { worker: nasty })];
const pick = filled(Pick, { jobId: 1, kind: nasty, worker: nasty, outcome: nasty, time: nasty, candidates });
const analysis = filled(Analysis, { id: nasty, name: nasty, error: nasty, owner: nasty, submitted: '2026-01-01' });

/** A hub, a master and a load balancer that say whatever they like. */
beforeAll(async () => {
  server = new grpc.Server();
  server.addService(ClusterServiceService, {
    watchWorkers: (call: grpc.ServerWritableStream<unknown, object>) => {
      for (let i = 0; i < 2; i++) call.write({ workers: [worker], jobsWaiting: 0, kinds: [totals] });
    },
    listPicks: (_call: unknown, answer: grpc.sendUnaryData<object>) => answer(null, { picks: [pick] }),
    explainJob: (call: { request: { jobId: bigint } }, answer: grpc.sendUnaryData<object>) =>
      call.request.jobId === 1n ? answer(null, { picks: [pick] }) : answer(refusal),
  } as never);
  server.addService(CaptureServiceService, {
    listAnalyses: (_call: unknown, answer: grpc.sendUnaryData<object>) => answer(null, { analyses: [analysis] }),
    cancelAnalysis: (_call: unknown, answer: grpc.sendUnaryData<object>) => answer(refusal),
    resumeAnalysis: (call: grpc.ServerWritableStream<unknown, object>) => {
      const progress = { bytesDone: 0n, bytesTotal: 1n, chunksDone: 0, chunksResumed: 0, chunksTotal: 1, workers: 0 };
      call.write({ event: { $case: 'accepted', value: { analysis: analysis, durable: true } } });
      call.write({ event: { $case: 'progress', value: { ...progress, message: nasty } } });
      call.emit('error', refusal);
    },
  } as never);
  server.addService(WorkerHubService, {
    attach: (call: grpc.ServerDuplexStream<unknown, object>) => call.emit('error', refusal),
  } as never);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  target = `127.0.0.1:${port}`;
  lb = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () =>
      socket.end(Buffer.concat([Buffer.from(`ERROR ${nasty}`), Buffer.alloc(1024, ' ')]).subarray(0, 1024)),
    );
  });
  await new Promise<void>((resolve) => lb.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.forceShutdown();
  await new Promise((resolve) => lb.close(resolve));
});

function expectShown({ stdout, stderr }: Ran, where: 'stdout' | 'stderr', text = shown): void {
  expect({ stdout, stderr }).toMatchObject({ [where]: expect.stringContaining(text) as string });
  expect(obeyed.test(stdout + stderr)).toBe(false);
}

test.each<[string, (at: string) => string[], 'stdout' | 'stderr', string]>([
  ['top', (at) => ['top', '--lb', at, '--once', '--interval', '100ms'], 'stdout', shown.slice(0, 30)],
  ['why --last', (at) => ['why', '--last', '--lb', at], 'stdout', shown],
  ['why', (at) => ['why', '1', '--lb', at], 'stdout', shown],
  ['an error of why', (at) => ['why', '2', '--lb', at], 'stderr', shownStart],
  ['analyses', (at) => ['analyses', '--master', at], 'stdout', shown],
  ['an error of cancel', (at) => ['cancel', 'x', '--master', at], 'stderr', shownStart],
  ['what analyze waits for', (at) => ['analyze', '--resume', 'x', '--master', at], 'stderr', shown],
])('%s shows the names of others and obeys none', async (_name, args, where, text) => {
  expectShown(await runTrireme(args(target)), where, text);
});

test('JSON stays JSON, with the names as they are', async () => {
  const { stdout } = await runTrireme(['analyses', '--master', target, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ analyses: [{ file: nasty, error: nasty, owner: nasty }] });
  const { stdout: picks } = await runTrireme(['why', '1', '--lb', target, '--json']);
  expect(JSON.parse(picks)).toMatchObject({ picks: [{ worker: nasty }] });
});

test('an error that a load balancer answers is shown', async () => {
  const at = `127.0.0.1:${(lb.address() as AddressInfo).port}`;
  // The client ends an answer at its line end, so what follows there is no part of it.
  expectShown(await runTrireme(['client', '--lb', at, '--jobs', '1']), 'stdout', shownStart);
});

test('the name of a file is shown: in a report, of one that is cut, and of one that is not there', async () => {
  const name = join(scratch.path, nasty);
  copyFileSync(join(projectRoot, 'captures', 'sample.pcap'), name);
  expectShown(await runTrireme(['analyze', name, name]), 'stdout');
  expectShown(await runTrireme(['analyze', `${name}.none`]), 'stderr');
  execFileSync('truncate', ['-s', '1000', name]);
  const cut = await runTrireme(['analyze', name]);
  expectShown(cut, 'stdout');
  expectShown(cut, 'stderr');
  const { stdout } = await runTrireme(['analyze', '--json', '-q', name]);
  expect(JSON.parse(stdout)).toMatchObject({ results: [{ file: name }] });
});

test('a value on the command line that is refused is shown', async () => {
  expectShown(await runTrireme(['worker', '--name', nasty]), 'stderr', '\\u001b[2J');
});

test('a log in JSON shows what a hub says', async () => {
  const role = RunningRole.start(['worker', '--host', target, '--slots', '1']);
  const { reason } = await role.line('cannot attach');
  await role.end();
  expect(reason).toContain(nasty.slice(0, nasty.indexOf('\x7f')));
  expect(obeyed.test(role.stderr.join(''))).toBe(false);
});

const canScript = spawnSync('script', ['--version']).status === 0;
if (!canScript) console.log('SKIP: script (bsdutils) is not there, which gives a command a terminal');

(canScript ? describe : describe.skip)('on a terminal', () => {
  /** Runs a command on a terminal of its own, and answers with all that this terminal was sent. */
  function onTerminal(args: string[], until: (text: string) => boolean = () => false): Promise<string> {
    const quoted = [process.execPath, triremePath, ...args]
      .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
      .join(' ');
    const child = spawn('script', ['-qec', quoted, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      // A terminal that is gone ends what runs on it.
      if (until(text)) child.kill('SIGKILL');
    });
    return new Promise((resolve) => child.on('close', () => resolve(text)));
  }
  /** Without what our own side means: colours, and the line ends of a terminal. */
  // eslint-disable-next-line no-control-regex
  const others = (text: string): string => text.replace(/\x1b\[\d*(;\d+)*m|\r*\n|\r$/g, '');

  test('a readable log shows what a hub says', async () => {
    const text = await onTerminal(['worker', '--host', target, '--slots', '1'], (all) => all.includes(shownStart));
    expect(text).toContain(shownStart);
    expect(obeyed.test(others(text))).toBe(false);
  });

  test('tables, reports, JSON and answers are shown', async () => {
    const at = `127.0.0.1:${(lb.address() as AddressInfo).port}`;
    const name = join(scratch.path, nasty);
    for (const args of [
      ['analyses', '--master', target],
      ['analyses', '--master', target, '--json'],
      ['why', '--last', '--lb', target],
      ['client', '--lb', at, '--jobs', '1'],
      ['analyze', '--csv', '-q', name],
      ['analyze', '--json', '-q', name],
    ]) {
      const text = await onTerminal(args);
      const end = args[0] === 'client' ? shownStart : 'root  SERVING';
      expect([args, text.includes(end) || args.includes('--csv')]).toEqual([args, true]);
      expect([args, obeyed.test(others(text))]).toEqual([args, false]);
    }
  });
});
