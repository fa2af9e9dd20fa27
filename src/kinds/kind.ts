import type { KindTerms } from '../gen/trireme/v1/worker.js';
import type { KindAudit } from './audit.js';

/** What a kind is called: it stands in metrics, logs and errors. */
const kindNamePattern = /^[A-Z][A-Z0-9_]{0,39}$/;

/** What keeps something from being the name of a kind, as words behind it; null: nothing. */
export function nameFault(name: unknown): string | null {
  if (typeof name === 'string' && kindNamePattern.test(name)) return null;
  return 'is not made of capitals, digits and underscores (at most 40)';
}

/** Kind numbers index arrays, so they are bounded. */
export const kindNumberMax = 1023;

/**
 * A hub names each version of a kind by an index of its own: the kind's number for the first that it was
 * offered, larger ones for others. So many versions may come beside the first ones while a hub runs: they
 * index arrays too.
 */
export const versionsBesideMax = 1024;
export const kindIndexMax = kindNumberMax + versionsBesideMax;

/** A kind cannot have a lower bound on its results, nor need one, in bytes. */
export const resultBytesMin = 64;

/** The bound of a kind that says none, in bytes: 1 MiB. */
export const resultBytesDefault = 1024 * 1024;

/**
 * A job that says nothing for so long holds its slot for nobody: callers of quick jobs have given up. Longer
 * kinds say so.
 */
export const kindTimeoutSecondsDefault = 30;
/** A day: more is a mistake, such as milliseconds. */
const kindTimeoutSecondsMax = 86_400;
/** What keeps a number from being the timeoutSeconds of a kind, as words behind it; null: nothing. */
export function timeoutFault(seconds: number): string | null {
  const right = typeof seconds === 'number' && seconds >= 0.001 && seconds <= kindTimeoutSecondsMax;
  return right ? null : `is not from 0.001 to ${kindTimeoutSecondsMax}`;
}

/** Jobs at once on one worker: more are a mistake, for each has a thread of some 10 MB. */
export const slotsMax = 1024;

/**
 * Time for a job to end by itself once it was cancelled, by looking at `cancelled`; then its thread is ended.
 * With the look that notices it (watchSeconds) and the start of the next thread, some 0.2 s, the slot is free
 * within a second.
 */
export const cancelGraceSeconds = 0.5;

/** The same where processes run the job: they have a second after SIGTERM (killGraceMs), which their thread sees to. */
export const processCancelGraceSeconds = 2;

/**
 * One kind of job. A kind is one file `NAME.kind.ts` in this folder with `export const kind: Kind = {...}`;
 * the registry finds it by reading the folder. Loading the module must be cheap (every role loads all kinds
 * for their names and numbers): compile WebAssembly and the like on the first run().
 */
export interface Kind {
  /** Number of the kind in the TCP protocol and on the wire, 1 to kindNumberMax; unique. */
  readonly number: number;
  /** Name as people and metrics see it: capitals, digits and underscores; unique. */
  readonly name: string;
  /** May clients of the load balancer ask for it? */
  readonly clientMay: boolean;
  /** Jobs that the kernel runs side by side for the price of one; the threads hand out multiples of it. Default 1. */
  readonly lanes?: number;
  /** The job reads bytes that the worker has to find first (see JobSource); it then runs alone in its batch. */
  readonly needsSource?: boolean;
  /**
   * Bytes of the longest answer, at least resultBytesMin; default resultBytesDefault. A worker that sends a
   * longer one is cut off, before it is held in memory.
   */
  readonly resultBytesMax?: number;
  /**
   * Units of work in a job, from its payload; default 1 for each job. Throws when the payload is not one of this kind.
   */
  unitsOf?(payload: Uint8Array): number;
  /**
   * Seconds for which a job may run without an answer or a word of progress, from 0.001 to
   * kindTimeoutSecondsMax. Then its thread is ended and started anew, and the job has failed; other jobs of
   * its batch run again. Default kindTimeoutSecondsDefault.
   */
  readonly timeoutSeconds?: number;
  /** Jobs of this kind at once on one worker; left out: as many as it has slots. */
  readonly slots?: number;
  /** Its jobs run in processes, which its threads end: see KindBatch.cancelled and src/kinds/commands. */
  readonly processes?: boolean;
  /** What a kind of a folder allows, as its worker tells it to hubs; kinds of this build have none. */
  readonly terms?: KindTerms;
  /** How another worker can check an answer; without it answers are not audited. */
  readonly audit?: KindAudit;
  /**
   * Measures what one unit costs here, in seconds of one slot; 0: not known. Takes some 50 ms at most; called
   * on a job thread.
   */
  calibrate(): number;
  /**
   * Runs jobs, on a job thread, and answers each of them in order. A throw (or rejection) fails the jobs of
   * the batch that have no answer yet, with its message. A promise is for kinds that need the event loop; a
   * thread runs nothing else meanwhile.
   */
  run(batch: KindBatch): void | Promise<void>;
}

/** The jobs that a kind runs at one go, and where their answers go. */
export interface KindBatch {
  /** Jobs in the batch, at least 1. */
  readonly count: number;
  /** Bytes of a job's payload; valid until run() ends. */
  payload(index: number): Uint8Array;
  /** Answers the next job with bytes (which are copied). */
  answer(bytes: Uint8Array): void;
  /** Answers the next `bytes.length / bytesEach` jobs with bytesEach bytes each (which are copied). */
  answerEach(bytes: Uint8Array, bytesEach: number): void;
  /** Answers the next job with a failure: it would fail elsewhere too. */
  fail(reason: string): void;
  /** Answers the next job with "not run": another worker may run it. */
  notRun(reason: string): void;
  /**
   * True once nobody waits for the job that is answered next, or the one at `index`: its caller's deadline
   * has passed, its caller has gone or has cancelled it, or its hub has. Jobs that take longer than
   * cancelGraceSeconds look from time to time and then answer notRun; the thread of one that does not is
   * ended.
   */
  cancelled(index?: number): boolean;
  /** Units done so far, for long jobs: each word of it is a sign of life (see Kind.timeoutSeconds). */
  progress(units: number): void;
  /** Where the bytes of a job with needsSource come from; null for other kinds. */
  readonly source: BatchSource | null;
  /** Trace context of its one job; left out or empty: its client does not trace. */
  readonly traceparent?: string;
}

/**
 * Bytes of a job with needsSource: a file of this machine, or bytes that are pushed to the thread. `paths`:
 * all files of a job that reads several, the first among them.
 */
export type BatchSource =
  | { readonly type: 'file'; readonly path: string; readonly paths?: readonly string[] }
  /** read() blocks the thread until bytes come; null at the end. Throws TriremeError when the sender failed. */
  | { readonly type: 'stream'; read(): Uint8Array | null };

/**
 * Seconds that one call of work takes: the median over `rounds` rounds of `calls` calls each, after one round
 * that warms up. The median, because one pause of the machine must not make a worker look slow for its first
 * jobs.
 */
export function secondsEach(calls: number, rounds: number, work: () => void): number {
  const measured: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const start = performance.now();
    for (let call = 0; call < calls; call++) work();
    if (round > 0) measured.push((performance.now() - start) / 1000 / calls);
  }
  measured.sort((a, b) => a - b);
  return measured[rounds >> 1];
}
