import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JobClient } from '../../src/api/job-client.js';
import { eventually } from '../support/capture-cluster.js';
import { triremePath } from '../support/run-trireme.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const kinds = join(scratch.path, 'kinds');
const began = join(scratch.path, 'began');
const ended = join(scratch.path, 'ended');
const roles: RunningRole[] = [];
let grpcAt: string;

const files = {
  upper: `mayCopy: true, run({ text }) { if (text === 'bad') throw new Error('no luck'); return text.toUpperCase(); }`,
  // Fails the first two times with each payload.
  third: `run({ text }) {
    appendFileSync(${JSON.stringify(began)}, text + '\\n');
    const times = readFileSync(${JSON.stringify(began)}, 'utf8').split('\\n').filter((line) => line === text).length;
    if (times < 3) throw new Error('time ' + times);
    return text;
  }`,
  // Goes on until nobody waits for it.
  wait: `async run(job) {
    appendFileSync(${JSON.stringify(began)}, job.text + '\\n');
    while (!job.cancelled()) await new Promise((go) => setTimeout(go, 10));
    appendFileSync(${JSON.stringify(ended)}, job.text + '\\n');
    throw new Error('cancelled');
  }`,
  echo: `answers: 'bytes', mayCopy: true, run: ({ payload }) => payload`,
  long: `answers: 'bytes', resultBytesMax: 64 * 1024 * 1024, run: ({ text }) => Buffer.alloc(Number(text), 'x')`,
  slow: `async run({ text }) { await new Promise((go) => setTimeout(go, 100)); return text; }`,
};

beforeAll(async () => {
  mkdirSync(kinds);
  for (const [name, text] of Object.entries(files))
    writeFileSync(
      join(kinds, `${name}.kind.js`),
      `const { appendFileSync, readFileSync } = require('node:fs'); exports.kind = { ${text} };`,
    );
  const free = '127.0.0.1:0';
  const lb = RunningRole.start(['lb', '--tcp', free, '--grpc', free, '--admin', free]);
  roles.push(lb);
  grpcAt = (await lb.line('listening')).grpc as string;
  const worker = RunningRole.start(['worker', '--host', grpcAt, '--slots', '2', '--kinds', kinds]);
  roles.push(worker);
  await worker.line('attached');
});

afterAll(async () => {
  await Promise.all(roles.map((role) => role.end()));
});

beforeEach(() => {
  writeFileSync(began, '');
  writeFileSync(ended, '');
});

function run(args: readonly string[], input = ''): { status: number | null; stdout: string; stderr: string } {
  const all = [triremePath, 'run', '--lb', grpcAt, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { input, encoding: 'utf8', cwd: scratch.path });
  return { status, stdout, stderr };
}

const linesOf = (path: string): string[] => readFileSync(path, 'utf8').split('\n').filter(Boolean);

/** Seq and Exitval of the rows of a log, in the order of Seq. */
const rowsOf = (log: string): (readonly [number, number])[] =>
  linesOf(log)
    .slice(1)
    .map((line) => line.split('\t'))
    .map((fields) => [Number(fields[0]), Number(fields[6])] as const)
    .sort((a, b) => a[0] - b[0]);

test('a job for each file: answers stand under the names of the files, and failures are counted and logged', () => {
  for (const name of ['a', 'b', 'bad']) scratch.file(name, name === 'bad' ? 'bad' : `text of ${name}`);
  const args = ['UPPER', '--joblog', 'files.log', '--out', 'answers/new', '--each-file', 'a', 'b', 'bad', 'none'];
  const { status, stdout, stderr } = run(args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr.split('\n').sort()).toEqual([
    '',
    'trireme: job 3: JOB_FAILED: no luck',
    "trireme: job 4: FILE_UNREADABLE: none: ENOENT: no such file or directory, open 'none'",
  ]);
  const out = join(scratch.path, 'answers', 'new');
  expect(readdirSync(out).sort()).toEqual(['a', 'b']);
  expect(readFileSync(join(out, 'b'), 'utf8')).toBe('TEXT OF B');
  expect(rowsOf(join(scratch.path, 'files.log'))).toEqual([
    [1, 0],
    [2, 0],
    [3, 1],
    [4, 1],
  ]);
  expect(run(['UPPER', '--each-file', 'a']).stdout).toBe('TEXT OF A\n');
});

const sh = (command: string, input = ''): { status: number | null; stdout: string; stderr: string } => {
  const args = ['-c', command, process.execPath, triremePath, 'run', '--lb', grpcAt];
  return spawnSync('sh', args, { input, encoding: 'utf8', cwd: scratch.path });
};

