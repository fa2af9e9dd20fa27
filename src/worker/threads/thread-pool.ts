import { monotonicClock } from '../../common/clock.js';
import { TriremeError } from '../../common/errors.js';
import { processCancelGraceSeconds } from '../../kinds/kind.js';
import type { ProcessGroups } from '../process-groups.js';
import type { ReadyMessage, ThreadKinds } from './messages.js';
import { Restarts } from '../../common/restarts.js';
import { ThreadHandle } from './thread-handle.js';
import { watchSeconds } from './watchdog.js';

/** Time for threads to end the processes of their jobs: what a cancelled job has, for all of them end at once. */
const processesEndMsMax = processCancelGraceSeconds * 1000;

/** What each thread measured at start: seconds per unit of each kind. */
export type Calibrations = readonly ReadyMessage['kinds'][number][][];

export interface PoolEvents {
  /** A thread that was started anew serves. */
  ready(): void;
  /** Batches of this thread ended, or a stream was read. */
  woke(thread: ThreadHandle): void;
  /** The thread is none of the pool any more; what it was given is in `given`. */
  died(thread: ThreadHandle, reason: string): void;
  /** Another one starts in its place so soon. @param asked the thread was ended for a job that nobody wanted */
  restarts(reason: string, inMs: number, asked: boolean): void;
}

/** The threads of a worker, one for each slot: starts them, watches them, and starts another one for each that died. */
export class ThreadPool implements Iterable<ThreadHandle> {
  private readonly threads = new Set<ThreadHandle>();
  private readonly restarts = new Restarts();
  private watching: NodeJS.Timeout | undefined;
  private watchedAt = 0;
  private ending = false;
  private starting: { measured: ReadyMessage['kinds'][number][][]; done(): void; failed(error: Error): void } | null =
    null;

  private kinds: ThreadKinds = { kindsFolder: '', userFolders: [], commands: [], scratch: '' };
  private groups: ProcessGroups<ThreadHandle> | null = null;

  constructor(
    private readonly slots: number,
    private readonly events: PoolEvents,
  ) {}

  /**
   * Resolves when all threads serve. Rejects with INTERNAL when one cannot.
   * @param groups of the processes that threads start; null: no kind has any
   */
  async start(kinds: ThreadKinds, groups: ProcessGroups<ThreadHandle> | null): Promise<Calibrations> {
    [this.kinds, this.groups] = [kinds, groups];
    const measured: ReadyMessage['kinds'][number][][] = [];
    await new Promise<void>((done, failed) => {
      this.starting = { measured, done, failed };
      for (let slot = 0; slot < this.slots; slot++) this.startThread();
    });
    this.starting = null;
    this.watchedAt = monotonicClock();
    this.watching = setInterval(() => this.look(), watchSeconds * 1000);
    return measured;
  }

  /** Ends the threads at once. Resolves when they have; one that reads a file that does not answer cannot be ended. */
  async end(): Promise<void> {
    this.ending = true;
    clearInterval(this.watching);
    this.restarts.stop();
    await Promise.all([...this.threads].map((thread) => thread.terminate()));
  }

  /** Has the jobs that processes run ended, as if nobody waited for them: their threads end the processes. */
  async endProcesses(): Promise<void> {
    const until = performance.now() + processesEndMsMax;
    for (const thread of this.threads) thread.stopProcess();
    while (performance.now() < until && [...this.threads].some((thread) => thread.hasProcess))
      await new Promise((resolve) => setTimeout(resolve, 10));
  }

  [Symbol.iterator](): Iterator<ThreadHandle> {
    return this.threads.values();
  }

  get size(): number {
    return this.threads.size;
  }

  /** Threads that have nothing to do. */
  get idle(): number {
    let idle = 0;
    for (const thread of this.threads) if (thread.idle) idle++;
    return idle;
  }

  /** Jobs of a kind that threads have now. */
  jobsOf(kind: number): number {
    let jobs = 0;
    for (const { given } of this.threads) for (const batch of given) if (batch.kind.number === kind) jobs++;
    return jobs;
  }

  /** A thread that takes a batch now, one that has nothing to do before all others; null: there is none. */
  free(): ThreadHandle | null {
    let found: ThreadHandle | null = null;
    for (const thread of this.threads) {
      if (thread.idle) return thread;
      if (found === null && thread.takesMore) found = thread;
    }
    return found;
  }

  private startThread(): void {
    this.threads.add(
      new ThreadHandle(this.kinds, this.groups, this.starting !== null, {
        ready: (_thread, message) => this.ready(message),
        woke: (thread) => this.events.woke(thread),
        died: (thread, reason) => this.died(thread, reason),
        exited: (thread, reason) => this.exited(thread, reason),
      }),
    );
  }

  private ready({ kinds }: ReadyMessage): void {
    if (this.starting === null) return this.events.ready();
    this.starting.measured.push([...kinds]);
    if (this.starting.measured.length === this.slots) this.starting.done();
  }

  private died(thread: ThreadHandle, reason: string): void {
    this.threads.delete(thread);
    if (this.starting === null || this.ending) return this.events.died(thread, reason);
    this.starting.failed(new TriremeError('INTERNAL', `a job thread cannot start: ${reason}`));
  }

  private exited({ overrun }: ThreadHandle, reason: string): void {
    if (this.ending || this.starting !== null) return;
    // One that was ended for a job that nobody wanted did not fail: the next job need not wait.
    const delayMs = overrun === 'UNWANTED' ? 0 : this.restarts.delayMs(performance.now());
    this.restarts.schedule(delayMs, () => this.startThread());
    this.events.restarts(reason, delayMs, overrun === 'UNWANTED');
  }

  private look(): void {
    const now = monotonicClock();
    const lateSeconds = Math.max(0, now - this.watchedAt - watchSeconds);
    this.watchedAt = now;
    for (const thread of [...this.threads]) if (thread.state === 'SERVING') thread.watch(now, lateSeconds);
  }
}
