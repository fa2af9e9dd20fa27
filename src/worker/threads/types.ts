import type { JobBatch, KindTerms, ResultBatch } from '../../gen/trireme/v1/worker.js';

/** Where the bytes of a job come from whose kind needs a source (SCAN_CHUNK). */
export type JobSource =
  /**
   * A file of this machine, checked by the opener: allowed, and the same file as the hub's. The thread reads
   * it. `paths`: all files of a job that reads one after the other, the first among them.
   */
  | { readonly type: 'file'; readonly path: string; readonly paths?: readonly string[] }
  /**
   * The bytes from the plan's start on, in order. They are pulled as the thread takes them: at most
   * streamBytesMax are held. return() is called when the job ends early (done before the end, cancelled,
   * thread died).
   */
  | { readonly type: 'stream'; readonly bytes: AsyncIterable<Uint8Array> };

/**
 * Finds the bytes of a job, on the main thread, when the job has got its slot. payload is the job's payload.
 * Rejecting with a TriremeError whose kind says retry makes the job NOT_RUN; any other error makes it FAILED.
 * signal aborts when the job is cancelled.
 */
export type SourceOpener = (hub: number, kind: number, payload: Uint8Array, signal: AbortSignal) => Promise<JobSource>;

export interface JobThreadsOptions {
  /** Jobs that run at once: one thread each. */
  readonly slots: number;
  /**
   * Hears results: at most one call per hub and wake-up, with columns ready for the wire (heldSeconds filled
   * in; status empty when all are DONE). A result longer than resultAloneBytes comes in a call of its own
   * with one job, so that the caller can send it in parts. Never called from within submit() or cancel(),
   * always from a later turn of the event loop.
   */
  readonly onResults: (hub: number, results: ResultBatch) => void;
  /** Needed by kinds with needsSource; without it they are not offered. */
  readonly openSource?: SourceOpener;
  /** Folder with the `*.kind.js` files; default src/kinds. */
  readonly kindsFolder?: string;
  /** Folders with kinds of users: see src/kinds/folder-kind.ts. */
  readonly userFolders?: readonly string[];
  /** Files with commands that are kinds: see src/kinds/commands. */
  readonly commandFiles?: readonly string[];
  /** Jobs held at once over all hubs, running and queued; more are answered NOT_RUN. Default jobsHeldMaxDefault. */
  readonly jobsHeldMax?: number;
  /**
   * Hears of a thread that died (its jobs are dealt with already) and how soon another one starts. asked: it
   * was ended for a job that nobody wanted.
   */
  readonly onThreadDeath?: (reason: string, restartInMs: number, asked: boolean) => void;
}

/** What a kind costs on this machine, as measured at start: the `kinds` of Hello. */
export interface OfferedKind {
  readonly kind: number;
  readonly name: string;
  readonly secondsPerUnit: number;
  /** Of a kind of a user. */
  readonly terms?: KindTerms;
}

export interface ThreadsSnapshot {
  /** Threads that live; equals the slots asked for unless some died just now. */
  readonly slots: number;
  /** Jobs running, at most one per slot (a batch of short jobs counts as one: its slot is busy). */
  readonly busy: number;
  /** Jobs held and not running. */
  readonly queued: number;
  /** Expected seconds of slot time of all jobs held, by learned costs; for long jobs what is left of them. */
  readonly backlogSeconds: number;
}

/**
 * Runs jobs on worker threads. The main thread never blocks: it moves columns between the hubs' streams and
 * the threads. Work is given to threads late, in batches worth a share of what is held, round robin between
 * hubs.
 */
export interface JobThreadsApi {
  /** Starts the threads and calibrates (some 200 ms). Rejects with INTERNAL when no thread can start. */
  start(): Promise<readonly OfferedKind[]>;
  /** Takes the jobs of a batch. hub is the caller's number of the hub; job numbers are unique per hub. */
  submit(hub: number, batch: JobBatch): void;
  /**
   * Queued jobs become NOT_RUN; running ones with a source are told to stop and become NOT_RUN; other ones
   * end by themselves.
   */
  cancel(hub: number, jobs: readonly number[]): void;
  /** Queued jobs become NOT_RUN; those that have begun run on. */
  recall(hub: number, jobs: readonly number[]): void;
  /** The stream to a hub broke: its queued jobs are dropped, its running ones cancelled, and no result is reported. */
  forget(hub: number): void;
  /**
   * Takes no new jobs (they become NOT_RUN) and resolves when those held have been reported. A second call
   * joins the first.
   */
  drain(): Promise<void>;
  /** Ends the threads at once; jobs held become NOT_RUN. A second call joins the first. */
  close(): Promise<void>;
  snapshot(): ThreadsSnapshot;
  /** Expected seconds of the jobs of one hub. */
  backlogSeconds(hub: number): number;
}
