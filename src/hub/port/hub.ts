import type { KindTerms } from '../../gen/trireme/v1/worker.js';
import type { ServedService } from '../../common/grpc-server.js';
import type { JobSink } from './job-sink.js';
import type { HubSnapshot } from './snapshot.js';

/** A version of a kind that workers offer. */
export interface OfferedKind {
  readonly number: number;
  readonly name: string;
  readonly workers: number;
  /** What it allows, by the strictest of its workers; null: a kind of this build. */
  readonly terms: KindTerms | null;
}

/** What one worker that takes jobs of a kind now can do of it. */
export interface KindCapacity {
  /** Jobs at a time. */
  readonly slots: number;
  /** Seconds of one slot for one unit, as learned. */
  readonly secondsPerUnit: number;
}

/** Workers known by their streams, and jobs handed to them. Sockets only at its edge: `services`. */
export interface Hub {
  readonly id: string;
  /** WorkerHub and ClusterService, for startGrpcServer. */
  readonly services: readonly ServedService[];
  /**
   * Takes a job. The sink hears its end exactly once.
   * @param kind number of the kind (src/kinds/registry), or what kindIndex says
   * @param units size of the job in the units of its kind's cost: 1, or the bytes of a SCAN_CHUNK
   * @param payload bytes for the worker or null; not copied, so they must not change until the job has ended
   * @param timeoutSeconds until its client stops waiting; 0 is no limit
   * @param avoidWorker number of a worker that must not get it, or noWorker
   * @param pinned its client has asked for this version of the kind: it waits for a worker that offers it
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
    pinned?: boolean,
  ): number;
  /** Ends a job: its sink hears `failed` with CANCELLED before this returns. False: there is no such job any more. */
  cancel(job: number): boolean;
  /** Jobs that wait for a worker that may take them. */
  readonly jobsWaiting: number;
  /**
   * Lets a worker that is at work all the time hold work for so many seconds per slot, if that is more than usual:
   * fewer and larger messages carry more jobs, and each job may wait so much longer behind others.
   */
  widenWindows(seconds: number): void;
  /** Workers that take jobs now, of this kind or of any. */
  workersReady(kind?: number): number;
  /** The same workers, one by one. */
  capacity(kind: number): KindCapacity[];
  /** Whether this worker is attached, and was found lying. */
  quarantined(worker: number): boolean;
  /** Kinds that some worker offers now, by number. */
  offeredKinds(): OfferedKind[];
  /**
   * What `submit` takes for a kind that some worker offers now, by its number or name.
   * @param version empty: the newest
   */
  kindIndex(kind: number | string, version: string): number | undefined;
  /** What a kind, by kindIndex, allows that is not of this build; null: no worker offers such a kind. */
  kindTerms(kind: number): KindTerms | null;
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
