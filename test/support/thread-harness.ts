import { join } from 'node:path';
import { JobStatus, type JobBatch, type ResultBatch } from '../../src/gen/trireme/v1/worker.js';
import { JobThreads } from '../../src/worker/threads/job-threads.js';
import type { JobThreadsOptions } from '../../src/worker/threads/types.js';

/** The kinds of test/support/kinds: ECHO 201, READER 202, LATER 203, SPIN 204, LOOK 205. */
export const testKinds = join(__dirname, 'kinds');

export interface Outcome {
  readonly status: 'DONE' | 'FAILED' | 'NOT_RUN';
  readonly payload: Buffer;
  readonly execSeconds: number;
  readonly heldSeconds: number;
}

const statusNames = { [JobStatus.DONE]: 'DONE', [JobStatus.FAILED]: 'FAILED', [JobStatus.NOT_RUN]: 'NOT_RUN' } as const;

/** Columns as a hub sends them. */
export function jobBatch(
  jobs: readonly number[],
  kind: number,
  payloads: readonly string[] = [],
  timeoutSeconds = 0,
  urgent: readonly boolean[] = [],
): JobBatch {
  const bytes = payloads.map((text) => Buffer.from(text));
  return {
    job: [...jobs],
    kind: jobs.map(() => kind),
    payloadSize: bytes.map(({ length }) => length),
    payloads: Buffer.concat(bytes),
    timeoutSeconds: timeoutSeconds === 0 ? [] : jobs.map(() => timeoutSeconds),
    urgent: [...urgent],
    jobHigh: [],
  };
}

/** JobThreads with the outcomes of its jobs, by hub and job; a second result for one job is an error. */
export class ThreadHarness {
  readonly threads: JobThreads;
  readonly reports: { readonly hub: number; readonly results: ResultBatch }[] = [];
  readonly deaths: string[] = [];
  /** Milliseconds from each death to the start of the next thread. */
  readonly restarts: number[] = [];
  readonly #outcomes = new Map<string, Outcome>();
  readonly #waiting = new Map<string, (outcome: Outcome) => void>();

  constructor(options: Partial<JobThreadsOptions> = {}) {
    this.threads = new JobThreads({
      slots: 1,
      kindsFolder: testKinds,
      onResults: (hub, results) => this.#take(hub, results),
      onThreadDeath: (reason, inMs) => {
        this.deaths.push(reason);
        this.restarts.push(inMs);
      },
      ...options,
    });
  }

  /** Resolves with what became of a job. */
  outcome(hub: number, job: number): Promise<Outcome> {
    const key = `${hub}/${job}`;
    const known = this.#outcomes.get(key);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => this.#waiting.set(key, resolve));
  }

  async outcomes(hub: number, jobs: readonly number[]): Promise<Outcome[]> {
    return Promise.all(jobs.map((job) => this.outcome(hub, job)));
  }

  #take(hub: number, results: ResultBatch): void {
    this.reports.push({ hub, results });
    let at = 0;
    results.job.forEach((job, index) => {
      const key = `${hub}/${job}`;
      if (this.#outcomes.has(key)) throw new Error(`a second result for job ${key}`);
      const status = statusNames[(results.status[index] ?? JobStatus.DONE) as keyof typeof statusNames];
      const payload = results.payloads.subarray(at, (at += results.payloadSize[index]));
      const outcome = {
        status,
        payload,
        execSeconds: results.execSeconds[index],
        heldSeconds: results.heldSeconds[index],
      };
      this.#outcomes.set(key, outcome);
      this.#waiting.get(key)?.(outcome);
    });
    if (at !== results.payloads.length) throw new Error(`${results.payloads.length - at} bytes belong to no result`);
  }
}

/** A stream that the test feeds by hand. */
export class HandStream implements AsyncIterable<Uint8Array> {
  /** True once the first piece was taken. */
  taken = false;
  /** True once the reader wants no more. */
  returned = false;
  readonly #ready: (Uint8Array | Error | null)[] = [];
  #wanted: (() => void) | null = null;

  /** Bytes, the end (null), or a failure. */
  push(...items: (Uint8Array | Error | null)[]): void {
    this.#ready.push(...items);
    this.#wanted?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        while (this.#ready.length === 0) await new Promise<void>((resolve) => (this.#wanted = resolve));
        const item = this.#ready.shift();
        if (item === null || item === undefined) return;
        if (item instanceof Error) throw item;
        this.taken = true;
        yield item;
      }
    } finally {
      this.returned = true;
    }
  }
}
