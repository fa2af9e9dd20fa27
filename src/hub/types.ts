import type { AuditCounts } from './audit/audit-counts.js';
import type { Evidence } from './audit/evidence.js';
import type { TriremeError } from '../common/errors.js';
import type { ServedService } from '../common/grpc-server.js';

/** No worker: what `submit` takes when any worker will do. */
export const noWorker = -1;

/** Job id of a job that was refused at once: its sink has already heard why. */
export const noJob = 0;

/**
 * Hears the end of jobs: exactly one of `done` and `failed`, exactly once for each job submitted with it. One sink
 * serves any number of jobs; the tag, chosen by the submitter, says which one. A sink must not throw and must not
 * block; it may submit and cancel jobs.
 */
export interface JobSink {
  /**
   * The job was answered.
   * @param tag as submitted
   * @param bytes holds the answer from `start` to `end`. The rest of it belongs to other jobs and keeping it keeps them
   *   all, so copy what must outlive the call.
   * @param worker number of the worker that ran it; `workerName` gives its name during the call
   * @param execSeconds seconds of one slot, as measured by the worker
   * @param attempts times that the job was given to a worker, 1 when all went well
   * @param totalSeconds from submit to now, on the hub's clock
   */
  done(
    tag: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    worker: number,
    execSeconds: number,
    attempts: number,
    totalSeconds: number,
  ): void;
  /**
   * The job has no answer. Codes: QUEUE_FULL, DEADLINE_PASSED, CANCELLED, NO_WORKER, WORKER_LOST (attempts used up, or
   * poison), JOB_FAILED (it ran and failed), DRAINING. May be called before `submit` returns.
   */
  failed(tag: number, error: TriremeError): void;
  /**
   * Read when a job is submitted. True: its client asks for little and waits for it, so the job goes before those that
   * are not urgent, here and in its worker.
   */
  readonly urgent?: boolean;
  /**
   * True: no worker is to get its jobs now, neither for the first time nor again or as a copy. They wait at the hub,
   * in nobody's way, until this is false.
   */
  readonly heldBack?: boolean;
  /** True: why its workers were picked is always kept. Left out, a sample of the picks is. */
  readonly explained?: boolean;
  /** The job was given to a worker, now or again after a loss. It must not submit or cancel. Left out by most sinks. */
  given?(tag: number, worker: number): void;
}

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
 * Where a worker stands with the hub. JOINING: the stream is open, Hello has not come. SILENT: heartbeats overdue. SUSPENDED:
 * it sends heartbeats and answers no job, so it gets none but single probes. QUARANTINED: it was found lying and gets no job.
 */
export type WorkerState = 'JOINING' | 'SERVING' | 'SILENT' | 'SUSPENDED' | 'DRAINING' | 'QUARANTINED' | 'LOST' | 'LEFT';

export interface WorkerKindSnapshot {
  readonly kind: number;
  readonly name: string;
  /** As learned: one unit is one job, for SCAN_CHUNK one byte. */
  readonly secondsPerUnit: number;
  readonly done: number;
  readonly failed: number;
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

/** Workers known by their streams, and jobs handed to them. Sockets only at its edge: `services`. */
export interface Hub {
  readonly id: string;
  /** WorkerHub and ClusterService, for startGrpcServer. */
  readonly services: readonly ServedService[];
  /**
   * Takes a job. The sink hears its end exactly once.
   * @param kind number of the kind (src/kinds/registry)
   * @param units size of the job in the units of its kind's cost: 1, or the bytes of a SCAN_CHUNK
   * @param payload bytes for the worker or null; not copied, so they must not change until the job has ended
   * @param timeoutSeconds until its client stops waiting; 0 is no limit
   * @param avoidWorker number of a worker that must not get it, or noWorker
   * @returns the job's id for `cancel`, or noJob if it was refused (the sink has heard why)
   */
  submit(
    kind: number,
    units: number,
    payload: Uint8Array | null,
    timeoutSeconds: number,
    avoidWorker: number,
    sink: JobSink,
    tag: number,
  ): number;
  /** Ends a job: its sink hears `failed` with CANCELLED before this returns. False: there is no such job any more. */
  cancel(job: number): boolean;
  /** Jobs that wait for a worker that may take them. */
  readonly jobsWaiting: number;
  /**
   * Lets a worker that is at work all the time hold work for so many seconds per slot, if that is more than usual: fewer
   * and larger messages carry more jobs, and each job may wait so much longer behind others.
   */
  widenWindows(seconds: number): void;
  /** Workers that take jobs now, of this kind or of any. */
  workersReady(kind?: number): number;
  workerName(worker: number): string;
  snapshot(): HubSnapshot;
  /** Calls back whenever a worker joins, leaves, is lost or changes its state; the return value ends that. */
  onWorkersChanged(listener: () => void): () => void;
  /**
   * Takes no new job and resolves when the last live one has ended, or after graceMs, when those left fail with
   * DRAINING. Then the workers' streams are closed; the workers dial again by themselves.
   */
  close(graceMs: number): Promise<void>;
}
