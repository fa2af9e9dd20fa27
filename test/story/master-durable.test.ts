import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { LevelStore } from '../../src/ledger/local/level-store.js';
import { seededRandom } from '../../src/hub/picking/seeded-random.js';
import { CaptureCluster, eventually, writeLongCapture } from '../support/capture-cluster.js';
import { runTrireme, triremePath, type Ran } from '../support/run-trireme.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

/** TRIREME_KILLS=20 TRIREME_KILL_BYTES=1e9 is the long run; TRIREME_SEED repeats one. */
const kills = Number(process.env.TRIREME_KILLS ?? 3);
/** Kills that may come after the end. */
const lateKillsMax = 2 * kills + 5;
const captureBytes = Number(process.env.TRIREME_KILL_BYTES ?? 24e6);
const seed = Number(process.env.TRIREME_SEED ?? Date.now() % 2 ** 31);
const chunkBytes = Math.max(100_000, Math.round(captureBytes / 200));

const scratch = scratchFolder();
const captures = join(scratch.path, 'captures');
mkdirSync(captures);
const capture = writeLongCapture(join(captures, 'long.pcap'), captureBytes);
const elsewhere = writeLongCapture(join(scratch.path, 'elsewhere.pcap'), 30e6);

let states = 0;
let state: string;
let cluster: CaptureCluster;

async function startCluster(workers: number, args: readonly string[] = []): Promise<void> {
  state = join(scratch.path, `state-${++states}`);
  cluster = await CaptureCluster.start([captures], ['--state', state, '--chunk-bytes', String(chunkBytes), ...args]);
  await Promise.all(Array.from({ length: workers }, () => cluster.addWorker(captures)));
}

afterEach(() => cluster.stop());

/** `analyze` of a file with its standard error as it comes. */
function analyzing(args: readonly string[]): { ran: Promise<Ran>; id: () => Promise<string> } {
  let said = '';
  const ran = runTrireme(['analyze', '--json', '--master', cluster.grpc, ...args], {
    meanwhile: (child) => child.stderr?.on('data', (text: string) => (said += text)),
  });
  const id = async (): Promise<string> => {
    await eventually('the id of the analysis', () => / is analysis [0-9a-f]{16}\n/.test(said));
    return / is analysis ([0-9a-f]{16})\n/.exec(said)![1];
  };
  return { ran, id };
}

const resume = (id: string, ...args: string[]): Promise<Ran> =>
  runTrireme(['analyze', '--json', '--master', cluster.grpc, '--resume', id, ...args]);

interface Listed {
  readonly id: string;
  readonly state: string;
  readonly started: string;
  readonly ended: string;
}

async function listed(): Promise<Listed[]> {
  const { stdout } = await runTrireme(['analyses', '--json', '--master', cluster.grpc]);
  return (JSON.parse(stdout) as { analyses: Listed[] }).analyses;
}

const stateOf = async (id: string): Promise<string> =>
  (await listed()).find((each) => each.id === id)?.state ?? 'unknown';

/** Chunks that are finished for good, as the dead master left them. */
async function finishedChunks(id: string): Promise<number> {
  const store = await LevelStore.open(state, pino({ level: 'silent' }));
  try {
    return (await store.load()).chunkKeys.get(id)?.size ?? 0;
  } finally {
    await store.close();
  }
}