test('a job log that takes no more ends the run, and says why', () => {
  const input = 'line\n'.repeat(400);
  const { status, stderr } = sh('ulimit -f 8; exec "$0" "$@" UPPER --each-line --joblog full.log >/dev/null', input);
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^trireme: --joblog full\.log: EFBIG[^\n]*\n$/)]);
  expect(run(['UPPER', 'x', '--joblog', '/dev/full'])).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(/^trireme: --joblog \/dev\/full: ENOSPC/),
  });
});

test.each([
  ['/dev/full', '>/dev/full', 'ENOSPC'],
  ['a pipe without a reader', '| true', 'EPIPE'],
])('a job whose answer went nowhere has not succeeded: %s', (_what, redirect, why) => {
  const command = `(sleep 0.5; printf 'a\nb\n') | "$0" "$@" UPPER --each-line --joblog nowhere.log ${redirect}`;
  expect(sh(command).stderr).toMatch(new RegExp(`^trireme: standard output: [^\n]*${why}[^\n]*\n$`));
  expect(rowsOf(join(scratch.path, 'nowhere.log'))).toEqual([]);
  const args = ['UPPER', '--each-line', '--joblog', 'nowhere.log', '--resume', '--jobs', '1'];
  expect(run(args, 'a\nb\n').stdout).toBe('A\nB\n');
});

test('an answer that cannot be written fails its own job', () => {
  mkdirSync(join(scratch.path, 'some', 'taken'), { recursive: true });
  const names = ['taken', 'n'.repeat(255), 'free'].map((name) => scratch.file(name, name));
  const { status, stderr } = run(['UPPER', '--out', 'some', '--joblog', 'some.log', '--each-file', ...names]);
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^trireme: job 1: FILE_UNWRITABLE: --out some: EISDIR/)]);
  expect(readdirSync(join(scratch.path, 'some')).sort()).toEqual(['free', 'n'.repeat(255), 'taken']);
  expect(rowsOf(join(scratch.path, 'some.log'))).toEqual([
    [1, 1],
    [2, 0],
    [3, 0],
  ]);
});

test('a line that is too long fails its own job, and the bytes of the others stay as they are', () => {
  const long = Buffer.alloc(4_194_305, 'x');
  const input = Buffer.concat([Buffer.from('caf\xe9\ra\n', 'latin1'), long, Buffer.from('\nlast\r\n')]);
  const all = [triremePath, 'run', '--lb', grpcAt, 'ECHO', '--each-line', '--jobs', '1'];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { input });
  expect([status, stdout.toString('latin1')]).toEqual([1, 'caf\xe9\ra\nlast\r\n']);
  expect(stderr.toString()).toBe(
    'trireme: job 2: USAGE: 4194305 bytes are over 4194304, the most that any kind takes\n',
  );
});

test('answers of 64 MiB come whole', async () => {
  const most = 64 * 1024 * 1024;
  const one = spawnSync(process.execPath, [triremePath, 'run', '--lb', grpcAt, 'LONG', String(most)], {
    maxBuffer: 2 * most,
  });
  expect([one.status, one.stderr.toString(), one.stdout.length]).toEqual([0, '', most]);
  const client = new JobClient({ address: grpcAt });
  try {
    expect((await client.runJob('LONG', { payload: String(most) })).resultBytes?.length).toBe(most);
  } finally {
    client.close();
  }
});

test('--resume runs what the log does not say has succeeded, and adds to the log', () => {
  const log = join(scratch.path, 'resume.log');
  expect(run(['UPPER', '--each-line', '--joblog', log, '--resume'], 'a\nbad\nc\n').status).toBe(1);
  const half = readFileSync(log, 'utf8');
  // The run was killed in the middle of a line.
  writeFileSync(log, `${half}4\tw`);
  const { status, stdout } = run(
    ['UPPER', '--each-line', '--joblog', log, '--resume', '--jobs', '1'],
    'a\nbad\nc\nd\n',
  );
  expect([status, stdout]).toEqual([1, 'D\n']);
  expect(readFileSync(log, 'utf8').startsWith(half)).toBe(true);
  expect(rowsOf(log)).toEqual([
    [1, 0],
    [2, 1],
    [2, 1],
    [3, 0],
    [4, 0],
  ]);
  expect(run(['UPPER', '--each-line', '--joblog', log, '--resume'], 'a\nbad\nC\nd\n')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining(
      `--joblog ${log}: job 3 was 'UPPER c' and is 'UPPER C' now: --resume needs the same jobs in the same order`,
    ),
  });
});

