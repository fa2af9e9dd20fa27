import type { Metadata, sendUnaryData, ServerDuplexStream, ServerUnaryCall, ServiceDefinition } from '@grpc/grpc-js';
import { TriremeError } from '../common/errors.js';
import type { ServedService } from '../common/grpc-server.js';
import { toStatus } from '../common/grpc-status.js';
import { callerOf, type ListenerTrust } from '../common/trust/listener-trust.js';
import { JobServiceService, type RunJobRequest, type RunJobResponse } from '../gen/trireme/v1/job.js';
import { noWorker, type JobSink } from '../hub/port/job-sink.js';
import { answerOf, payloadsFull, secondsLeft, type JobServicePort } from './job-service-port.js';
import { JobStream } from './job-stream.js';
import { StreamTurns } from './stream-turns.js';
import { traceOf, tracedSink } from './traced-job.js';

/** JobService, and the means to end its streams when the lb drains. */
export interface ServedJobService extends ServedService {
  /** RunJobs streams that are open. */
  readonly streams: ReadonlySet<JobStream>;
  /** Takes no new job; streams end with UNAVAILABLE once what they asked for is answered. */
  drain(): void;
}

/** Messages of RunJobs are handed over as they came, and go as they are written. */
const same = (bytes: Buffer): Buffer => bytes;
const definition: ServiceDefinition = {
  ...JobServiceService,
  runJobs: { ...JobServiceService.runJobs, requestDeserialize: same, responseSerialize: same },
};

/** @param trust by which callers are known, where clients have shares */
export function jobService(port: JobServicePort, trust?: ListenerTrust): ServedJobService {
  const calls = new CallsOfPeers();
  const streams = new Set<JobStream>();
  const turns = new StreamTurns(port.limits, () => port.admission.shallowClients);
  const portOf = (call: { readonly metadata: Metadata }): JobServicePort => port.of?.(callerOf(call, trust)) ?? port;
  let draining = false;
  const implementation = {
    runJob: (call: ServerUnaryCall<RunJobRequest, RunJobResponse>, callback: sendUnaryData<RunJobResponse>) => {
      if (draining) callback(toStatus(new TriremeError('DRAINING', 'this load balancer is shutting down')));
      else runJob(portOf(call), calls, call, callback);
    },
    runJobs: (call: ServerDuplexStream<Uint8Array, Uint8Array>) => {
      const stream = new JobStream(call, portOf(call), turns, () => streams.delete(stream));
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

/** RunJob calls under way, and the bytes of their payloads, by the connection that they came on. */
class CallsOfPeers {
  private readonly counts = new Map<string, { calls: number; bytes: number }>();

  /** Bytes of the payloads of a peer. */
  bytesOf(peer: string): number {
    return this.counts.get(peer)?.bytes ?? 0;
  }

  /** @returns how many calls there are now */
  begun(peer: string, bytes: number): number {
    const of = this.counts.get(peer) ?? { calls: 0, bytes: 0 };
    of.calls++;
    of.bytes += bytes;
    this.counts.set(peer, of);
    return of.calls;
  }

  ended(peer: string, bytes: number): void {
    const of = this.counts.get(peer);
    if (of === undefined) return;
    of.bytes -= bytes;
    if (--of.calls === 0) this.counts.delete(peer);
  }
}

function runJob(
  { hub, limits, admission, asked, payloads, share, refusal, exemplars }: JobServicePort,
  calls: CallsOfPeers,
  call: ServerUnaryCall<RunJobRequest, RunJobResponse>,
  callback: sendUnaryData<RunJobResponse>,
): void {
  const { payload, kindName = '', kindVersion = '' } = call.request;
  const bytes = payload?.length ?? 0;
  const peer = call.getPeer();
  let kind: number;
  let timeoutSeconds: number;
  try {
    kind = asked.indexOf(call.request.kind, kindName, kindVersion);
    asked.checkPayload(kind, bytes);
    timeoutSeconds = secondsLeft(call.getDeadline(), Date.now());
    if (timeoutSeconds < 0) throw new TriremeError('DEADLINE_PASSED', 'the deadline has passed');
    const refused = refusal?.() ?? null;
    if (refused !== null) throw refused;
    if (admission.room(0) === 0)
      throw new TriremeError('QUEUE_FULL', `${admission.used} jobs are outstanding, which is the bound`, {
        facts: { value: admission.used, bound: limits.jobsTotalMax, boundName: 'jobsTotalMax' },
      });
    const of = calls.bytesOf(peer);
    if (!payloads.take(bytes, of)) throw payloadsFull(payloads, of);
  } catch (error) {
    return callback(toStatus(error));
  }
  admission.asked(1, 0);
  admission.take();
  const ended = (): void => {
    admission.release();
    payloads.release(bytes);
    calls.ended(peer, bytes);
  };
  const sink: JobSink = {
    urgent: admission.urgent(calls.begun(peer, bytes)),
    share,
    explained: true,
    done: (_tag, bytes, start, end, worker, execSeconds, attempts) => {
      ended();
      const told = { worker: hub.workerName(worker), execSeconds, attempts, jobId: job };
      callback(null, { ...answerOf(bytes, start, end, asked.isText(kind)), ...told });
    },
    failed: (_tag, error) => {
      ended();
      callback(toStatus(error));
    },
  };
  const given = bytes === 0 ? null : (payload as Buffer);
  const units = asked.unitsOf(kind, given);
  const pinned = asked.pins(kindName, kindVersion);
  const heard = tracedSink(sink, traceOf(call.metadata), { hub, asked, exemplars }, call.request.kind, kindName);
  const job = hub.submit(kind, units, given, timeoutSeconds, noWorker, heard, 0, pinned);
  call.on('cancelled', () => hub.cancel(job));
}
