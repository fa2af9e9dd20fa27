/** What a policy is told of a worker when the simulation begins. */
export interface Told {
  readonly cores: number;
  /** speed * cores as the operator configured it; the classic policies go by this. */
  readonly weight: number;
  /** Seconds of a job by kind, as the worker measured itself at its start. */
  readonly calibration: readonly number[];
  /** Kinds whose jobs have a size. */
  readonly sized?: boolean;
}

export interface Heard {
  readonly slots: number;
  readonly queued: number;
  readonly draining: boolean;
  readonly backlogElsewhereSeconds: number;
}

/** A way to choose a worker. Kinds are 0, 1, ...; units are 1 where jobs have no size. WAIT (-1) keeps the job at the hub until
 * the next result; HOLD (-2) does so too, and those behind it may go. */
export interface Policy {
  /** Whatever waits is looked at from the first on. */
  beginPass?(): void;
  pick(kind: number, now: number, avoid: number, units: number): number;
  dispatched(worker: number, kind: number, now: number, units: number): void;
  ended(worker: number, kind: number, exec: number, held: number, reply: number, now: number, units: number): void;
  /** Heartbeats, for policies that listen. */
  report?(worker: number, heard: Heard, now: number): void;
  /** Expected seconds outstanding on the worker, as it would be told to other hubs. */
  backlog?(worker: number): number;
  /** Seconds for which the worker has been quiet beyond what was expected; above 0 its jobs may be copied. */
  silence?(worker: number, now: number): number;
}

export type PolicyMaker = (fleet: readonly Told[], roundTripSeconds: number, seed: number) => Policy;
