/** Counts since the hub began, of one kind. The end of each job is counted under exactly one of the outcomes. */
export interface KindCounters {
  readonly kind: number;
  readonly name: string;
  submitted: number;
  /** Jobs given to a worker, first attempts and later ones. */
  picks: number;
  /** Attempts after the first. */
  retries: number;
  /** Jobs given to one more worker while the one before took too long; not counted as attempts. */
  copies: number;
  /** Jobs given to a suspended worker as well, to see whether it answers again. */
  probes: number;
  /** Copies whose answer came first. */
  copiesWon: number;
  /** Seconds that workers spent on jobs which another one answered. */
  wastedSeconds: number;
  /** Jobs asked back from a worker that took too long, unless begun. */
  recalls: number;
  /** Jobs given back as NOT_RUN. */
  notRun: number;
  /** Results that came for a job already answered or taken away. */
  duplicates: number;
  /** Outcomes. */
  done: number;
  failed: number;
  queueFull: number;
  expired: number;
  cancelled: number;
  lost: number;
  noWorker: number;
  draining: number;
}

/**
 * Where a worker stands with the hub. JOINING: the stream is open, Hello has not come. SILENT: heartbeats overdue.
 * SUSPENDED: it sends heartbeats and answers no job, so it gets none but single probes. QUARANTINED: it was found lying
 * and gets no job.
 */
export type WorkerState = 'JOINING' | 'SERVING' | 'SILENT' | 'SUSPENDED' | 'DRAINING' | 'QUARANTINED' | 'LOST' | 'LEFT';

export interface WorkerKindSnapshot {
  readonly kind: number;
  readonly name: string;
  /** Empty: it has none. */
  readonly version: string;
  /** As learned, of one slot: a job takes `fixedSeconds + units * secondsPerUnit`. */
  readonly fixedSeconds: number;
  readonly secondsPerUnit: number;
  /** What units are called. */
  readonly unit: string;
  readonly done: number;
  readonly failed: number;
}

/** Why a worker is quarantined. */
export interface Evidence {
  readonly kind: string;
  /** Id of the job at the hub. */
  readonly job: number;
  /** What it answered, and what two others did; a digest where that is no short text. */
  readonly answer: string;
  readonly othersAnswer: string;
  /** Names of the two others. */
  readonly others: readonly string[];
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** What the hub knows of one worker. */
export interface WorkerSnapshot {
  /** Given at each attachment and never again: a worker that comes back has another. */
  readonly number: number;
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly address: string;
  readonly host: string;
  readonly cpuModel: string;
  readonly memoryBytes: bigint;
  readonly cores: number;
  readonly state: WorkerState;
  readonly slots: number;
  /** As last reported by the worker. */
  readonly busy: number;
  readonly queued: number;
  readonly load: number;
  /** Jobs given and not answered, and their expected seconds. */
  readonly outstanding: number;
  readonly backlogSeconds: number;
  /** Seconds of work that the hub would have it hold. */
  readonly windowSeconds: number;
  readonly roundTripSeconds: number;
  readonly picks: number;
  /** Why it is quarantined, or null. */
  readonly evidence: Evidence | null;
  /** Milliseconds since 1970. */
  readonly lastHeartbeatMs: number;
  readonly kinds: readonly WorkerKindSnapshot[];
}

/**
 * What became of audits. `impossible`: there was no second worker, or it did not answer; the answer went out unaudited.
 */
export interface AuditCounts {
  agreed: number;
  refuted: number;
  unresolved: number;
  impossible: number;
}

/** The state of a hub for metrics and lists: plain data, made when asked for. */
export interface HubSnapshot {
  readonly workers: readonly WorkerSnapshot[];
  /** Jobs that wait for a worker that may take them. */
  readonly jobsWaiting: number;
  /** Jobs submitted and not answered: waiting or with a worker. */
  readonly jobsLive: number;
  readonly kinds: readonly KindCounters[];
  readonly workersJoined: number;
  readonly workersLost: number;
  /** Streams cut off because the worker broke the protocol. */
  readonly workersCut: number;
  /** Times that a worker was suspended, because it answered none of its jobs. */
  readonly workersSuspended: number;
  /** Workers that were found lying. */
  readonly workersQuarantined: number;
  /** What became of audits, by kind; empty where none are made. */
  readonly audits: Readonly<Record<string, AuditCounts>>;
  readonly draining: boolean;
}
