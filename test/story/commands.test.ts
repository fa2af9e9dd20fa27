import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { JobClient } from '../../src/api/client.js';
import { projectRoot } from '../../src/common/version.js';
import { eventually } from '../support/capture-cluster.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const examples = join(scratch.path, 'commands');
const free = '127.0.0.1:0';
const roles: RunningRole[] = [];
let grpcAt: string;

beforeAll(async () => {
  cpSync(join(projectRoot, 'examples', 'commands'), examples, { recursive: true });
  const lb = RunningRole.start(['lb', '--tcp', free, '--grpc', free, '--admin', free]);
  roles.push(lb);
  grpcAt = (await lb.line('listening')).grpc as string;
});

afterAll(async () => {
  await Promise.all(roles.map((role) => role.end()));
});

async function worker(...args: string[]): Promise<RunningRole> {
  const role = RunningRole.start(['worker', '--host', grpcAt, '--slots', '1', ...args]);
  roles.push(role);
  await role.line('attached');
  return role;
}

/** Answers of `trireme run` with these arguments, and this on standard input. */
function run(args: readonly string[], input: string | Buffer = ''): { stdout: Buffer; stderr: string } {
  const all = [join(projectRoot, 'bin', 'trireme'), 'run', '--lb', grpcAt, ...args];
  const { stdout, stderr } = spawnSync(process.execPath, all, { input });
  return { stdout, stderr: stderr.toString() };
}

/** Whether a program runs and says this; else the test is left out, and says why. */
function has(program: readonly string[], says: RegExp, what: string): boolean {
  const { stdout } = spawnSync(program[0], program.slice(1), { encoding: 'utf8' });
  const there = says.test(stdout ?? '');
  if (!there) process.stderr.write(`SKIP ${what}: ${program[0]} is not here\n`);
  return there;
}

test('the example of checksums answers those of the payloads', async () => {
  if (!has(['sha256sum', '--version'], /sha256sum/, 'checksums')) return;
  const role = await worker('--commands', join(examples, 'checksums.yaml'));
  expect(run(['SHA256', 'abc']).stdout.toString()).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  -',
  );
  await role.end();
});

test('the example in Python answers lines, and a payload that it does not understand fails its job alone', async () => {
  if (!has(['python3', '--version'], /Python 3/, 'a kind in Python')) return;
  const role = await worker('--commands', join(examples, 'python.yaml'));
  const { stdout, stderr } = run(['STATISTICS', '--each-line', '--jobs', '1'], '1 2 6\nx\n2\n');
  expect(stdout.toString()).toBe('3 3.0 2.0\n1 2.0 2.0\n');
  expect(stderr).toMatch(/job 2: JOB_FAILED: its process ended with exit code 1 before it had answered: Traceback/);
  await role.end();
});

test('the example in Go answers bytes', async () => {
  if (!has(['go', 'version'], /^go version/, 'a kind in Go')) return;
  execFileSync('go', ['build', '-o', 'gzip-kind', 'gzip-kind.go'], { cwd: examples });
  const role = await worker('--commands', join(examples, 'go.yaml'));
  for (const text of ['', 'hello', 'x'.repeat(100_000)])
    expect(gunzipSync(run(['GZIP', text]).stdout).toString()).toBe(text);
  await role.end();
});

test('the example of thumbnails answers a small picture', async () => {
  if (!has(['convert', '-version'], /Version: ImageMagick/, 'thumbnails')) return;
  const role = await worker('--commands', join(examples, 'thumbnails.yaml'));
  // A portable pixmap of 400 x 300 red pixels.
  const payload = Buffer.concat([Buffer.from('P6 400 300 255\n'), Buffer.alloc(400 * 300 * 3, '\xff\0\0', 'latin1')]);
  const client = new JobClient({ address: grpcAt });
  const { resultBytes } = await client.runJob('THUMBNAIL', { payload });
  await client.close();
  const size = execFileSync('convert', ['-', '-format', '%m %wx%h', 'info:'], { input: resultBytes });
  expect(size.toString()).toBe('JPEG 160x120');
  await role.end();
});

test.each(['SIGKILL', 'SIGTERM'] as const)('nothing of its commands outlives a worker that got %s', async (signal) => {
  const pids = join(scratch.path, `pids-${signal}`);
  const file = scratch.file(
    `${signal}.yaml`,
    JSON.stringify({
      commands: [
        {
          name: 'STAY',
          argv: ['sh', '-c', `trap '' TERM; sleep 600 & echo $$ $! > ${pids}; while :; do sleep 1; done`],
        },
      ],
    }),
  );
  const role = await worker('--commands', file, '--grace', '100ms');
  const client = RunningRole.start(['run', '--lb', grpcAt, 'STAY']);
  roles.push(client);
  const read = (): string => spawnSync('cat', [pids], { encoding: 'utf8' }).stdout;
  await eventually('the command', () => Promise.resolve(/^\d+ \d+\n$/.test(read())));
  const running = read().trim().split(' ').map(Number);
  await role.end(signal);
  const lives = (pid: number): boolean => {
    try {
      return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  };
  await eventually('its end', () => Promise.resolve(!running.some(lives)));
  await client.end('SIGKILL');
});

test('a file that is wrong is told with its entry, and the worker does not start', () => {
  const file = scratch.file('wrong.yaml', 'commands:\n  - name: SUM\n    argv: [sha256sum]\n    timeoutSeconds: 0\n');
  const args = [join(projectRoot, 'bin', 'trireme'), 'worker', '--host', grpcAt, '--commands', file];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect([status, stderr]).toEqual([
    2,
    `trireme: --commands ${file}, entry 1 (SUM): timeoutSeconds 0 is not from 0.001 to 86400\n`,
  ]);
});