test(`a master killed at any moment goes on by itself, and scans no finished chunk again (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  const here = await runTrireme(['analyze', '--json', '-q', capture]);
  await startCluster(3);
  // The first one reads a cold file and warms the workers: the second says how long one takes.
  for (let run = 0; run < 2; run++) expect((await cluster.analyze([capture])).stdout).toBe(here.stdout);
  const wholeMs = Math.min(...(await listed()).map(({ started, ended }) => Date.parse(ended) - Date.parse(started)));
  const report: string[] = [];
  let late = 0;
  for (let kill = 1; kill - late <= kills; kill++) {
    expect(late).toBeLessThan(lateKillsMax);
    const { ran, id: idOf } = analyzing([capture]);
    const id = await idOf();
    const afterMs = Math.floor(random() * wholeMs);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await cluster.master.end('SIGKILL');
    const { code, stderr } = await ran;
    const finished = await finishedChunks(id);
    await cluster.restartMaster();
    await eventually('the end of the analysis', async () => (await stateOf(id)) === 'done');
    const scanned = await cluster.metric('trireme_master_chunks_total{from="worker"}');
    const resumed = await cluster.metric('trireme_master_chunks_total{from="ledger"}');
    const submitted = await cluster.metric('trireme_hub_jobs_submitted_total{kind="SCAN_CHUNK"}');
    report.push(
      `kill ${kill} after ${afterMs} ms: ${finished} finished before, ${resumed} taken over, ${scanned} scanned`,
    );
    const again = await resume(id);
    expect(again).toMatchObject({ code: 0, stdout: here.stdout });
    expect(readdirSync(join(state, 'chunks'))).toEqual([]);
    if (code === 0) {
      // It had ended before: this kill does not count.
      late++;
      continue;
    }
    expect(stderr).toContain(`trireme analyze --master ${cluster.grpc} --resume ${id}`);
    // The last chunk may complete the result while others are still being read back.
    expect(resumed).toBe(finished);
    expect(scanned + resumed).toBeGreaterThanOrEqual(Math.floor(captureBytes / chunkBytes) - 1);
    if (Number.isFinite(submitted)) expect(submitted).toBe(scanned);
  }
  process.stderr.write(`${report.join('\n')}\n`);
}, 600_000);

test('a resumed analysis prints the same bytes in every form, under the name that was written', async () => {
  await startCluster(2);
  const asked = ['--top', '3', '--sort', 'packets', '--interval', '1s', 'captures/long.pcap'];
  const here = await runTrireme(['analyze', '-q', ...asked], { cwd: scratch.path });
  const there = await runTrireme(['analyze', '--detach', '--master', cluster.grpc, ...asked], { cwd: scratch.path });
  expect(there).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f]{16}\n$/) as string });
  const id = there.stdout.trim();
  const text = await runTrireme(['analyze', '--master', cluster.grpc, '--resume', id]);
  expect(text).toMatchObject({ code: 0, stdout: here.stdout });
  const csv = await runTrireme(['analyze', '-q', '--csv', 'endpoints', ...asked], { cwd: scratch.path });
  expect((await runTrireme(['analyze', '--master', cluster.grpc, '--resume', id, '--csv', 'endpoints'])).stdout).toBe(
    csv.stdout,
  );
});

test('a capture that was changed while the master was dead is an error, whatever its size and time say', async () => {
  for (const keepTime of [false, true]) {
    const path = writeLongCapture(join(captures, `changing-${keepTime}.pcap`), captureBytes);
    const past = new Date(1e12);
    utimesSync(path, past, past);
    await startCluster(0);
    const { ran, id: idOf } = analyzing([path]);
    const id = await idOf();
    await cluster.master.end('SIGKILL');
    await ran;
    // Both ends stay as they are.
    execFileSync('dd', ['if=/dev/zero', `of=${path}`, 'bs=1k', 'seek=1000', 'count=20000', 'conv=notrunc'], {
      stdio: 'ignore',
    });
    if (keepTime) utimesSync(path, past, past);
    await cluster.restartMaster();
    const { code, stderr, stdout } = await resume(id);
    expect(code).toBe(1);
    expect(stderr).toMatch(/changing-\w+\.pcap: changed since the analysis was submitted: /);
    expect(stdout).toContain('"error": "changed"');
    if (!keepTime) await cluster.stop();
  }
});

test('an upload outlives the master with its analysis, and goes with its end', async () => {
  const here = await runTrireme(['analyze', '--json', '-q', elsewhere]);
  await startCluster(0);
  const { ran, id: idOf } = analyzing([elsewhere]);
  const id = await idOf();
  await cluster.master.end('SIGKILL');
  expect((await ran).code).toBe(1);
  expect(readdirSync(join(state, 'spool'))).toHaveLength(1);
  writeFileSync(join(state, 'spool', 'stray.capture'), 'of nobody');
  await cluster.restartMaster();
  await cluster.addWorker(captures);
  expect(await resume(id)).toMatchObject({ code: 0, stdout: here.stdout });
  await eventually('an empty spool', () => readdirSync(join(state, 'spool')).length === 0);
});

test('analyses are listed and cancelled; one that has ended stays as it is', async () => {
  await startCluster(0);
  const ask = (...args: string[]): Promise<Ran> => runTrireme([...args, '--master', cluster.grpc]);
  expect(await ask('analyses')).toMatchObject({ code: 0, stdout: '', stderr: 'trireme: no analyses\n' });
  const id = (await ask('analyze', '--detach', capture)).stdout.trim();
  expect((await ask('analyses')).stdout).toMatch(new RegExp(`^ID .*\n${id}  (queued|running) .*long.pcap`));
  expect(await ask('cancel', id)).toMatchObject({ code: 0, stdout: `${id} cancelled\n` });
  expect(await ask('cancel', 'nonsense')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/no analysis 'nonsense'/) as string,
  });
  const { analyses } = JSON.parse((await ask('analyses', '--json')).stdout) as { analyses: object[] };
  expect(analyses).toMatchObject([{ id, state: 'cancelled', file: capture, error: 'CANCELLED: cancelled on request' }]);
  expect(await resume(id)).toMatchObject({ code: 1, stderr: 'trireme: cancelled on request\n' });
});

test('Ctrl-C cancels what was submitted, and leaves alone what was resumed', async () => {
  await startCluster(0);
  const interrupted = async (args: readonly string[], ready: RegExp): Promise<string> => {
    const child = spawn(process.execPath, [triremePath, 'analyze', '--master', cluster.grpc, ...args], {
      stdio: 'pipe',
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const closed = once(child, 'close');
    await eventually(`${ready}`, () => ready.test(said));
    child.kill('SIGINT');
    const [, signal] = (await closed) as [number | null, string | null];
    expect(signal).toBe('SIGINT');
    return said;
  };
  const said = await interrupted([capture], /waiting for a worker/);
  const id = /analysis ([0-9a-f]{16})/.exec(said)![1];
  expect(said).toContain(`analysis ${id} cancelled`);
  expect(await stateOf(id)).toBe('cancelled');
  const other = (await runTrireme(['analyze', '--detach', '--master', cluster.grpc, capture])).stdout.trim();
  await interrupted(['--resume', other], /waiting for a worker/);
  expect(await stateOf(other)).toBe('running');
});

test('a folder that is held, damaged or not to be written is refused in one line', async () => {
  await startCluster(0);
  const start = (folder: string): Promise<Ran> =>
    runTrireme(['master', '--grpc', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--state', folder]);
  const held = await start(state);
  expect(held).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^trireme: --state .* held by another master.*\n$/) as string,
  });
  const damaged = join(scratch.path, 'damaged');
  mkdirSync(join(damaged, 'db'), { recursive: true });
  writeFileSync(join(damaged, 'db', 'CURRENT'), 'MANIFEST-000007\n');
  expect(await start(damaged)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^trireme: --state .*damaged.*\n$/) as string,
  });
  const file = scratch.file('a-file', 'x');
  expect(await start(file)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^trireme: --state .*\n$/) as string,
  });
});

const canMount = process.getuid?.() === 0 && existsSync('/usr/bin/unshare');
if (!canMount) process.stderr.write('SKIP a full disk: needs root and unshare\n');
(canMount ? test : test.skip)(
  'a full disk stops no analysis, and new ones are refused until there is room',
  async () => {
    await startCluster(0);
    await cluster.master.end();
    // A disk of the master's own, seen by it alone.
    const script = 'mount -t tmpfs -o size=400k none "$0" && exec "$@"';
    const full = join(scratch.path, 'full');
    mkdirSync(full);
    const master = RunningRole.start(
      [
        'master',
        '--grpc',
        cluster.grpc,
        '--admin',
        cluster.admin,
        '--captures',
        captures,
        '--state',
        full,
        '--chunk-bytes',
        '100000',
      ],
      ['unshare', '-m', 'sh', '-c', script, full],
    );
    cluster.master = master;
    await master.line('listening');
    const fill = (bytes: number): string => `/proc/${master.child.pid}/root${full}/filler-${bytes}`;
    await cluster.addWorker(captures);
    const here = await runTrireme(['analyze', '--json', '-q', capture]);
    expect((await cluster.analyze([capture])).stdout).toBe(here.stdout);
    try {
      writeFileSync(fill(1), Buffer.alloc(1 << 20));
    } catch {
      // It took what there was room for.
    }
    // Small facts may still find room in the last block of the log; what does not is told.
    let refused: Ran | undefined;
    for (let i = 0; i < 40 && refused === undefined; i++) {
      const ran = await cluster.analyze([capture]);
      if (ran.code === 0) expect(ran.stdout).toBe(here.stdout);
      else refused = ran;
    }
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^trireme: --state .*cannot be .*\n$/) as string,
    });
    await master.line('chunks are not kept any more');
    execFileSync('rm', [fill(1)]);
    await eventually('room again', async () => (await cluster.analyze([capture])).code === 0);
  },
);
