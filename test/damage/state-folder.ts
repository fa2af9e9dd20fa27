import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pino } from 'pino';
import { TriremeError } from '../../src/common/errors.js';
import { LevelStore } from '../../src/ledger/local/level-store.js';
import { LocalLedger } from '../../src/ledger/local/local-ledger.js';
import type { AnalysisState } from '../../src/ledger/types.js';
import { newAnalysis, taken } from '../support/ledger-conformance.js';

export const bounds = { keepMs: 3_600_000, finishedMax: 100, finishedBytesMax: 1e9 };

/** What a ledger knew when its folder was left. */
export interface Known {
  readonly state: AnalysisState;
  readonly result: Uint8Array | null;
  readonly chunks: ReadonlyMap<string, Uint8Array>;
}

export interface Truth {
  readonly analyses: ReadonlyMap<string, Known>;
  /** Ids of analyses that are kept no longer. */
  readonly dropped: readonly string[];
  /** SHA-256 of each result. */
  readonly contents: ReadonlySet<string>;
}

export interface MadeFolder {
  /** As it was left in the middle of work: its master was killed. */
  readonly killed: string;
  /** As it was some writes earlier. */
  readonly earlier: string;
  readonly truth: Truth;
}

/**
 * Makes a state folder by the calls that a master makes, over two masters; and copies it while the second is at work.
 */
export async function makeStateFolder(root: string, random: () => number): Promise<MadeFolder> {
  const log = pino({ level: 'silent' });
  const folder = join(root, 'state');
  const [killed, earlier] = [join(root, 'killed'), join(root, 'earlier')];
  const bytes = (least: number, most: number): Uint8Array =>
    Buffer.from(
      Array.from({ length: least + Math.floor(random() * (most - least)) }, () => Math.floor(random() * 256)),
    );
  const analyses = new Map<string, Known>();
  const dropped: string[] = [];
  const submit = async (ledger: LocalLedger): Promise<string> => {
    const { id } = await ledger.submit(newAnalysis({ path: `/data/${Math.floor(random() * 1e9)}.pcap` }));
    analyses.set(id, { state: 'queued', result: null, chunks: new Map() });
    return id;
  };
  const done = async (ledger: LocalLedger): Promise<string> => {
    const id = await submit(ledger);
    const lease = await taken(ledger);
    await lease.writeChunks([{ key: '0-10-certain', bytes: bytes(10, 100) }]);
    const result = bytes(200, 12_000);
    await lease.finish({ state: 'done', result });
    analyses.set(id, { state: 'done', result, chunks: new Map() });
    return id;
  };
  const open = async (): Promise<LocalLedger> =>
    LocalLedger.open(await LevelStore.open(folder, log), 'master', bounds, log);

  const first = await open();
  for (let i = 0; i < 3; i++) await done(first);
  const old = await done(first);
  await first.store.drop(old);
  analyses.delete(old);
  dropped.push(old);
  await first.close();

  const second = await open();
  for (let i = 0; i < 2; i++) await done(second);
  cpSync(folder, earlier, { recursive: true });
  const failed = await submit(second);
  await (await taken(second)).finish({ state: 'failed', error: new TriremeError('JOB_FAILED', 'no') });
  analyses.set(failed, { state: 'failed', result: null, chunks: new Map() });
  const unwanted = await submit(second);
  await second.cancel(unwanted, 'not wanted');
  analyses.set(unwanted, { state: 'cancelled', result: null, chunks: new Map() });
  for (let i = 0; i < 2; i++) await done(second);
  const running = await submit(second);
  const lease = await taken(second);
  await lease.plan({ chunkBytes: 1e6, engine: 'one' });
  const chunks = new Map(Array.from({ length: 4 }, (_, i) => [`${i}0-${i + 1}0-guess`, bytes(100, 9_000)] as const));
  for (const [key, chunk] of chunks) await lease.writeChunks([{ key, bytes: chunk }]);
  analyses.set(running, { state: 'queued', result: null, chunks });
  await submit(second);
  cpSync(folder, killed, { recursive: true });
  await second.close();
  const contents = new Set([...analyses.values()].flatMap(({ result }) => (result === null ? [] : [sha256(result)])));
  return { killed, earlier, truth: { analyses, dropped, contents } };
}

/** Paths of the files below a folder, in order. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** SHA-256 of each file, by its path. */
export function contentsBelow(folder: string): Map<string, string> {
  return new Map(filesBelow(folder).map((path) => [path, sha256(readFileSync(join(folder, path)))]));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function copyFolder(from: string, to: string): void {
  mkdirSync(to, { mode: 0o700 });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) copyFolder(join(from, entry.name), join(to, entry.name));
    else writeFileSync(join(to, entry.name), readFileSync(join(from, entry.name)), { mode: 0o600 });
  }
}
