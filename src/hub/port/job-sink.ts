import type { TriremeError } from '../../common/errors.js';

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
   * Read when a job is submitted: the number of its client among those that share the workers; left out where none do.
   */
  readonly share?: number;
  /**
   * True: no worker is to get its jobs now, neither for the first time nor again or as a copy. They wait at the hub,
   * in nobody's way, until this is false.
   */
  readonly heldBack?: boolean;
  /** True: why its workers were picked is always kept. Left out, a sample of the picks is. */
  readonly explained?: boolean;
  /**
   * The job was given to a worker, now or again after a loss, or as a copy beside another one. It must not
   * submit or cancel. Left out by most sinks.
   * @returns the trace context that this worker gets with it (src/common/tracing.ts), if there is one
   */
  given?(tag: number, worker: number, copy: boolean): string | void;
}
