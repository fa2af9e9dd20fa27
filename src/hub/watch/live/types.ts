import type { RecentError } from '../../../common/recent-errors.js';
import type { BusyTime } from '../../explain/optimum.js';
import type { ShareReport } from '../../shares/share-report.js';
import type { PickView } from '../../explain/types.js';

/** What the live page of a role is sent once a second. Numbers are seconds, bytes and counts; null is unknown. */
export interface LiveDocument {
  readonly role: string;
  readonly version: string;
  readonly host: string;
  readonly startedMs: number;
  readonly nowMs: number;
  /** Why no work can be done now; null when it can. */
  readonly notReady: string | null;
  readonly jobsWaiting: number;
  readonly jobsLive: number;
  readonly workersTotal: number;
  readonly workersJoined: number;
  readonly workersLost: number;
  readonly workersCut: number;
  /** At most `workersShownMax`. */
  readonly workers: readonly LiveWorker[];
  readonly kinds: readonly LiveKind[];
  /** Of clients that share the workers; null: they do not. */
  readonly shares: readonly ShareReport[] | null;
  /** Counts of the role's own, such as connections by framing; each with a name for people. */
  readonly gauges: readonly { readonly name: string; readonly value: number }[];
  readonly busy: BusyTime | null;
  readonly picks: readonly PickView[];
  readonly errors: readonly RecentError[];
  /** A master's; null for a role that has none. */
  readonly analyses: readonly LiveAnalysis[] | null;
  /** The newest of those that have ended; null for a role that has none. */
  readonly ended: readonly EndedAnalysis[] | null;
  /** The page may send captures, ask for analyses and end them. */
  readonly takesCaptures: boolean;
  /** The newest row of the history. */
  readonly sample: HistoryRow | null;
}

export interface LiveWorker {
  readonly number: number;
  readonly name: string;
  readonly address: string;
  readonly host: string;
  readonly cpuModel: string;
  readonly state: string;
  readonly slots: number;
  readonly busy: number;
  readonly load: number;
  readonly outstanding: number;
  readonly backlogSeconds: number;
  readonly windowSeconds: number;
  readonly roundTripSeconds: number;
  readonly lastHeartbeatMs: number;
  /** Those that the role gives out, and those of users. */
  readonly kinds: readonly {
    /** With its version, if it has one. */
    readonly name: string;
    /** Of one slot: a job takes `fixedSeconds + units * secondsPerUnit`. */
    readonly fixedSeconds: number;
    readonly secondsPerUnit: number;
    readonly unit: string;
    readonly done: number;
    readonly failed: number;
  }[];
}

export interface LiveKind {
  readonly name: string;
  readonly submitted: number;
  readonly done: number;
  /** Ended without an answer, whatever the reason. */
  readonly notDone: number;
  /** Those by reason, without reasons that there were none of. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly retries: number;
  readonly copies: number;
}

/** One kind in one second. */
export interface HistoryKind {
  readonly jobsPerSecond: number;
  readonly p50Seconds: number | null;
  readonly p99Seconds: number | null;
  /** 99th percentile that one queue before all slots would have had. */
  readonly pooledP99Seconds: number | null;
}

/** One second of the history. */
export interface HistoryRow {
  /** Seconds since 1970. */
  readonly time: number;
  readonly jobsWaiting: number;
  readonly jobsLive: number;
  /** By the kinds of HistoryDocument, in their order. */
  readonly kinds: readonly HistoryKind[];
}

/** The last 15 minutes in columns. */
export interface HistoryDocument {
  readonly stepSeconds: number;
  readonly kinds: readonly string[];
  readonly time: readonly number[];
  readonly jobsWaiting: readonly number[];
  readonly jobsLive: readonly number[];
  /** A column for each kind. */
  readonly jobsPerSecond: readonly (readonly number[])[];
  readonly p50Seconds: readonly (readonly (number | null)[])[];
  readonly p99Seconds: readonly (readonly (number | null)[])[];
  readonly pooledP99Seconds: readonly (readonly (number | null)[])[];
}

/**
 * Where a piece of a capture is. WAITING: not given out. QUEUED: at the hub. RUNNING and DONE: with or by the worker.
 */
export type ChunkState = 'WAITING' | 'QUEUED' | 'RUNNING' | 'DONE';

/** A range of bytes of a capture. */
export interface LiveChunk {
  readonly start: number;
  readonly end: number;
  readonly state: ChunkState;
  /** Name; empty while nobody has it. */
  readonly worker: string;
}

/** An analysis of a master. */
export interface LiveAnalysis {
  readonly id: string;
  readonly file: string;
  /** The filter that says which packets count; empty: all do. */
  readonly filter: string;
  readonly state: string;
  /** What it waits for; empty when it does not. */
  readonly message: string;
  readonly startedMs: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly chunksDone: number;
  readonly chunksTotal: number;
  /** In the order of the file; neighbours that are alike may be one. */
  readonly chunks: readonly LiveChunk[];
}

/** An analysis of a master that has ended. */
export interface EndedAnalysis {
  readonly id: string;
  readonly file: string;
  /** As of a LiveAnalysis. */
  readonly filter: string;
  readonly state: string;
  readonly bytes: number;
  readonly endedMs: number;
  /** Why it has no result: a code, a colon, and words for people; empty: it has one. */
  readonly error: string;
}
