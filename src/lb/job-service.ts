import type { sendUnaryData, ServerDuplexStream, ServerUnaryCall, ServiceDefinition } from '@grpc/grpc-js';
import { TriremeError } from '../common/errors.js';
import { toStatus, type ServedService } from '../common/grpc-server.js';
import {
  JobServiceService,
  type RunJobRequest,
  type RunJobResponse,
  type RunJobsResponse,
} from '../gen/trireme/v1/job.js';
import { noWorker, type JobSink } from '../hub/port/job-sink.js';
import { secondsLeft, unknownKind, type JobServicePort } from './job-service-port.js';
import { JobStream } from './job-stream.js';
import { StreamTurns } from './stream-turns.js';

/** JobService, and the means to end its streams when the lb drains. */
export interface ServedJobService extends ServedService {
  /** RunJobs streams that are open. */
  readonly streams: ReadonlySet<JobStream>;
  /** Takes no new job; streams end with UNAVAILABLE once what they asked for is answered. */
  drain(): void;
}

/** Requests of RunJobs are handed over as they came. */
const definition: ServiceDefinition = {
  ...JobServiceService,
  runJobs: { ...JobServiceService.runJobs, requestDeserialize: (bytes: Buffer) => bytes },
};

export function jobService(port: JobServicePort): ServedJobService {
  const calls = new CallsOfPeers();
  const streams = new Set<JobStream>();
  const turns = new StreamTurns(port.limits.streamJobsPerTurnMax);
  let draining = false;
  const implementation = {
    runJob: (call: ServerUnaryCall<RunJobRequest, RunJobResponse>, callback: sendUnaryData<RunJobResponse>) => {
      if (draining) callback(toStatus(new TriremeError('DRAINING', 'this load balancer is shutting down')));
      else runJob(port, calls, call, callback);
    },
    runJobs: (call: ServerDuplexStream<Uint8Array, RunJobsResponse>) => {
      const stream = new JobStream(call, port, turns, () => streams.delete(stream));
      streams.add(stream);
      if (draining) stream.drain();
    },
  };
  return {
    definition,
    implementation,
    streams,
    drain: () => {
      draining = true;
      for (const stream of streams) stream.drain();
    },
  };
}

/** RunJob calls under way, by the connection that they came on. */
class CallsOfPeers {
  private readonly counts = new Map<string, number>();

  /** @returns how many there are now */
  begun(peer: string): number {
    const count = (this.counts.get(peer) ?? 0) + 1;
    this.counts.set(peer, count);
    return count;
  }

  ended(peer: string): void {
    const count = (this.counts.get(peer) ?? 1) - 1;
    if (count === 0) this.counts.delete(peer);
    else this.counts.set(peer, count);
  }
}

function runJob(
  { hub, admission, clientKinds }: JobServicePort,
  calls: CallsOfPeers,
  call: ServerUnaryCall<RunJobRequest, RunJobResponse>,
  callback: sendUnaryData<RunJobResponse>,
): void {
  const { kind } = call.request;
  if (clientKinds[kind] !== 1) return callback(toStatus(unknownKind(kind)));
  const timeoutSeconds = secondsLeft(call.getDeadline(), Date.now());
  if (timeoutSeconds < 0) return callback(toStatus(new TriremeError('DEADLINE_PASSED', 'the deadline has passed')));
  if (admission.room(0) === 0)
    return callback(
      toStatus(new TriremeError('QUEUE_FULL', `${admission.used} jobs are outstanding, which is the bound`)),
    );
  admission.asked(1, 0);
  admission.take();
  const peer = call.getPeer();
  const ended = (): void => {
    admission.release();
    calls.ended(peer);
  };
  const sink: JobSink = {
    urgent: admission.urgent(calls.begun(peer)),
    explained: true,
    done: (_tag, bytes, start, end, worker, execSeconds, attempts) => {
      ended();
      const result = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
      callback(null, { result, worker: hub.workerName(worker), execSeconds, attempts, jobId: job });
    },
    failed: (_tag, error) => {
      ended();
      callback(toStatus(error));
    },
  };
  const job = hub.submit(kind, 1, null, timeoutSeconds, noWorker, sink, 0);
  call.on('cancelled', () => hub.cancel(job));
}
