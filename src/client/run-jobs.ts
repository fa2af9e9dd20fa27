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
    await write(stream, {
      jobs: [{ tag: seq, kind: port.kind, kindName: port.name === '' ? undefined : port.name, payload }],
    });
  }
  stream.end();
  await over;
  if (broken !== null) throw broken as ServiceError;
}

/** Waits where the stream is full, until it takes more or takes nothing any more. */
async function write(
  stream: ClientDuplexStream<RunJobsRequest, RunJobsResponse>,
  request: RunJobsRequest,
): Promise<void> {
  if (stream.write(request) || stream.destroyed) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      for (const event of ['drain', 'error', 'close']) stream.off(event, go);
      resolve();
    };
    for (const event of ['drain', 'error', 'close']) stream.on(event, go);
  });
}
