// Asks Trireme for echoes of a payload over RunJobs streams; each message of answers is followed by one of as
// many jobs.
import * as grpc from '@grpc/grpc-js';
import { LatencyRecord } from '../../../src/client/load/latency-record.js';
import { JobServiceClient, type RunJobsResponse, type TaggedJob } from '../../../src/gen/trireme/v1/job.js';
import { checkEcho, clientArguments, echoPayload, say, warmupMs, type LoopReport } from '../closed-loop.js';

const streamsMax = 4;
/** Jobs of one message at the beginning. */
const jobsPerMessage = 64;

const { at, inFlight, durationMs, payloadBytes } = clientArguments();
const payload = Buffer.from(echoPayload(payloadBytes));
const fromMs = performance.now() + warmupMs;
const toMs = fromMs + durationMs;
const record = new LatencyRecord();

function stream(jobs: number): Promise<void> {
  const client = new JobServiceClient(at, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const call = client.runJobs();
  const sentMs = new Float64Array(jobs);
  let left = jobs;
  const ask = (tags: readonly bigint[]): void => {
    const nowMs = performance.now();
    for (const tag of tags) sentMs[Number(tag)] = nowMs;
    call.write({ jobs: tags.map((tag): TaggedJob => ({ tag, kind: 0, kindName: 'ECHO', payload })) });
  };
  const tags = Array.from({ length: jobs }, (_, tag) => BigInt(tag));
  for (let from = 0; from < jobs; from += jobsPerMessage) ask(tags.slice(from, from + jobsPerMessage));
  return new Promise((resolve, reject) => {
    call.on('error', reject);
    call.on('end', () => {
      client.close();
      resolve();
    });
    call.on('data', ({ results }: RunJobsResponse) => {
      const nowMs = performance.now();
      for (const { tag, error, resultBytes } of results) {
        if (error !== '') throw new Error(error);
        checkEcho(resultBytes, payload);
        if (nowMs >= fromMs && nowMs < toMs) record.record(nowMs - sentMs[Number(tag)], 1);
      }
      if (nowMs < toMs) return ask(results.map(({ tag }) => tag));
      left -= results.length;
      if (left === 0) call.end();
    });
  });
}

const streams = Math.min(streamsMax, inFlight);
void Promise.all(Array.from({ length: streams }, () => stream(Math.floor(inFlight / streams)))).then(() => {
  const { p50, p99 } = record.summary();
  const jobsPerSecond = record.count / (durationMs / 1000);
  say({ jobsPerSecond, p50Microseconds: p50, p99Microseconds: p99, lost: 0 } satisfies LoopReport);
});
