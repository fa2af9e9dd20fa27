import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MirroredDb, reopenIntervalMs } from '../../src/ledger/local/mirrored-db.js';
import { LevelDb } from '../../src/ledger/local/level-db.js';

/**
 * A process of its own, because the bound on the size of its files is its own: a write past it fails as on a
 * full disk, once a part of it was written. It prints what became of the writes, as JSON.
 */
export interface AloneOutcome {
  readonly refused: string;
  /** Keys that are there once it was opened anew. */
  readonly keys: readonly string[];
}

export interface MirroredOutcome {
  readonly refused: string;
  readonly trouble: string | null;
  readonly troubleAfter: string | null;
  /** Keys that each copy knows without the other one, as a kill leaves it. */
  readonly copies: Readonly<Record<'db' | 'journal', readonly string[]>>;
}

const text = 'x'.repeat(10_000);
const words = (error: unknown): string => (error as Error).message;

function limitFiles(bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);
}

/** LevelDB by itself. */
async function alone(folder: string, bytes: number): Promise<AloneOutcome> {
  const level = new LevelDb(join(folder, 'db'), folder);
  await level.open();
  await level.write(new Map([['before', text]]), true);
  limitFiles(bytes);
  const refused = await level.write(new Map([['failed', text]]), true).then(() => '', words);
  limitFiles('unlimited');
  await level.write(new Map([['after', text]]), true);
  await level.close();
  const found = await level.open();
  await level.close();
  return { refused, keys: [...found.keys()] };
}

async function mirrored(folder: string, bytes: number): Promise<MirroredOutcome> {
  const open = async (at: string): Promise<MirroredDb> =>
    (
      await MirroredDb.open(
        at,
        () => null,
        () => Promise.resolve(),
      )
    ).db;
  const db = await open(folder);
  await db.write(new Map([['before', text]]), true);
  limitFiles(bytes);
  const refused = await db.write(new Map([['refused', text]]), true).then(() => '', words);
  await db.write(new Map([['kept', 'k']]), true, true).catch(() => undefined);
  const { trouble } = db;
  limitFiles('unlimited');
  await new Promise((resolve) => setTimeout(resolve, reopenIntervalMs + 100));
  await db.write(new Map([['after', 'a']]), true);
  const troubleAfter = db.trouble;
  const keysWithout = async (gone: string): Promise<string[]> => {
    const killed = `${folder}-without-${gone}`;
    cpSync(folder, killed, { recursive: true });
    rmSync(join(killed, gone), { recursive: true });
    const again = await open(killed);
    const keys = [...again.entries('')].map(([key]) => key);
    await again.close();
    return keys;
  };
  const copies = { db: await keysWithout('journal'), journal: await keysWithout('db') };
  await db.close();
  return { refused, trouble, troubleAfter, copies };
}

async function main([scenario, folder, bytes]: readonly string[]): Promise<void> {
  // Without a listener the signal that comes with such a failure ends the process.
  process.on('SIGXFSZ', () => undefined);
  const outcome = await (scenario === 'alone' ? alone : mirrored)(folder, Number(bytes));
  process.stdout.write(JSON.stringify(outcome));
}

if (require.main === module) void main(process.argv.slice(2));
