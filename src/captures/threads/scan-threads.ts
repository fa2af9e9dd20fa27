import type { Worker } from 'node:worker_threads';
import { errorKinds, TriremeError, type ErrorCode } from '../../common/errors.js';
import { startThread } from '../../common/start-thread.js';
import type { ScanOptions } from '../../pcap/types.js';

/** Data that every scan thread starts with, beside what tells it where the bytes are. */
export interface ThreadData {
  readonly module: WebAssembly.Module;
  readonly scan: ScanOptions;
  /**
   * Bytes that this thread has read, for the progress; and 1 once its table has grown too fast for splitting to pay.
   */
  readonly told: Float64Array;
  /** Bytes of the file from one look at the table to the next. */
  readonly growthBytes: number;
}

interface Thread {
  readonly worker: Worker;
  readonly told: Float64Array;
  busy: boolean;
  /** It has begun to run. */
  up: boolean;
}

/**
 * Threads that scan or inflate parts of one capture, one at a time each: a part is told by a Plan, and a
 * Result comes back. Ended with close(), also after a failure.
 */
export class ScanThreads<Plan, Result> {
  private readonly threads: Thread[];
  private readonly results: Result[] = [];
  private failure: TriremeError | null = null;
  private isStarved = false;
  private wake: () => void = () => undefined;

  constructor(
    count: number,
    /** Module that each thread runs, by its place below src. */
    private readonly threadModule: string,
    /** What each thread starts with, beside what it tells. */
    data: object,
    /** Asked for the next plan whenever a thread is free; null: nothing to do now. */
    private readonly nextPlan: () => Plan | null,
    /** What of a plan moves to its thread. */
    private readonly moved: (plan: Plan) => ArrayBuffer[] = () => [],
  ) {
    this.threads = Array.from({ length: count }, () => this.start(data));
  }

  get bytesRead(): number {
    return this.threads.reduce((sum, { told }) => sum + told[0], 0);
  }

  /** A thread has met so many conversations that one core alone would be as fast. */
  get crowded(): boolean {
    return this.threads.some(({ told }) => told[1] === 1);
  }

  /** A thread has begun to run. */
  get up(): boolean {
    return this.threads.some(({ up }) => up);
  }

  /** A thread found no memory: a failure too, but whoever can do without threads goes on alone. */
  get starved(): boolean {
    return this.isStarved;
  }

  /** A result or a failure will come, or has come and was not taken yet. */
  get unsettled(): boolean {
    return this.results.length > 0 || this.failure !== null || this.threads.some(({ busy }) => busy);
  }

  /** Gives plans to the threads that are free. */
  feed(): void {
    for (const thread of this.threads) {
      if (thread.busy) continue;
      const plan = this.nextPlan();
      if (plan === null) return;
      thread.busy = true;
      thread.worker.postMessage(plan, this.moved(plan));
    }
  }

  /** Results that have come since the last call. Throws when a thread has failed. */
  takeResults(): Result[] {
    if (this.failure !== null) throw this.failure;
    return this.results.splice(0);
  }

  /** Resolves at the next result or failure. */
  nextResult(): Promise<void> {
    if (this.results.length > 0 || this.failure !== null) return Promise.resolve();
    return new Promise((resolve) => (this.wake = resolve));
  }

  close(): void {
    void this.closed();
  }

  /** Ends the threads; resolves when none runs any more. */
  async closed(): Promise<void> {
    await Promise.all(this.threads.map(({ worker }) => worker.terminate()));
  }

  private start(data: object): Thread {
    const told = new Float64Array(new SharedArrayBuffer(16));
    const worker = startThread(this.threadModule, {
      workerData: { ...data, told },
      name: 'scan',
    });
    const thread: Thread = { worker, told, busy: false, up: false };
    worker.once('online', () => (thread.up = true));
    worker.on('message', (result: Result) => {
      thread.busy = false;
      this.results.push(result);
      this.feed();
      this.wake();
    });
    worker.on('error', (error: Error & { code?: string }) => {
      this.isStarved ||= lacksMemory(error);
      this.failure = failureOf(error);
      this.wake();
    });
    return thread;
  }
}

/**
 * A bound on the address space (`ulimit -v`) is met first by threads: each memory of WebAssembly reserves
 * some 10 GB of it.
 */
function lacksMemory({ code = '', message }: Error & { code?: string }): boolean {
  return code === 'ERR_WORKER_OUT_OF_MEMORY' || code === 'ERR_WORKER_INIT_FAILED' || /out of memory/i.test(message);
}

function failureOf(error: Error & { code?: string }): TriremeError {
  if (lacksMemory(error))
    return new TriremeError('LIMIT_REACHED', `a thread has no memory (${error.message}): use --cores 1`, {
      cause: error,
    });
  // An error of ours crosses from the thread with its code, but not with its class.
  return Object.hasOwn(errorKinds, error.code ?? '')
    ? new TriremeError(error.code as ErrorCode, error.message, { cause: error })
    : new TriremeError('INTERNAL', `a scanning thread failed: ${error.message}`, { cause: error });
}