test('--retries runs a job that failed again, so many times', () => {
  expect(run(['THIRD', '--each-line', '--retries', '1', '--jobs', '1'], 'x\n')).toMatchObject({
    status: 1,
    stderr: 'trireme: job 1: JOB_FAILED: time 2\n',
  });
  writeFileSync(began, '');
  const { status, stdout, stderr } = run(['THIRD', '--each-line', '--retries', '2', '--joblog', 'third.log'], 'x\ny\n');
  expect([status, stdout.split('\n').sort(), stderr]).toEqual([0, ['', 'x', 'y'], '']);
  expect(linesOf(began).sort()).toEqual(['x', 'x', 'x', 'y', 'y', 'y']);
  expect(rowsOf(join(scratch.path, 'third.log'))).toEqual([
    [1, 0],
    [2, 0],
  ]);
});

test.each([
  [['UPPER', 'x', '--each-file', 'a'], 'say one of them'],
  [['UPPER', '--out', 'out'], '--out needs --each-file'],
  [['UPPER', '--resume'], '--resume needs --joblog FILE'],
  [['UPPER', '--retries', '101'], "'101' is not a whole number from 0 to 100"],
  [['UPPER', '--out', 'out', '--each-file', 'a/x', 'b/x'], 'would both be x in --out out'],
])('%j is refused before any job', (args, why) => {
  expect(run(args)).toMatchObject({ status: 2, stderr: expect.stringContaining(why) });
});

function start(args: readonly string[]): ChildProcess {
  const all = [triremePath, 'run', '--lb', grpcAt, ...args];
  return spawn(process.execPath, all, { stdio: ['pipe', 'pipe', 'pipe'] });
}

test.each(['SIGINT', 'SIGTERM'] as const)('%s cancels what runs, and ends the client by it', async (signal) => {
  const log = join(scratch.path, `${signal}.log`);
  const client = start(['WAIT', '--each-line', '--joblog', log]);
  let said = '';
  client.stderr?.on('data', (data: Buffer) => (said += data.toString()));
  client.stdin?.write('a\nb\nc\n');
  await eventually('two jobs running', () => Promise.resolve(linesOf(began).length === 2));
  client.kill(signal);
  expect((await once(client, 'close'))[1]).toBe(signal);
  await eventually('both cancelled', () => Promise.resolve(linesOf(ended).length === 2));
  expect(said).toBe('trireme: interrupted after 0 jobs; what ran is cancelled\n');
  expect(linesOf(log)).toHaveLength(1);
});

test('--wait waits for a worker that offers the kind', async () => {
  const folder = join(scratch.path, 'late');
  mkdirSync(folder);
  writeFileSync(join(folder, 'late.kind.js'), `exports.kind = { run: ({ text }) => 'late ' + text };`);
  expect(run(['LATE', 'x'])).toMatchObject({ status: 1, stderr: expect.stringContaining('unknown job LATE') });
  expect(run(['LATE', 'x', '--wait', '300ms'])).toMatchObject({ status: 1 });
  const client = start(['LATE', 'x', '--wait', '60s']);
  let said = '';
  client.stdout?.on('data', (data: Buffer) => (said += data.toString()));
  roles.push(RunningRole.start(['worker', '--host', grpcAt, '--slots', '1', '--kinds', folder]));
  expect((await once(client, 'close'))[0]).toBe(0);
  expect(said).toBe('late x');
});

const canScript = spawnSync('script', ['--version']).status === 0;
if (!canScript) console.log('SKIP: script (bsdutils) is not there, which gives a command a terminal');

(canScript ? test : test.skip)('on a terminal a line says how far it has come, and is gone at the end', () => {
  const names = Array.from({ length: 12 }, (_, at) => scratch.file(`file-${at}`, String(at)));
  const command = `'${process.execPath}' '${triremePath}' run --lb ${grpcAt} SLOW --out ${scratch.path}/slow --each-file`;
  const { stdout } = spawnSync('script', ['-qec', `${command} ${names.join(' ')}`, '/dev/null'], { encoding: 'utf8' });
  // eslint-disable-next-line no-control-regex
  expect(stdout).toMatch(/\r\d+ of 12 jobs, \d+\.\d\/s(, \d+ s left)?\x1b\[K/);
  expect(stdout.endsWith('\r\x1b[K')).toBe(true);
  expect(existsSync(join(scratch.path, 'slow', 'file-11'))).toBe(true);
  expect(run(['SLOW', 'x']).stderr).toBe('');
});
