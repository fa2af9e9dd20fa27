import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../support/capture-cluster.js';
import { groupFile } from '../../../src/kinds/commands/child.js';
import { ProcessGroups } from '../../../src/worker/process-groups.js';

/** A group of one process. @param stubborn it heeds no SIGTERM */
async function group(stubborn = false): Promise<ChildProcess & { readonly pid: number }> {
  const script = `${stubborn ? "trap '' TERM;" : ''} echo ready; while :; do sleep 0.05; done`;
  const child = spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  return child as ChildProcess & { readonly pid: number };
}

const endOf = async (child: ChildProcess): Promise<unknown> =>
  child.signalCode ?? child.exitCode ?? (await once(child, 'exit'))[1];

/** What the guard of these groups is. */
const guardOf = (groups: ProcessGroups<string>): ChildProcess => (groups as unknown as { guard: ChildProcess }).guard;

test('groups of a dead thread are ended, SIGTERM first, and those of others live', async () => {
  const groups = await ProcessGroups.open<string>();
  const [mild, stubborn, other, gone] = await Promise.all([group(), group(true), group(), group()]);
  for (const each of [mild, stubborn, gone]) groups.told('dead', each.pid, true);
  groups.told('other', other.pid, true);
  groups.told('dead', gone.pid, false);
  const since = Date.now();
  groups.orphaned('dead');
  expect(await endOf(mild)).toBe('SIGTERM');
  expect(await endOf(stubborn)).toBe('SIGKILL');
  expect(Date.now() - since).toBeGreaterThan(900);
  expect([other.exitCode, other.signalCode, gone.signalCode]).toEqual([null, null, null]);
  process.kill(-gone.pid, 'SIGKILL');
  groups.close();
  expect(await endOf(other)).toBe('SIGTERM');
});

test('the guard ends what is left when its pipe ends, and removes the folder; signals for the worker do not end it', async () => {
  const groups = await ProcessGroups.open<string>();
  const [mild, stubborn, gone] = await Promise.all([group(), group(true), group()]);
  for (const each of [mild, gone, stubborn]) groups.told('a', each.pid, true);
  groups.told('a', gone.pid, false);
  writeFileSync(join(groups.scratch, 'payload'), '');
  const guard = guardOf(groups);
  await new Promise((resolve) => setTimeout(resolve, 200));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) guard.kill(signal);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect([guard.exitCode, guard.signalCode, mild.signalCode]).toEqual([null, null, null]);
  // As when the worker is killed: nobody says anything more.
  guard.stdin?.destroy();
  expect(await endOf(mild)).toBe('SIGTERM');
  expect(await endOf(stubborn)).toBe('SIGKILL');
  await eventually('the folder gone', () => Promise.resolve(!existsSync(groups.scratch)));
  expect(gone.signalCode).toBeNull();
  process.kill(-gone.pid, 'SIGKILL');
  groups.close();
});

test('the guard ends what a shell has started and the worker was killed before it knew, a process that has no group too', async () => {
  const groups = await ProcessGroups.open<string>();
  const begun = await group();
  const begins = spawn('sleep', ['600'], { stdio: 'ignore' });
  const said = [`${begun.pid}\n`, `${begins.pid}\n`, '\n', ''];
  said.forEach((text, at) => {
    mkdirSync(join(groups.scratch, `starter-1-${at}`));
    writeFileSync(join(groups.scratch, `starter-1-${at}`, groupFile), text);
  });
  guardOf(groups).stdin?.destroy();
  expect(await endOf(begun)).toBe('SIGTERM');
  expect(await endOf(begins)).toBe('SIGTERM');
  await eventually('the folder gone', () => Promise.resolve(!existsSync(groups.scratch)));
  groups.close();
});

test('a guard that was killed is replaced, and the new one knows what lives', async () => {
  const groups = await ProcessGroups.open<string>();
  const child = await group(true);
  groups.told('a', child.pid, true);
  const first = guardOf(groups);
  first.kill('SIGKILL');
  await eventually('another guard', () => Promise.resolve(guardOf(groups) !== first));
  guardOf(groups).stdin?.end();
  expect(await endOf(child)).toBe('SIGKILL');
  groups.close();
});
