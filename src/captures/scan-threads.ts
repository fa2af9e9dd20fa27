import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { TriremeError } from '../common/errors.js';
import type { ChunkPlan, ChunkResult } from '../pcap/types.js';
import type { ScanThreadData } from './scan-thread.js';

interface Thread {
  readonly worker: Worker;
  readonly bytesRead: Float64Array;
  busy: boolean;
}

/** Threads that scan chunks of one open file, one chunk at a time each. Ended with close(), also after a failure. */
export class ScanThreads {
  readonly #threads: Thread[];
  readonly #results: ChunkResult[] = [];
  #failure: TriremeError | null = null;
  #wake: () => void = () => undefined;

  constructor(
    count: number,
    data: Omit<ScanThreadData, 'bytesRead'>,
    /** Asked for the next plan whenever a thread is free; null: nothing to do now. */
    private readonly nextPlan: () => ChunkPlan | null,
  ) {
    this.#threads = Array.from({ length: count }, () => this.#start(data));
  }

  get bytesRead(): number {
    return this.#threads.reduce((sum, { bytesRead }) => sum + bytesRead[0], 0);
  }

  /** A result or a failure will come, or has come and was not taken yet. */
  get unsettled(): boolean {
    return this.#results.length > 0 || this.#failure !== null || this.#threads.some(({ busy }) => busy);
  }

  /** Gives plans to the threads that are free. */
  feed(): void {
    for (const thread of this.#threads) {
      if (thread.busy) continue;
      const plan = this.nextPlan();
      if (plan === null) return;
      thread.busy = true;
      thread.worker.postMessage(plan);
    }
  }

  /** Results that have come since the last call. Throws when a thread has failed. */
  takeResults(): ChunkResult[] {
    if (this.#failure !== null) throw this.#failure;
    return this.#results.splice(0);
  }

  /** Resolves at the next result or failure. */
  nextResult(): Promise<void> {
    if (this.#results.length > 0 || this.#failure !== null) return Promise.resolve();
    return new Promise((resolve) => (this.#wake = resolve));
  }

  close(): void {
    for (const { worker } of this.#threads) void worker.terminate();
  }

  #start(data: Omit<ScanThreadData, 'bytesRead'>): Thread {
    const bytesRead = new Float64Array(new SharedArrayBuffer(8));
    const worker = new Worker(join(__dirname, 'scan-thread.js'), {
      workerData: { ...data, bytesRead } satisfies ScanThreadData,
      name: 'scan',
    });
    const thread: Thread = { worker, bytesRead, busy: false };
    worker.on('message', (result: ChunkResult) => {
      thread.busy = false;
      this.#results.push(result);
      this.feed();
      this.#wake();
    });
    worker.on('error', (error) => {
      this.#failure = new TriremeError('INTERNAL', `a scanning thread failed: ${error.message}`, { cause: error });
      this.#wake();
    });
    return thread;
  }
}
