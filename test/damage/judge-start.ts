import { Writable } from 'node:stream';
import { pino } from 'pino';
import { TriremeError } from '../../src/common/errors.js';
import { LevelStore } from '../../src/ledger/local/level-store.js';
import { LocalLedger } from '../../src/ledger/local/local-ledger.js';
import type { Lease } from '../../src/ledger/types.js';
import { bounds, contentsBelow, type Truth } from './state-folder.js';

export interface JudgedStart {
  /** refused: it did not start; reported: it said what is wrong or repaired; silent: it found nothing. */
  readonly how: 'refused' | 'reported' | 'silent';
  /** Warnings and errors, or the words of the refusal. */
  readonly said: readonly string[];
  /** What must not be: a loss without a word, wrong bytes, a result that is gone. */
  readonly violations: readonly string[];
}

/** Starts a ledger on a folder, and holds what it then knows and has said against what was in it. */
export async function judgeStart(folder: string, truth: Truth): Promise<JudgedStart> {
  const said: string[] = [];
  const before = contentsBelow(folder);
  const results = resultContents(before, truth);
  const log = pino(
    { level: 'warn' },
    new Writable({ write: (line: Buffer, _encoding, next) => (said.push(line.toString().trim()), next()) }),
  );
  const violations: string[] = [];
  let refused = false;
  try {
    const ledger = await LocalLedger.open(await LevelStore.open(folder, log), 'master', bounds, log);
    try {
      violations.push(...(await compare(ledger, truth, said)));
    } finally {
      await ledger.close();
    }
  } catch (error) {
    if (!(error instanceof TriremeError) || error.code !== 'STATE_FAILED') throw error;
    refused = true;
    said.push(error.message);
    const after = contentsBelow(folder);
    for (const [path, content] of before)
      if (after.get(path) !== content) violations.push(`it was refused, and ${path} is not as it was`);
  }
  const left = new Set(contentsBelow(folder).values());
  for (const [path, content] of results)
    if (!left.has(content)) violations.push(`what lay at ${path} is nowhere any more`);
  return { how: refused ? 'refused' : said.length > 0 ? 'reported' : 'silent', said, violations };
}

/** Files that hold the bytes of a result, or lie where results do, whatever their name says. */
function resultContents(contents: ReadonlyMap<string, string>, truth: Truth): [string, string][] {
  const known = new Set([...truth.contents]);
  return [...contents].filter(([path, content]) => path.startsWith('results') || known.has(content));
}

async function compare(ledger: LocalLedger, { analyses, dropped }: Truth, said: readonly string[]): Promise<string[]> {
  const violations: string[] = [];
  const reported = (id: string): boolean => said.some((words) => words.includes(id));
  const missing = (id: string, what: string): void => {
    if (!reported(id)) violations.push(`${id}: ${what}, and nothing said so`);
  };
  for (const id of dropped) if ((await ledger.get(id)) !== null) violations.push(`${id} was dropped, and is back`);
  for (const [id, known] of analyses) {
    const record = await ledger.get(id);
    if (record === null) {
      missing(id, `it was ${known.state} and is not listed`);
      continue;
    }
    if (record.state !== known.state) missing(id, `it was ${known.state} and is ${record.state}`);
    const result = await ledger.result(id);
    if (result !== null && !same(result, known.result)) violations.push(`${id}: a wrong result is given out`);
    if (result === null && known.result !== null) missing(id, 'its result is not given out');
  }
  for (const { id } of ledger.list()) if (!analyses.has(id)) violations.push(`${id} was never there`);
  await compareChunks(ledger, analyses, missing, violations);
  return violations;
}

/** Chunks that are damaged are scanned again; those that are there must be right. */
async function compareChunks(
  ledger: LocalLedger,
  analyses: Truth['analyses'],
  missing: (id: string, what: string) => void,
  violations: string[],
): Promise<void> {
  const leases: Lease[] = [];
  const queued = ledger.list().filter(({ state }) => state === 'queued');
  for (let i = 0; i < queued.length; i++) {
    const lease = await ledger.take(AbortSignal.timeout(5_000));
    if (lease === null) break;
    leases.push(lease);
  }
  for (const lease of leases) {
    const { id } = lease.record;
    for (const [key, chunk] of analyses.get(id)?.chunks ?? []) {
      if (!lease.chunkKeys.has(key)) missing(id, `its chunk ${key} is not known any more`);
      const bytes = await lease.readChunk(key);
      if (bytes !== null && !same(bytes, chunk)) violations.push(`${id}: a wrong chunk is given out`);
    }
    await lease.release();
  }
}

function same(a: Uint8Array, b: Uint8Array | null): boolean {
  return b !== null && Buffer.compare(a, b) === 0;
}
