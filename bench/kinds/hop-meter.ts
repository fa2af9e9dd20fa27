import type { JobBatch } from '../../src/gen/trireme/v1/worker.js';
import { JobThreads } from '../../src/worker/threads/job-threads.js';

/** Jobs of one message of a hub. */
const messageJobs = 64;
/** Jobs outstanding at most, as a hub's window would have it. */
const outstandingMax = 4096;

/** Pushes jobs through one job thread and waits for their results. */
export class HopMeter {
  readonly #threads = new JobThreads({ slots: 1, onResults: (_hub, { job }) => this.#onResults(job.length) });
  #outstanding = 0;
  #onResults: (jobs: number) => void = () => undefined;

  async start(): Promise<void> {
    await this.#threads.start();
  }

  /** Keeps the thread supplied until so many jobs are answered. */
  run(kind: number, jobs: number): Promise<void> {
    return this.#through(kind, jobs, messageJobs, outstandingMax);
  }

  /** The next job is sent when the last is answered. */
  oneByOne(kind: number, jobs: number): Promise<void> {
    return this.#through(kind, jobs, 1, 1);
  }

  close(): Promise<void> {
    return this.#threads.close();
  }

  async #through(kind: number, jobs: number, each: number, outstandingMax: number): Promise<void> {
    let left = jobs;
    await new Promise<void>((resolve) => {
      const fill = (): void => {
        while (left > 0 && this.#outstanding < outstandingMax) {
          const count = Math.min(each, left);
          left -= count;
          this.#outstanding += count;
          this.#threads.submit(0, messageOf(kind, count));
        }
      };
      this.#onResults = (count) => {
        this.#outstanding -= count;
        if (left === 0 && this.#outstanding === 0) resolve();
        else fill();
      };
      fill();
    });
  }
}

function messageOf(kind: number, count: number): JobBatch {
  return {
    job: Array.from({ length: count }, (_, index) => index),
    kind: new Array<number>(count).fill(kind),
    payloadSize: [],
    payloads: Buffer.alloc(0),
    timeoutSeconds: [],
    urgent: [],
    jobHigh: [],
  };
}
