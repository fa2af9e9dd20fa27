import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { Metadata } from '@grpc/grpc-js';
import { drained } from '../client/run-jobs.js';
import { failureOf } from '../client/status-error.js';
import { defaultPorts } from '../common/limits.js';
import { formatHostPort } from '../common/options.js';
import { beginSpan, spansAreTaken, type TraceSpan } from '../common/tracing.js';
import { GrpcDialler } from '../common/trust/grpc-dialler.js';
import {
  JobKind,
  JobServiceClient,
  type RunJobsRequest,
  type RunJobsResponse,
  type TaggedResult,
} from '../gen/trireme/v1/job.js';
import { addressOf, trustOf, type Credentials } from './credentials.js';

/** Where a {@link JobClient} dials. */
export interface JobClientOptions extends Credentials {
  /** `HOST:PORT` of a load balancer's `--grpc`, `HOST` for its default port. Default `127.0.0.1:50051`. */
  readonly address?: string;
}

/** How one job is to be run. */
export interface JobOptions {
  readonly timeoutMs?: number;
  /** What the job is given: text as UTF-8. Kinds of Trireme's own take none. */
  readonly payload?: string | Uint8Array;
}

/** The answer of one job. */
export interface JobResult {
  /** Empty where the kind answers bytes. */
  readonly result: string;
  /** The answer of a kind that answers bytes. */
  readonly resultBytes?: Uint8Array;
  /** Name of the worker that ran it. */
  readonly worker: string;
  /** Seconds of one slot that it took. */
  readonly execSeconds: number;
  /** Times that it was given to a worker; above 1 when workers were lost. */
  readonly attempts: number;
  /** For `trireme why`. */
  readonly jobId: number;
}

/** The answer of one job of many. */
export interface TaggedJobResult {
  /** Position of its kind in what was asked, from 0. */
  readonly index: number;
  /** Empty where `error` says why there is none. */
  readonly result: string;
  readonly error: string;
  readonly worker: string;
  readonly execSeconds: number;
  readonly attempts: number;
}

/** Jobs in one message: the lb takes thousands, and answers of the first come before the last is written. */
const jobsPerMessage = 256;

/** A client of JobService over gRPC. It dials with its first call, and again when its connection breaks. */
export class JobClient {
  private readonly client: JobServiceClient;
  private readonly dialler: GrpcDialler;
  private readonly where: string;

  /** @throws TriremeError USAGE, or when a file of the credentials cannot be used */
  constructor({ address = '127.0.0.1', ...credentials }: JobClientOptions = {}) {
    const hub = addressOf(address, defaultPorts.lbGrpc);
    this.where = formatHostPort(hub);
    this.dialler = new GrpcDialler(trustOf(credentials));
    this.client = new JobServiceClient(this.where, this.dialler.credentials(hub.host), this.dialler.options(hub.host));
  }

  /**
   * Runs one job of a kind, by its number or its name, and hands it the payload. Without `timeoutMs` it waits
   * for as long as it takes.
   *
   * Rejects with a {@link TriremeError}, such as UNREACHABLE, QUEUE_FULL, DEADLINE_PASSED or JOB_FAILED.
   */
  runJob(kind: JobKind | string, { timeoutMs, payload }: JobOptions = {}): Promise<JobResult> {
    const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
    const named = typeof kind === 'string' ? { kind: JobKind.UNSPECIFIED, kindName: kind } : { kind };
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    const request = { ...named, payload: bytes === undefined ? undefined : Buffer.from(bytes) };
    const { metadata, span } = tracedCall(typeof kind === 'string' ? kind : (JobKind[kind] ?? String(kind)));
    return new Promise((resolve, reject) => {
      this.client.runJob(request, metadata, options, (error, response) => {
        span?.end(error === null ? undefined : error.message);
        if (error === null) resolve(response);
        else reject(failureOf(error, this.where, this.dialler));
      });
    });
  }

  /**
   * Runs many jobs over one stream and gives their answers as they come, which need not be the order asked.
   * Kinds are taken as fast as the load balancer takes them. Leaving the loop early cancels what is not
   * answered.
   *
   * Throws a {@link TriremeError} when the stream breaks; a job that failed has its `error` in its answer.
   */
  async *runJobs(kinds: Iterable<JobKind> | AsyncIterable<JobKind>): AsyncGenerator<TaggedJobResult, void, undefined> {
    const stream = this.client.runJobs();
    // The loop below hears of errors; one that comes once it is over has nobody to hear it.
    stream.on('error', () => undefined);
    let wrong: unknown = null;
    const written = write(stream, kinds).catch((error: unknown) => {
      wrong = error;
      stream.cancel();
    });
    try {
      for await (const { results } of stream as AsyncIterable<RunJobsResponse>) yield* results.map(told);
    } catch (error) {
      throw wrong ?? failureOf(error as ServiceError, this.where, this.dialler);
    } finally {
      stream.cancel();
    }
    await written;
    if (wrong !== null) throw wrong;
  }

  /** Closes the connection. Calls under way go on to their end. */
  close(): void {
    this.client.close();
  }
}

/** What goes with a call: a trace context where something in this process takes spans. */
function tracedCall(kind: string): { readonly metadata: Metadata; readonly span: TraceSpan | null } {
  const metadata = new Metadata();
  if (!spansAreTaken()) return { metadata, span: null };
  const span = beginSpan(`run job ${kind}`, '', { kind: 'CLIENT', attributes: { 'trireme.kind': kind } });
  if (span.traceparent !== '') metadata.set('traceparent', span.traceparent);
  return { metadata, span };
}

function told({ tag, ...answer }: TaggedResult): TaggedJobResult {
  return { index: Number(tag), ...answer };
}

/** Writes all kinds, some at a time, as fast as the stream takes them. */
async function write(
  stream: ClientDuplexStream<RunJobsRequest, RunJobsResponse>,
  kinds: Iterable<JobKind> | AsyncIterable<JobKind>,
): Promise<void> {
  let jobs: { tag: bigint; kind: JobKind }[] = [];
  let index = 0;
  const flush = async (): Promise<void> => {
    if (jobs.length === 0) return;
    const room = stream.write({ jobs });
    jobs = [];
    if (!room && !stream.destroyed) await drained(stream);
  };
  for await (const kind of kinds) {
    if (stream.destroyed) return;
    jobs.push({ tag: BigInt(index++), kind });
    // What comes slowly goes out at once.
    if (jobs.length === jobsPerMessage || Symbol.asyncIterator in kinds) await flush();
  }
  await flush();
  stream.end();
}
