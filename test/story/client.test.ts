import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JobCluster } from '../support/job-cluster.js';

const trireme = join(__dirname, '..', '..', '..', 'bin', 'trireme');

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function client(...args: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [trireme, 'client', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

describe('trireme client with a load balancer', () => {
  let cluster: JobCluster;
  let lb: string;
  const folder = mkdtempSync(join(tmpdir(), 'trireme-client-'));
  beforeAll(async () => {
    cluster = await JobCluster.start([1]);
    lb = `${cluster.tcp.host}:${cluster.tcp.port}`;
  });
  afterAll(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true });
  });

  test.each([[[]], [['--lines']]])('prints one answer a line in the order asked %j', async (flags: string[]) => {
    const { code, stdout } = await client('--lb', lb, '--jobs', '1,2,1', ...flags);
    expect(stdout).toMatch(/^\d{10}\n[0-9a-f]{64}\n\d{10}\n$/);
    expect(code).toBe(0);
  });

  test('reads the jobs from a file, separated by commas and blanks', async () => {
    const file = join(folder, 'jobs');
    writeFileSync(file, '1, 2\n1 2,2\n');
    const { code, stdout } = await client('--lb', lb, '--f', file);
    expect(stdout.split('\n').map((line) => line.length)).toEqual([10, 64, 10, 64, 64, 0]);
    expect(code).toBe(0);
  });

  test('an error answer is printed in its place, and the exit code is 1', async () => {
    const { code, stdout, stderr } = await client('--lb', lb, '--jobs', '1,7,1');
    expect(stdout.split('\n')[1]).toBe('ERROR unknown job 7');
    expect([code, stderr]).toEqual([1, 'trireme: 1 of 3 jobs were answered by an error\n']);
  });
});

describe('trireme client in trouble says what is wrong in one line', () => {
  let server: Server;
  let at: string;
  /** Listens, and answers every connection with the given bytes; `end` closes it then. */
  const serve = async (bytes: string, end: boolean): Promise<void> => {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write(bytes);
      if (end) socket.once('data', () => socket.end());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    at = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  afterEach(() => server.close());

  test('refused', async () => {
    await serve('', true);
    server.close();
    const { code, stderr } = await client('--lb', at, '--jobs', '1');
    expect([code, stderr]).toEqual([1, `trireme: --lb ${at}: connection refused: is a load balancer running there?\n`]);
  });

  test('closed early, with the number that came', async () => {
    await serve('1763770000\n', true);
    const { code, stdout, stderr } = await client('--lb', at, '--jobs', '1,1,1', '--lines');
    expect(stdout).toBe('1763770000\n');
    expect([code, stderr]).toEqual([1, `trireme: --lb ${at}: the connection was closed early; 1 of 3 answers came\n`]);
  });

  test('no answer in time', async () => {
    await serve('', false);
    const { code, stderr } = await client('--lb', at, '--jobs', '1,1', '--timeout', '200ms');
    expect([code, stderr]).toEqual([1, `trireme: --lb ${at}: no answer for 200 ms; 0 of 2 answers came\n`]);
  });

  test.each([
    [['--lb', '127.0.0.1:1'], /say either --jobs/],
    [['--lb', '127.0.0.1:1', '--jobs', '1', '--f', 'x'], /say either --jobs/],
    [['--lb', '127.0.0.1:1', '--jobs', '1,x'], /'x' \(entry 2\)/],
    [['--lb', '127.0.0.1:1', '--jobs', '12'], /needs --lines/],
    [['--jobs', '1'], /--lb/],
  ])('wrong usage %j exits with 2', async (args, message) => {
    await serve('', true);
    const { code, stderr } = await client(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
