import { Metadata, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import { errorKinds, type ErrorCode } from '../common/errors.js';
import type { JobServiceClient, RunJobsRequest, RunJobsResponse, TaggedResult } from '../gen/trireme/v1/job.js';

/** Bytes of payloads without an answer that are held here: what the lb takes of one client. */
const payloadBytesInFlightMax = 32 * 1024 * 1024;

/** Between two times that a job is asked for whose kind no worker offers yet. */
const askAgainMs = 500;

/** One job that is to be run. */
export interface Task {
  /** Its place in what was asked, from 1. */
  readonly seq: number;
  /** What people call it: the beginning of its payload, or the file that it is in. */
  readonly label: string;
  readonly payload: Buffer;
  /** Why it cannot be run at all; null: it can. */
  readonly fault: string | null;
}

/** A job that has ended, and how long it took as seen from here, all its tries together. */
export interface EndedJob {
  readonly task: Task;
  /** Milliseconds since 1970, and until its answer. */
  readonly startedMs: number;
  readonly tookMs: number;
  readonly result: TaggedResult;
}

export interface RunPort {
  /** Trace context of all jobs; empty or left out: none. */
  readonly traceparent?: string;
  /** Number of the kind, or 0 and its name. */
  readonly kind: number;
  readonly name: string;
  /** Jobs in flight at once. */
  readonly jobsMax: number;
  /** Times that a job which failed is run again. */
  readonly retries: number;
  /** So long a job waits for a worker that offers its kind, in milliseconds; 0: that nobody does is a failure. */
  readonly waitMs: number;
  /** Cancels what runs. */
  readonly signal: AbortSignal;
  nowMs(): number;
  /** Hears of each job when it has ended for good; it stays in flight until what this returns has resolved. */
  ended(job: EndedJob): Promise<void> | void;
  /** The stream has broken: whoever waits for a next task may stop, for it will not be asked for. */
  broken(): void;
}

/** Failures that come again, or of jobs that may have run, which whoever asks for them again must know. */
const hopeless: readonly ErrorCode[] = ['USAGE', 'UNKNOWN_JOB', 'UNAUTHENTICATED', 'NOT_ALLOWED', 'MAY_HAVE_RUN'];

/** Whether a job that failed so may be run again. */
export function mayRetry(error: string): boolean {
  const [, code = ''] = /^([A-Z_]+): /.exec(error) ?? [];
  return !Object.hasOwn(errorKinds, code) || !hopeless.includes(code as ErrorCode);
}

interface Started {
  readonly task: Task;
  readonly startedMs: number;
  tries: number;
}

/**
 * Runs a job for each task over one stream, so many at once, and takes the next task only when there is room
 * for it. Rejects when the stream breaks or is cancelled; jobs that have no answer then are in no `ended`.
 */
export async function runJobs(
  client: JobServiceClient,
  tasks: AsyncIterable<Task> | Iterable<Task>,
  port: RunPort,
): Promise<void> {
  const metadata = new Metadata();
  if (port.traceparent !== undefined && port.traceparent !== '') metadata.set('traceparent', port.traceparent);
  const run = new Run(client.runJobs(metadata), port);
  const cancel = (): void => run.stream.cancel();
  port.signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const task of tasks) if (!(await run.start(task))) break;
    await run.end();
  } catch (error) {
    cancel();
    throw error;
  } finally {
    port.signal.removeEventListener('abort', cancel);
    await run.settled();
  }
}

class Run {
  private readonly started = new Map<bigint, Started>();
  /** Bytes of the payloads of those that have started. */
  private bytes = 0;
  private broken: Error | null = null;
  private changed: () => void = () => undefined;
  /** Jobs that have their answer, of which somebody still makes something. */
  private readonly settling = new Set<Promise<void>>();
  private readonly over: Promise<void>;

  constructor(
    readonly stream: ClientDuplexStream<RunJobsRequest, RunJobsResponse>,
    private readonly port: RunPort,
  ) {
    stream.on('data', ({ results }: RunJobsResponse) => {
      for (const result of results) this.answered(result);
    });
    this.over = new Promise<void>((resolve) => {
      stream.on('error', (error: ServiceError) => {
        this.fail(error);
        resolve();
      });
      stream.on('end', () => resolve());
    });
  }

  /** Starts a job when there is room for it. @returns whether the stream still stands */
  async start(task: Task): Promise<boolean> {
    const full = (): boolean =>
      this.started.size >= this.port.jobsMax ||
      (this.started.size > 0 && this.bytes + task.payload.length > payloadBytesInFlightMax);
    while (full() && this.broken === null) await this.change();
    if (this.broken !== null) return false;
    const job = { task, startedMs: this.port.nowMs(), tries: 1 };
    this.started.set(BigInt(task.seq), job);
    this.bytes += task.payload.length;
    if (task.fault !== null) this.ended(job, failed(BigInt(task.seq), task.fault));
    else if (!this.write(job) && !this.stream.destroyed) await drained(this.stream);
    return true;
  }

  /** Resolves when all have ended. */
  async end(): Promise<void> {
    while (this.started.size > 0 && this.broken === null) await this.change();
    this.stream.end();
    await this.over;
    if (this.broken !== null) throw this.broken;
  }

  private change(): Promise<void> {
    return new Promise((resolve) => (this.changed = resolve));
  }

  private write({ task: { seq, payload } }: Started): boolean {
    const { kind, name } = this.port;
    return this.stream.write({
      jobs: [{ tag: BigInt(seq), kind, kindName: name === '' ? undefined : name, payload }],
    });
  }

  private answered(result: TaggedResult): void {
    const job = this.started.get(result.tag);
    if (job === undefined) return;
    if (result.error.startsWith('UNKNOWN_JOB: ') && this.port.nowMs() - job.startedMs < this.port.waitMs) {
      setTimeout(() => {
        if (this.broken === null) this.write(job);
      }, askAgainMs).unref();
      return;
    }
    if (result.error === '' || job.tries > this.port.retries || !mayRetry(result.error)) return this.ended(job, result);
    job.tries++;
    this.write(job);
  }

  private ended(job: Started, result: TaggedResult): void {
    const { task, startedMs } = job;
    const told = this.port.ended({ task, startedMs, tookMs: this.port.nowMs() - startedMs, result });
    const gone = (): void => {
      this.started.delete(BigInt(task.seq));
      this.bytes -= task.payload.length;
      this.changed();
    };
    if (told === undefined) return gone();
    const settled = told
      .then(gone, (error: Error) => {
        this.fail(error);
        this.stream.cancel();
      })
      .finally(() => this.settling.delete(settled));
    this.settling.add(settled);
  }

  /** Resolves when nothing is made of any answer any more. */
  async settled(): Promise<void> {
    await Promise.all(this.settling);
  }

  private fail(error: Error): void {
    this.broken ??= error;
    this.changed();
    this.port.broken();
  }
}

/** The result of a job that has none. */
export const failed = (tag: bigint, error: string, attempts = 0): TaggedResult => ({
  tag,
  result: '',
  error,
  worker: '',
  execSeconds: 0,
  attempts,
});

/** Resolves when the stream takes more, or takes nothing any more. */
export function drained(stream: ClientDuplexStream<RunJobsRequest, RunJobsResponse>): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      for (const event of events) stream.off(event, over);
      resolve();
    };
    const events = ['drain', 'error', 'close'];
    for (const event of events) stream.on(event, over);
  });
}
