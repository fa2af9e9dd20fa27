import type { Worker } from 'node:worker_threads';
import { startThread } from '../common/start-thread.js';

/** Memory of one thread that does nothing but sleep; Node's default would give each as much as the program itself. */
const resourceLimits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 } as const;

/** A fixed pool of threads that sleep, one job each. */
export class SleeperPool {
  private readonly workers: Worker[];
  private readonly idle: number[];
  private readonly done = new Map<number, () => void>();

  constructor(readonly threads: number) {
    this.idle = Array.from({ length: threads }, (_, thread) => threads - 1 - thread);
    this.workers = Array.from({ length: threads }, (_, thread) => {
      const worker = startThread('udp/sleeper-thread.js', { resourceLimits });
      worker.on('message', () => {
        const finish = this.done.get(thread);
        this.done.delete(thread);
        this.idle.push(thread);
        finish?.();
      });
      return worker;
    });
  }

  get busy(): number {
    return this.done.size;
  }

  get free(): number {
    return this.idle.length;
  }

  /** Starts a sleep on an idle thread; calls back with the thread at its end. False when all threads are at work. */
  start(sleepMs: number, finished: (thread: number) => void): boolean {
    const thread = this.idle.pop();
    if (thread === undefined) return false;
    this.done.set(thread, () => finished(thread));
    this.workers[thread].postMessage(sleepMs);
    return true;
  }

  /** Resolves when every thread runs, so that the first job does not wait for one. */
  async ready(): Promise<void> {
    await Promise.all(this.workers.map((worker) => new Promise((resolve) => worker.once('online', resolve))));
  }

  /** Ends all threads, those that sleep too. */
  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}
