import type { TriremeError } from '../../common/errors.js';
import type { Shares } from '../shares/shares.js';
import type { KindAudit } from '../../kinds/audit.js';
import { heartbeatIntervalMsDefault, heartbeatsMissedMax, jobAttemptsMax } from '../../common/limits.js';

/** Bounds of a hub. Each has a default and a reason. */
export interface HubOptions {
  /**
   * Jobs that wait for a worker at once. At 100,000 jobs/s the default holds one second's worth; past it, QUEUE_FULL.
   */
  readonly jobsQueuedMax: number;
  /** Workers attached at once. The window and lists are per worker; this keeps a flood of dials from filling memory. */
  readonly workersMax: number;
  /** Jobs outstanding on one worker at most, whatever the window in seconds says: bounds memory at both ends. */
  readonly jobsOutstandingMax: number;
  readonly heartbeatIntervalMs: number;
  /** Missed heartbeats in a row that make a worker lost. */
  readonly heartbeatsMissedMax: number;
  /** Time for Hello to come after a stream opened. A port scanner must not hold a stream for ever. */
  readonly helloTimeoutMs: number;
  /** Times that a job is given to a worker that then dies. */
  readonly jobAttemptsMax: number;
  /** Times that a job may come back NOT_RUN (a draining worker, say) before it counts as failed: bounds a ping-pong. */
  readonly jobNotRunMax: number;
  /**
   * A worker that has jobs and is silent for so long beyond what they should take stands still: its jobs are given to
   * another worker too. Well above a busy event loop's pauses, well below the 100 ms period of a CPU quota. Infinity
   * copies none for that.
   */
  readonly copyAfterMs: number;
  /**
   * Work that may be done twice for the sake of jobs that take too long, as a share of the work executed. 0 copies
   * nothing; jobs that have not begun are recalled all the same.
   */
  readonly hedgeShare: number;
  /** A job is overdue after so many times what was predicted when it was given to its worker. */
  readonly hedgeFactor: number;
  /** Share of the answers, of kinds that can be audited, that other workers check before their clients get them. */
  readonly auditShare: number;
  /** Start of the random numbers that choose them. Who knows it knows which. */
  readonly auditSeed: number;
  /** Drawn at each start, not 0: results name it, so that none for an earlier hub is taken. */
  readonly incarnation: number;
  /**
   * First id for workers that know 32 bits of one: another at each start, so that answers to an earlier hub fit no job.
   */
  readonly shortIdFirst: number;
  /** Bits of an id that count how often its row was used; left out by all but tests, which take few: see JobTable. */
  readonly useBits?: number;
  /** How a kind is audited, by number. */
  readonly auditOf: (kind: number) => KindAudit | undefined;
  /** How long a worker that was found lying gets no job; Infinity: as long as its process runs. */
  readonly quarantineMs: number;
  /** Bytes of one result over all its parts. A larger one is a lie or a bug, and its worker is cut off. */
  readonly resultBytesMax: number;
  /** Bytes of one result of a kind, by its number; never above resultBytesMax. */
  readonly resultBytesOf: (kind: number) => number;
  /**
   * Seconds between two picks that are kept, whatever jobs come between: 100 a second cost nothing that can be
   * measured. Longer with many workers, since all are looked at. Infinity keeps only those asked for.
   */
  readonly pickSampleSeconds: number;
  /** Hears of each job that has no answer, cancelled ones aside. Must be quick: under overload there are many. */
  readonly jobFailed: (kind: string, error: TriremeError) => void;
  /** How clients share the workers when these are full; null: the first that waits is served first. */
  readonly shares: Shares | null;
  /** Names of kinds by number, for counters and messages. */
  readonly kindNames: ReadonlyMap<number, string>;
}

export const hubOptionsDefault: HubOptions = {
  jobsQueuedMax: 100_000,
  workersMax: 10_000,
  jobsOutstandingMax: 16_384,
  heartbeatIntervalMs: heartbeatIntervalMsDefault,
  heartbeatsMissedMax,
  helloTimeoutMs: 10_000,
  jobAttemptsMax,
  jobNotRunMax: 16,
  copyAfterMs: 5,
  hedgeShare: 0.05,
  hedgeFactor: 4,
  auditShare: 0,
  auditSeed: 0,
  incarnation: 1,
  shortIdFirst: 1,
  auditOf: () => undefined,
  quarantineMs: Infinity,
  resultBytesMax: 2 ** 30,
  resultBytesOf: () => Infinity,
  pickSampleSeconds: 0.01,
  jobFailed: () => undefined,
  shares: null,
  kindNames: new Map(),
};
