import { credentials, Metadata } from '@grpc/grpc-js';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JobServiceClient } from '../../src/gen/trireme/v1/job.js';
import { JobCluster } from '../support/job-cluster.js';
import { RunningRole } from '../support/running-role.js';
import { runTrireme, triremePath } from '../support/run-trireme.js';

let cluster: JobCluster;
beforeAll(async () => {
  cluster = await JobCluster.start([2, 1]);
});
afterAll(() => cluster.stop());

describe('top --once', () => {
  test('prints one plain table of the workers and ends', async () => {
    const { code, stdout, stderr } = await runTrireme(['top', '--lb', cluster.grpc, '--once', '--interval', '100ms']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toBe(`${cluster.grpc}: 2 workers, 0 of 3 slots busy, 0 jobs wait, 0 jobs/s`);
    expect(lines[1]).toMatch(/^WORKER +STATE +SLOTS +BUSY +QUEUED +GIVEN +BACKLOG +WINDOW +JOBS\/S +DONE +FAILED +RTT/);
    expect(lines.slice(2).map((line) => line.split(/ +/).slice(0, 3))).toEqual([
      ['w0', 'SERVING', '2'],
      ['w1', 'SERVING', '1'],
    ]);
    // eslint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/\x1b/);
  });

  test('is the way where the output is no terminal, sorts, and tells what was done', async () => {
    await runTrireme(['client', '--lb', `${cluster.tcp.host}:${cluster.tcp.port}`, '--jobs', '1,1,2,1']);
    const { stdout } = await runTrireme([
      'top',
      '--lb',
      cluster.grpc,
      '--json',
      '--sort',
      'slots',
      '--interval',
      '100ms',
    ]);
    const { workers, jobsWaiting, kinds } = JSON.parse(stdout) as {
      kinds: object[];
      workers: { name: string; slots: number; done: number; memoryBytes: number }[];
      jobsWaiting: number;
    };
    expect(workers.map(({ name, slots }) => [name, slots])).toEqual([
      ['w0', 2],
      ['w1', 1],
    ]);
    expect(workers[0].done + workers[1].done).toBe(4);
    expect(workers[0].memoryBytes).toBeGreaterThan(0);
    expect(jobsWaiting).toBe(0);
    expect(kinds).toEqual([
      { name: 'GET_TIME', submitted: 3, done: 3, notDone: {} },
      { name: 'MINE_BITCOIN', submitted: 1, done: 1, notDone: {} },
    ]);
  });

  test('tells of jobs that were not answered, by kind and reason', async () => {
    const idle = await JobCluster.start([]);
    try {
      const client = new JobServiceClient(idle.grpc, credentials.createInsecure());
      const deadline = Date.now() + 300;
      await new Promise((resolve) => client.runJob({ kind: 1 }, new Metadata(), { deadline }, resolve));
      client.close();
      const { stdout } = await runTrireme(['top', '--lb', idle.grpc, '--once', '--interval', '100ms']);
      expect(stdout).toMatch(/^.*\nnot answered: GET_TIME 1 \(1 (too late|cancelled)\)\nWORKER/);
    } finally {
      await idle.stop();
    }
  });

  test('says in one line that nothing listens, and which port was meant', async () => {
    const refused = await runTrireme(['top', '--lb', '127.0.0.1:1', '--once']);
    expect(refused).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^trireme: 127\.0\.0\.1:1: .*ECONNREFUSED[^\n]*\n$/),
    });
    const both = await runTrireme(['top', '--lb', '127.0.0.1:1', '--master', '127.0.0.1:2']);
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('watch one at a time') });
  });
});

const tmux = spawnSync('tmux', ['-V']).status === 0;
if (!tmux) console.log('SKIP: top in a terminal: tmux is not installed (apt-get install tmux)');

(tmux ? describe : describe.skip)('top in a terminal', () => {
  let folder: string;
  let socket: string;
  const control = (...args: string[]): string => execFileSync('tmux', ['-S', socket, ...args], { encoding: 'utf8' });
  const pane = (): string => control('capture-pane', '-p', '-t', 'top');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trireme-top-'));
    socket = join(folder, 'tmux');
    control('-f', '/dev/null', 'new-session', '-d', '-s', 'top', '-x', '120', '-y', '12', 'env PS1="ready> " sh');
  });
  afterEach(() => {
    control('kill-server');
    rmSync(folder, { recursive: true, force: true });
  });

  async function shows(pattern: RegExp): Promise<string> {
    const deadlineMs = performance.now() + 20_000;
    for (;;) {
      const text = pane();
      if (pattern.test(text)) return text;
      if (performance.now() > deadlineMs) throw new Error(`the pane never showed ${pattern}:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async function start(grpc: string): Promise<void> {
    await shows(/ready>/);
    control(
      'send-keys',
      '-t',
      'top',
      `echo before; ${process.execPath} ${triremePath} top --lb ${grpc} --interval 100ms`,
      'Enter',
    );
    await shows(/^w1 +SERVING/m);
  }

  test('follows the workers, fits the window when that changes, and leaves the terminal as it was', async () => {
    await start(cluster.grpc);
    const wide = pane();
    expect(wide.split('\n')[0]).toMatch(new RegExp(`^${cluster.grpc}: 2 workers, \\d of 3 slots busy`));
    expect(wide).toMatch(/WORKER +STATE +SLOTS.* SEEN$/m);
    expect(wide).not.toContain('before');
    control('resize-window', '-t', 'top', '-x', '44', '-y', '8');
    const narrow = await shows(/^WORKER +STATE +SLOTS +BUSY +GIVEN +JOBS\/S$/m);
    expect(narrow).toMatch(/^w0 +SERVING/m);
    for (const line of narrow.split('\n')) expect(line.length).toBeLessThanOrEqual(44);
    control('resize-window', '-t', 'top', '-x', '120', '-y', '12');
    await shows(/WORKER .* SEEN$/m);
    control('send-keys', '-t', 'top', 'Right');
    await shows(/^by state;/m);
    control('send-keys', '-t', 'top', 'q');
    const after = await shows(/ready> *$/m);
    expect(after).toContain('before');
    expect(after).not.toContain('WORKER');
    control('send-keys', '-t', 'top', 'echo code $?; stty -a | tr " " "\\n" | grep -x -e echo -e icanon', 'Enter');
    await shows(/^code 0\nicanon\necho$/m);
  });

  test('says that the hub was lost, finds it again, and ends on Ctrl-C', async () => {
    const lb = RunningRole.start(['lb', '--tcp', '127.0.0.1:0', '--grpc', '127.0.0.1:0', '--admin', '127.0.0.1:0']);
    let again: RunningRole | null = null;
    try {
      const { grpc } = (await lb.line('listening')) as { grpc: string };
      await shows(/ready>/);
      control(
        'send-keys',
        '-t',
        'top',
        `${process.execPath} ${triremePath} top --lb ${grpc} --interval 100ms`,
        'Enter',
      );
      await shows(/no worker is attached/);
      await lb.end('SIGKILL');
      await shows(/lost, trying again/);
      again = RunningRole.start(['lb', '--tcp', '127.0.0.1:0', '--grpc', grpc, '--admin', '127.0.0.1:0']);
      await again.line('listening');
      await shows(/^by name;/m);
      control('send-keys', '-t', 'top', 'C-c');
      expect(await shows(/ready> *$/m)).not.toContain('WORKER');
    } finally {
      await lb.end('SIGKILL');
      await again?.end();
    }
  });
});
