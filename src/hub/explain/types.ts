/**
 * What became of a pick. RUNNING: nothing yet. ANSWERED: the worker answered. NOT_ANSWERED: it failed, gave the job
 * back, or was told to stop. MOVED: the worker was lost, or the job was given to another one as well.
 */
export type PickOutcome = 'RUNNING' | 'ANSWERED' | 'NOT_ANSWERED' | 'MOVED';

/** One worker as it stood when a job was given out. */
export interface CandidateView {
  readonly worker: string;
  readonly chosen: boolean;
  /** Whether its window had room for the job. */
  readonly room: boolean;
  /** Until the job would have been answered there: round trip, backlog over slots, silence, cost. */
  readonly predictedSeconds: number;
  /** Of the job alone: `fixedSeconds + units * secondsPerUnit`. */
  readonly costSeconds: number;
  readonly fixedSeconds: number;
  readonly secondsPerUnit: number;
  readonly backlogSeconds: number;
  readonly windowSeconds: number;
  readonly outstanding: number;
  readonly slots: number;
}

/** One time that a job was given to a worker, and why to this one. */
export interface PickView {
  /** As RunJob answers it; ids are used again after some thousand jobs of the same row. */
  readonly jobId: number;
  readonly kind: string;
  readonly kindNumber: number;
  /** 1 for a job without size, bytes for a chunk. */
  readonly units: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** From its submit until it was given out. */
  readonly waitedSeconds: number;
  readonly attempt: number;
  readonly worker: string;
  readonly outcome: PickOutcome;
  readonly predictedSeconds: number;
  /** From giving it out to its answer; null while there is none. */
  readonly actualSeconds: number | null;
  /** Actual minus predicted. */
  readonly errorSeconds: number | null;
  /** Of one slot, as the worker measured. */
  readonly execSeconds: number | null;
  /** Workers that offer the kind. */
  readonly candidatesTotal: number;
  /** Those that would have finished first, best first; the chosen one is always among them. */
  readonly candidates: readonly CandidateView[];
}
