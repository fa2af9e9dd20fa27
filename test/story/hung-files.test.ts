import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../src/common/version.js';
import { CaptureCluster, eventually } from '../support/capture-cluster.js';
import { HungMount, whyNoHungMount } from '../support/hung-mount.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const sample = join(projectRoot, 'captures', 'sample.pcap');
const captures = join(scratch.path, 'captures');
const sound = join(captures, 'sound.pcap');
const graceMs = 2_000;
const grace = ['--grace', `${graceMs}ms`];

const irregular: Record<string, string> = { fifo: 'a FIFO', socket: 'a socket', folder: 'a directory' };
const server: Server = createServer();
const path = (name: string): string => join(captures, name);

beforeAll(() => {
  mkdirSync(captures);
  cpSync(sample, sound);
  execFileSync('mkfifo', [path('fifo')]);
  server.listen(path('socket'));
  mkdirSync(path('folder'));
  if (process.getuid?.() === 0) {
    execFileSync('mknod', [path('device'), 'c', '1', '5']);
    irregular.device = 'a character device';
  }
});
afterAll(() => void server.close());

const clusters: CaptureCluster[] = [];
async function start(folders: readonly string[], args: readonly string[]): Promise<CaptureCluster> {
  const cluster = await CaptureCluster.start(folders, args);
  clusters.push(cluster);
  return cluster;
}
afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.stop();
});

/** The error of an analysis that is asked for by its path alone. */
async function refusal(cluster: CaptureCluster, path: string): Promise<string> {
  return cluster
    .call(path, () => undefined)
    .report.then(
      () => 'no error',
      (error: Error) => error.message,
    );
}

/** Ends every role of a cluster and answers with the longest time that one took, in milliseconds. */
async function endAll(cluster: CaptureCluster): Promise<number> {
  const roles = [cluster.master, ...cluster.workers];
  return Math.max(
    ...(await Promise.all(
      roles.map(async (role) => {
        const began = performance.now();
        await role.end();
        return performance.now() - began;
      }),
    )),
  );
}

test('what is no regular file is refused in one line, however often it is named, and harms nobody', async () => {
  const cluster = await start([captures], grace);
  await cluster.addWorker(captures, { args: grace });
  for (const [name, kind] of Object.entries(irregular)) {
    const refusals = await Promise.all(Array.from({ length: 8 }, () => refusal(cluster, path(name))));
    expect(new Set(refusals).size).toBe(1);
    expect(refusals[0]).toContain(`${path(name)}: is ${kind}`);
  }
  expect((await cluster.analyze([sound])).code).toBe(0);
  expect(await endAll(cluster)).toBeLessThan(graceMs + 5_000);
  expect(cluster.master.child.exitCode).toBe(0);
});

test('a FIFO is read by an analysis on this machine, and a signal ends the wait for its writer', async () => {
  const fifo = path('fifo');
  const waiting = runTrireme(['analyze', '--json', fifo]);
  execFileSync('dd', [`if=${sample}`, `of=${fifo}`, 'status=none']);
  const [{ stdout }, direct] = [await waiting, await runTrireme(['analyze', '--json', sample])];
  expect(stdout.replaceAll(fifo, sample)).toBe(direct.stdout);
});

describe('a FIFO that nobody has opened at the other end', () => {
  const file = join(scratch.path, 'alone');
  beforeAll(() => void execFileSync('mkfifo', [file]));

  test.each([
    ['jobs of a client', ['client', '--lb', '127.0.0.1:1', '--f', file]],
    ['the report of an analysis', ['analyze', sample, '--html', file]],
  ])('is waited for as %s, and a signal ends that', async (_what, args) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const child = spawn(process.execPath, [join(projectRoot, 'bin', 'trireme'), ...args], { stdio: 'ignore' });
      const exit = once(child, 'exit');
      const sinceMs = performance.now();
      await eventually('the opening to wait', () => waitsForPartner(child.pid as number, performance.now() - sinceMs));
      child.kill(signal);
      await exit;
      expect([child.exitCode, child.signalCode]).toEqual([null, signal]);
    }
  });

  test('gets the whole report once somebody reads it', async () => {
    const [read] = await Promise.all([
      promisify(execFile)('cat', [file]),
      runTrireme(['analyze', sample, '--html', file]),
    ]);
    expect(read.stdout).toMatch(/<\/html>\s*$/);
  });
});

/**
 * Whether a process waits in the opening of a FIFO; where the kernel does not tell, whether it has had time
 * to come there.
 */
function waitsForPartner(pid: number, elapsedMs: number): boolean {
  const where = readFileSync(`/proc/${pid}/wchan`, 'latin1');
  return where === 'wait_for_partner' || (where === '0' && elapsedMs > 10_000);
}

const why = whyNoHungMount();
if (why !== null) console.log(`SKIP: no file system can be made to hang: ${why}`);

describe.each([
  ['takes a request and never answers it', ['open'], false],
  ['was stopped', [], true],
  ['answers reads up to the middle of the file alone', ['read@300000'], false],
] as const)('a file system whose daemon %s', (_what, hang, stopped) => {
  (why === null ? test : test.skip)('hangs neither master nor worker nor analyze', async () => {
    const mount = await HungMount.start(join(scratch.path, `mount-${randomUUID()}`), sample, hang);
    if (mount === null) {
      console.log('SKIP: FUSE may not be mounted here');
      return;
    }
    try {
      // The folder around it, so that the roles start while the mount answers or not.
      const cluster = await start([scratch.path], grace);
      await cluster.addWorker(scratch.path, { args: grace });
      if (stopped) mount.stop();
      const refusals = Array.from({ length: 3 }, () => refusal(cluster, mount.file));
      const [local, sent] = [runTrireme(['analyze', mount.file]), cluster.analyze([mount.file])];
      for (let round = 0; round < 3; round++) expect((await cluster.analyze([sound])).code).toBe(0);
      for (const message of await Promise.all(refusals)) expect(message).toMatch(/does not answer within \d+ s/);
      expect(await local).toMatchObject({ code: 2, stderr: expect.stringContaining('does not answer') });
      // Who holds the file does not send it instead.
      expect(await sent).toMatchObject({ code: 2, stderr: expect.stringMatching(/^(?!.*sending).*does not answer/s) });
      expect((await cluster.analyze([sound])).code).toBe(0);
      // Asked for again while the roles end.
      void refusal(cluster, mount.file);
      expect(await endAll(cluster)).toBeLessThan(graceMs + 5_000);
    } finally {
      await mount.end();
    }
  });
});
