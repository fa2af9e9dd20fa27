import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import type { JobServiceClient, RunJobsRequest, RunJobsResponse, TaggedResult } from '../gen/trireme/v1/job.js';

/** One job of a run: its place in what was asked, from 1, and how long it took as seen from here. */
export interface EndedJob {
  readonly seq: number;
  readonly payload: Buffer;
  /** Milliseconds since 1970, and until its answer. */
  readonly startedMs: number;
  readonly tookMs: number;
  readonly result: TaggedResult;
}

export interface RunPort {
  /** Number of the kind, or 0 and its name. */
  readonly kind: number;
  readonly name: string;
  /** Jobs in flight at once. */
  readonly jobsMax: number;
  nowMs(): number;
  /** Hears of each job when it has ended. */
  ended(job: EndedJob): void;
  /** The stream has broken: whoever waits for a next payload may stop, for it will not be asked for. */
  broken(): void;
}

interface Started {
  readonly payload: Buffer;
  readonly startedMs: number;
}

/**
 * Runs a job for each payload over one stream, so many at once, and takes the next payload only when there is room for it.
 * Rejects when the stream breaks; jobs that have no answer then are in no `ended`.
 */
export async function runJobs(
  client: JobServiceClient,
  payloads: AsyncIterable<Buffer> | Iterable<Buffer>,
  port: RunPort,
): Promise<void> {
  const stream = client.runJobs();
  const started = new Map<bigint, Started>();
  let room: (() => void) | null = null;
  let broken: ServiceError | null = null;
  const over = new Promise<void>((resolve) => {
    stream.on('error', (error: ServiceError) => {
      broken = error;
      room?.();
      port.broken();
      resolve();
    });
    stream.on('end', () => resolve());
  });
  stream.on('data', ({ results }: RunJobsResponse) => {
    for (const result of results) {
      const job = started.get(result.tag);
      if (job === undefined) continue;
      started.delete(result.tag);
      const tookMs = port.nowMs() - job.startedMs;
      port.ended({ seq: Number(result.tag), tookMs, result, ...job });
    }
    room?.();
  });
  let seq = 0n;
  for await (const payload of payloads) {
    while (started.size >= port.jobsMax && broken === null) await new Promise<void>((resolve) => (room = resolve));
    if (broken !== null) break;
    seq++;
    started.set(seq, { payload, startedMs: port.nowMs() });
    const job = { tag: seq, kind: port.kind, kindName: port.name === '' ? undefined : port.name, payload };
    if (!stream.write({ jobs: [job] }) && !stream.destroyed) await drained(stream);
  }
  stream.end();
  await over;
  if (broken !== null) throw broken as ServiceError;
}

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
