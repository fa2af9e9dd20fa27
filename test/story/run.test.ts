import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { LineClient } from '../support/line-client.js';
import { runTrireme } from '../support/run-trireme.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const kinds = join(scratch.path, 'kinds');
const free = '127.0.0.1:0';
let lb: RunningRole;
let worker: RunningRole;
let at: { grpc: string; tcp: string };

beforeAll(async () => {
  mkdirSync(kinds);
  writeFileSync(
    join(kinds, 'upper.kind.js'),
    `exports.kind = { mayCopy: true, run({ text }) {
       if (text === 'bad') throw new Error('no luck');
       return text.toUpperCase();
     } };`,
  );
  writeFileSync(join(kinds, 'raw.kind.js'), `exports.kind = { answers: 'bytes', run: () => Buffer.from([0, 255]) };`);
  lb = RunningRole.start(['lb', '--tcp', free, '--grpc', free, '--admin', free]);
  at = (await lb.line('listening')) as unknown as typeof at;
  worker = RunningRole.start(['worker', '--host', at.grpc, '--slots', '1', '--kinds', kinds]);
  await worker.line('attached');
});

afterAll(async () => {
  await worker.end();
  await lb.end();
});

/** trireme run --lb ... with these arguments and this on standard input. */
function run(args: readonly string[], input = ''): { status: number | null; stdout: Buffer; stderr: string } {
  const all = [join(projectRoot, 'bin', 'trireme'), 'run', '--lb', at.grpc, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { input });
  return { status, stdout, stderr: stderr.toString() };
}

test('one job: its answer goes out as it is, text or bytes', () => {
  expect(run(['UPPER', 'hello'])).toEqual({ status: 0, stdout: Buffer.from('HELLO'), stderr: '' });
  expect(run(['RAW'])).toEqual({ status: 0, stdout: Buffer.from([0, 255]), stderr: '' });
  expect(run(['1']).stdout.toString()).toMatch(/^\d{10}$/);
});

test('one job that fails is told on stderr, and the exit code says so', () => {
  expect(run(['UPPER', 'bad'])).toEqual({
    status: 1,
    stdout: Buffer.alloc(0),
    stderr: 'trireme: JOB_FAILED: no luck\n',
  });
  expect(run(['THUMB'])).toMatchObject({ status: 1, stderr: expect.stringContaining('unknown job THUMB; there are') });
});

test('a job for each line: each is answered, and the log has a line of each, as GNU parallel writes it', () => {
  const log = join(scratch.path, 'log.tsv');
  const lines = Array.from({ length: 300 }, (_, seq) => `line ${seq}`);
  const input = [...lines, 'bad', 'bad'].join('\n');
  const { status, stdout, stderr } = run(['UPPER', '--each-line', '--jobs', '10', '--joblog', log], input);
  expect(status).toBe(2);
  expect(stdout.toString().trimEnd().split('\n').sort()).toEqual(lines.map((line) => line.toUpperCase()).sort());
  expect(stderr.split('\n').sort()).toEqual([
    '',
    'trireme: job 301: JOB_FAILED: no luck',
    'trireme: job 302: JOB_FAILED: no luck',
  ]);
  const [head, ...rows] = readFileSync(log, 'utf8').trimEnd().split('\n');
  expect(head).toBe('Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand');
  const byIndex = rows.map((row) => row.split('\t')).sort((a, b) => Number(a[0]) - Number(b[0]));
  expect(byIndex.map(([seq]) => Number(seq))).toEqual(Array.from({ length: 302 }, (_, seq) => seq + 1));
  expect(byIndex[0].slice(4)).toEqual(['6', '6', '0', '0', 'UPPER line 0']);
  expect(byIndex[301].slice(4)).toEqual(['3', '0', '1', '0', 'UPPER bad']);
});

test('more failures than a hundred are 101', () => {
  expect(run(['UPPER', '--each-line'], 'bad\n'.repeat(150)).status).toBe(101);
});

test('what cannot be asked is said before any job', () => {
  expect(run(['UPPER', 'x', '--each-line'])).toMatchObject({ status: 2, stderr: expect.stringContaining('say one') });
  const nowhere = spawnSync(process.execPath, [join(projectRoot, 'bin', 'trireme'), 'run', 'UPPER'], { input: '' });
  expect([nowhere.status, nowhere.stderr.toString()]).toEqual([
    2,
    'trireme: say where the load balancer is: --lb HOST:PORT; or a queue: --queue nats://HOST:PORT\n',
  ]);
});

test('a load balancer that is not there is told at once, also where more lines could come', async () => {
  const meanwhile = (child: { kill(signal: 'SIGKILL'): boolean }): void => {
    setTimeout(() => child.kill('SIGKILL'), 30_000).unref();
  };
  const { code, stderr } = await runTrireme(['run', '--lb', '127.0.0.1:1', '--each-line', 'UPPER'], { meanwhile });
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('127.0.0.1:1: ') });
});

test('the same kinds are there for JSON lines over TCP', async () => {
  const [host, port] = at.tcp.split(':');
  const client = await LineClient.dial({ host, port: Number(port) });
  client.socket.write(
    '{"id":7,"kind":"UPPER","payload":"hello"}\n{"id":8,"kind":"RAW"}\n{"id":9,"kind":"UPPER","payload":"bad"}\n',
  );
  await client.until(() => client.lines.length === 3, 'three answers');
  const answers = client.lines.map((line) => JSON.parse(line) as { id: number }).sort((a, b) => a.id - b.id);
  expect(answers).toEqual([
    { id: 7, result: 'HELLO' },
    { id: 8, resultBase64: 'AP8=' },
    { id: 9, error: { code: 'JOB_FAILED', message: 'no luck' } },
  ]);
  client.socket.destroy();
});
