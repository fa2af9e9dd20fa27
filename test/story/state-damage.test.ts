import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { CaptureCluster, eventually, writeLongCapture } from '../support/capture-cluster.js';
import { runTrireme, type Ran } from '../support/run-trireme.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';
import { filesBelow } from '../damage/state-folder.js';

const scratch = scratchFolder();
const captures = join(scratch.path, 'captures');
mkdirSync(captures);
const capture = writeLongCapture(join(captures, 'a.pcap'), 300_000);
/** As its master left it that was killed, with six finished analyses. */
const killed = join(scratch.path, 'killed');
let report: string;
let copies = 0;

beforeAll(async () => {
  const state = join(scratch.path, 'state');
  const cluster = await CaptureCluster.start([captures], ['--state', state]);
  await cluster.addWorker(captures);
  for (let i = 0; i < 6; i++) report = (await cluster.analyze([capture])).stdout;
  await cluster.master.end('SIGKILL');
  cpSync(state, killed, { recursive: true, preserveTimestamps: true });
  await cluster.stop();
});

interface Listed {
  readonly id: string;
  readonly state: string;
}

/** A copy of the folder, after something was done to it. */
function copyAfter(harm: (state: string) => void): string {
  const state = join(scratch.path, `copy-${++copies}`);
  cpSync(killed, state, { recursive: true });
  harm(state);
  return state;
}

/** A master on that folder; what it lists, and what it gives out for each analysis. */
async function startOn(state: string): Promise<{ listed: Listed[]; given: Ran[]; warnings: string[] }> {
  const cluster = await CaptureCluster.start([captures], ['--state', state]);
  try {
    const { stdout } = await runTrireme(['analyses', '--json', '--master', cluster.grpc]);
    const listed = (JSON.parse(stdout) as { analyses: Listed[] }).analyses;
    const given: Ran[] = [];
    for (const { id } of listed)
      given.push(await runTrireme(['analyze', '--json', '--master', cluster.grpc, '--resume', id]));
    const warnings = cluster.master.log.filter(({ level }) => Number(level) >= 40).map((line) => JSON.stringify(line));
    return { listed, given, warnings };
  } finally {
    await cluster.stop();
  }
}

const resultsIn = (state: string): string[] => filesBelow(state).filter((path) => /(^|\/)results\//.test(path));

test('after kill -9 everything is there, and nothing is said', async () => {
  const { listed, given, warnings } = await startOn(copyAfter(() => undefined));
  expect(listed.map(({ state }) => state)).toEqual(Array(6).fill('done'));
  for (const { stdout } of given) expect(stdout).toBe(report);
  expect(warnings).toEqual([]);
});

test('one bit that is wrong in the log of LevelDB takes no analysis and no result away, and is told', async () => {
  const state = copyAfter((folder) => {
    const log = join(folder, 'db', readdirSync(join(folder, 'db')).find((name) => name.endsWith('.log')) as string);
    const bytes = readFileSync(log);
    bytes[Math.floor(bytes.length / 3)] ^= 0x10;
    writeFileSync(log, bytes);
  });
  const { listed, given, warnings } = await startOn(state);
  expect(listed).toHaveLength(6);
  for (const { stdout } of given) expect(stdout).toBe(report);
  expect(warnings.join('\n')).toContain('repaired from its other copy');
  expect(resultsIn(state).length).toBeGreaterThanOrEqual(6);
});

test('a result that was changed is named in the log, listed as failed, and refused to whoever asks', async () => {
  let changed = '';
  const state = copyAfter((folder) => {
    changed = readdirSync(join(folder, 'results'))[0];
    appendFileSync(join(folder, 'results', changed), '!');
  });
  const { listed, given, warnings } = await startOn(state);
  expect(warnings.some((words) => words.includes(changed) && words.includes('is damaged'))).toBe(true);
  for (const [i, { id, state: now }] of listed.entries()) {
    expect(now).toBe(id === changed ? 'failed' : 'done');
    if (id === changed) expect(given[i].stderr).toMatch(/result of analysis .* is damaged .*ask for it anew/);
    else expect(given[i].stdout).toBe(report);
  }
  expect(resultsIn(state)).toContain(`results/${changed}`);
});

test('a folder that others can read is refused in one line with the command that mends it', async () => {
  const start = (...args: string[]): Promise<Ran> =>
    runTrireme(['master', '--grpc', '127.0.0.1:0', '--admin', '127.0.0.1:0', ...args]);
  const state = copyAfter((folder) => chmodSync(folder, 0o755));
  const refused = await start('--state', state);
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^trireme: --state .*run 'chmod -R go= .*\n$/) as string,
  });
  const spool = join(scratch.path, 'spool');
  mkdirSync(join(spool, 'something'), { recursive: true });
  chmodSync(spool, 0o777);
  expect(await start('--spool', spool)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^trireme: --spool .*run 'chmod -R go= .*\n$/) as string,
  });
});

test("every file and folder of the state is its user's alone while a master runs", async () => {
  const state = join(scratch.path, 'private');
  const cluster = await CaptureCluster.start([captures], ['--state', state]);
  try {
    await cluster.addWorker(captures);
    await cluster.analyze([capture]);
    const paths = readdirSync(state, { recursive: true }).map((path) => join(state, String(path)));
    expect(paths.length).toBeGreaterThan(8);
    for (const path of [state, ...paths]) {
      const found = statSync(path);
      expect([path, (found.mode & 0o777).toString(8)]).toEqual([path, found.isDirectory() ? '700' : '600']);
    }
  } finally {
    await cluster.stop();
  }
});

const canMount = process.getuid?.() === 0 && existsSync('/usr/bin/unshare');
if (!canMount) process.stderr.write('SKIP readiness on a full disk: needs root and unshare\n');
(canMount ? test : test.skip)(
  '/readyz and health say that nothing can be written, while nobody asks, and when it can be again',
  async () => {
    const full = join(scratch.path, 'full');
    mkdirSync(full);
    const script = 'mount -t tmpfs -o size=1m none "$0" && exec "$@"';
    const args = ['master', '--grpc', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--captures', captures, '--state', full];
    const master = RunningRole.start(args, ['unshare', '-m', 'sh', '-c', script, full]);
    let worker: RunningRole | undefined;
    try {
      const { grpc, admin } = (await master.line('listening')) as { grpc: string; admin: string };
      worker = RunningRole.start(['worker', '--host', grpc, '--slots', '1', '--captures', captures]);
      const ready = async (): Promise<{ status: number; words: string }> => {
        const answer = await fetch(`http://${admin}/readyz`);
        return { status: answer.status, words: await answer.text() };
      };
      await eventually('a master that is ready', async () => (await ready()).status === 200);
      const filler = `/proc/${master.child.pid}/root${full}/filler`;
      try {
        writeFileSync(filler, Buffer.alloc(2 << 20), { mode: 0o600 });
      } catch {
        // It took what there was room for.
      }
      await eventually('a master that is not ready', async () => (await ready()).status === 503);
      expect((await ready()).words).toMatch(/^--state .* cannot be written: no space left on the device\n$/);
      await master.line('the ledger cannot be written');
      execFileSync('rm', [filler]);
      await eventually('a master that is ready again', async () => (await ready()).status === 200);
      await master.line('the ledger can be written again');
    } finally {
      await worker?.end();
      await master.end();
    }
  },
);
