import type { AnalysisRecord, FinishedChunk } from '../types.js';

/** What a store held when it was opened. */
export interface StoredLedger {
  readonly records: readonly AnalysisRecord[];
  /** Keys of finished chunks, by analysis. */
  readonly chunkKeys: ReadonlyMap<string, ReadonlySet<string>>;
  /** When it was written last, by the clock of then: ms since 1970; null: never. */
  readonly lastMs: number | null;
}

/**
 * Where a ledger of one process keeps what must outlive it. Methods reject with STATE_FAILED when it cannot be written.
 */
export interface LocalStore {
  readonly place: string;
  readonly durable: boolean;
  /** Why it cannot be written at the moment, or null. */
  readonly trouble: string | null;
  /** Folder of what was found damaged; null: nothing was. */
  readonly evidence: string | null;
  load(): Promise<StoredLedger>;
  /** Reads a result whole. @returns what is wrong with it; null: nothing, or the record names none */
  checkResult(record: AnalysisRecord): Promise<string | null>;
  /** What was loaded has been looked at. @param wrong something was damaged, so what was found is kept as evidence */
  loaded(wrong: boolean): Promise<void>;
  /** @param sync resolves only once it would survive the machine, not only the process */
  putRecord(record: AnalysisRecord, sync: boolean): Promise<void>;
  putChunks(id: string, chunks: readonly FinishedChunk[]): Promise<void>;
  /** Null: not there, or damaged. */
  readChunk(id: string, key: string): Promise<Uint8Array | null>;
  dropChunks(id: string): Promise<void>;
  putResult(id: string, bytes: Uint8Array): Promise<void>;
  /** Null: not there. */
  readResult(id: string): Promise<Uint8Array | null>;
  /** Removes all of an analysis. */
  drop(id: string): Promise<void>;
  close(): Promise<void>;
}

/** Nothing outlives the process. Chunks are not kept at all: whoever could resume from them is gone with them. */
export function memoryStore(): LocalStore {
  const results = new Map<string, Uint8Array>();
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    place: 'memory',
    durable: false,
    trouble: null,
    evidence: null,
    load: () => Promise.resolve({ records: [], chunkKeys: new Map(), lastMs: null }),
    checkResult: () => Promise.resolve(null),
    loaded: nothing,
    putRecord: nothing,
    putChunks: nothing,
    readChunk: () => Promise.resolve(null),
    dropChunks: nothing,
    putResult: (id, bytes) => Promise.resolve(void results.set(id, bytes)),
    readResult: (id) => Promise.resolve(results.get(id) ?? null),
    drop: (id) => Promise.resolve(void results.delete(id)),
    close: nothing,
  };
}
