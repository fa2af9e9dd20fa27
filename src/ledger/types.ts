import type { ErrorCode, TriremeError } from '../common/errors.js';
import type { ScanOptions, SortOrder } from '../pcap/types.js';

/** Analyses that wait for their turn. Past it, submissions are refused. */
export const analysesQueuedMax = 1_000;

/**
 * The ledger remembers analyses: what was asked, which chunks are finished and with what result, and how it ended. A
 * master holds an analysis by a lease and writes only through it. Records are plain JSON. Several stores stand behind
 * this port; test/support/ledger-conformance.ts says what all of them do.
 */

/** QUEUED: waits for a master. RUNNING: a master holds its lease. The others are final. */
export type AnalysisState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** What a caller asked for, checked and complete, so that any master can run it at any time. */
export interface RequestedAnalysis {
  /** As the caller wrote the file's name. */
  readonly name: string;
  /** Where the masters find it. The query of a URL is a secret: it is stored, and never shown. */
  readonly path: string;
  /** The path is that of an upload which lists the files of one capture. */
  readonly join?: boolean;
  readonly scan: ScanOptions;
  /** An index beside the capture is not used. */
  readonly noIndex?: boolean;
  readonly top: number;
  readonly sort: SortOrder;
  /** Wait for a first worker. */
  readonly waitMs: number;
  /** Nobody waits for the result: it is not given up when its caller goes. */
  readonly detached: boolean;
}

/** What a capture was when it was submitted. Results of one analysis are never taken from two of these. */
export interface CaptureStamp {
  readonly sizeBytes: number;
  /** When it was last changed: nanoseconds since 1970 in decimal, or what a web server said. */
  readonly modified: string;
  /** Hex SHA-256 over both ends and samples between them, or an ETag. */
  readonly content: string;
  /** The capture was sent to a master, which keeps it until the analysis has ended. */
  readonly spooled: boolean;
  /** Bytes of what was sent, where that is a list of files; left out: those of the capture. */
  readonly spoolBytes?: number;
}

/** How the capture was cut into chunks. Results count only under the very same facts. */
export interface PlanFacts {
  readonly chunkBytes: number;
  /** Version of what scanned: results of another one are not mixed with this one's. */
  readonly engine: string;
}

export interface ProgressFacts {
  readonly bytesDone: number;
  readonly chunksDone: number;
  /** Of chunksDone: taken from the ledger after a change of master, not scanned. */
  readonly chunksResumed: number;
  readonly chunksTotal: number;
  readonly workers: number;
  /** What the analysis waits for, when it waits; else empty. */
  readonly message: string;
}

export const noProgress: ProgressFacts = {
  bytesDone: 0,
  chunksDone: 0,
  chunksResumed: 0,
  chunksTotal: 0,
  workers: 0,
  message: '',
};

export interface NewAnalysis {
  readonly id: string;
  /** Name of the credential that submitted it; empty: nobody's own, and an operator's to see. */
  readonly owner: string;
  readonly request: RequestedAnalysis;
  readonly capture: CaptureStamp;
}

export interface AnalysisRecord extends NewAnalysis {
  readonly state: AnalysisState;
  /** Goes up whenever a master takes the analysis or it ends: what was written under an older one does not count. */
  readonly revision: number;
  readonly plan: PlanFacts | null;
  /** Name of the master that holds it, or held it last; empty before the first. */
  readonly holder: string;
  /** Milliseconds since 1970; null: not yet. */
  readonly submittedMs: number;
  readonly startedMs: number | null;
  readonly endedMs: number | null;
  /** Times that a master took it. More than 1: it was resumed. */
  readonly attempts: number;
  readonly progress: ProgressFacts;
  /** Why it failed or was cancelled. */
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
  /**
   * Bytes of the result, and its CRC-32; null while there is none. With FAILED: it was done, and its result is damaged.
   */
  readonly result: { readonly bytes: number; readonly crc32: number } | null;
}

export function isFinal({ state }: Pick<AnalysisRecord, 'state'>): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

/** Name of a chunk within its analysis, and the bytes of its result. */
export interface FinishedChunk {
  readonly key: string;
  readonly bytes: Uint8Array;
}

export type Outcome =
  | { readonly state: 'done'; readonly result: Uint8Array }
  | { readonly state: 'failed' | 'cancelled'; readonly error: TriremeError };

/**
 * The right to write an analysis, held by one master at a time. Every write rejects with LEASE_LOST once it is gone.
 */
export interface Lease {
  /** As it was when the lease was taken. */
  readonly record: AnalysisRecord;
  /** False while another master may have it without this one knowing: nothing new is begun then. */
  readonly sure: boolean;
  /** Chunks that are finished. */
  readonly chunkKeys: ReadonlySet<string>;
  /** Null: its bytes are gone or damaged, so the chunk is to be scanned again. */
  readChunk(key: string): Promise<Uint8Array | null>;
  /** Sets how the capture is cut. With other facts than before, chunks that were finished are forgotten. */
  plan(facts: PlanFacts): Promise<void>;
  /** Once this resolves, the chunks are finished: no master that comes later scans them again. */
  writeChunks(chunks: readonly FinishedChunk[]): Promise<void>;
  /** For those who watch. Stores may write only some of it, and it may get lost. */
  progress(facts: ProgressFacts): void;
  /** Ends the analysis, and the lease. Resolves when the outcome is there to be read. */
  finish(outcome: Outcome): Promise<void>;
  /** Gives the analysis back: it waits for a master again, with its finished chunks. */
  release(): Promise<void>;
  /** Calls back once when the lease is gone before finish or release: CANCELLED, or LEASE_LOST to another master. */
  onLost(listener: (error: TriremeError) => void): void;
}

export interface Ledger {
  /** For messages: where it keeps what it knows. */
  readonly place: string;
  /** Analyses outlive this process. */
  readonly durable: boolean;
  /** Other masters take analyses from it too. */
  readonly shared: boolean;
  /** Why nothing can be submitted now, or null. */
  readonly trouble: string | null;
  /**
   * Folder of what its start found damaged, where other files that nobody names belong too. Left out, or null: nothing
   * was.
   */
  readonly evidence?: string | null;
  /**
   * Adds an analysis, which then waits for a master.
   * @throws TriremeError QUEUE_FULL; STATE_FAILED when it cannot be written
   */
  submit(analysis: NewAnalysis): Promise<AnalysisRecord>;
  /**
   * Takes the analysis that has waited longest, or whose master is gone; waits for one. Null: the signal was given.
   * One call at a time.
   */
  take(signal: AbortSignal): Promise<Lease | null>;
  get(id: string): Promise<AnalysisRecord | null>;
  /** All that are known, newest first; of a shared ledger it may be late by some ms. */
  list(): readonly AnalysisRecord[];
  /** The result of a done analysis; null: there is none, or it is damaged. */
  result(id: string): Promise<Uint8Array | null>;
  /** Calls back with each change of an analysis; the return value ends that. */
  watch(id: string, listener: (record: AnalysisRecord) => void): () => void;
  /** Ends an analysis that has not ended, and answers with what it then is; null: there is none of this id. */
  cancel(id: string, reason: string): Promise<AnalysisRecord | null>;
  /** Writes that wait for the store to come back fail from now on: the process is about to end. */
  endWaits(): void;
  close(): Promise<void>;
}
