/** Known callers of a master: lister.js TARGET RATE MILLISECONDS. Prints the slowest hundredth of its answers. */
import * as grpc from '@grpc/grpc-js';
import { performance } from 'node:perf_hooks';
import { LatencyRecord } from '../../src/client/load/latency-record.js';
import { CaptureServiceClient } from '../../src/gen/trireme/v1/capture.js';

const [target, rate, durationMs] = process.argv.slice(2);
/** Calls in this time are not counted: connections are made in it. */
const warmupMs = 1_000;
const tickMs = 1;
const connections = 20;

const metadata = new grpc.Metadata();
metadata.set('authorization', 'Bearer bench');
const clients = Array.from(
  { length: connections },
  () => new CaptureServiceClient(target, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 }),
);
const record = new LatencyRecord();
const beganMs = performance.now();
const endMs = beganMs + warmupMs + Number(durationMs);
let [asked, errors, underWay] = [0, 0, 0];
let ended = false;

function ask(dueMs: number): void {
  underWay++;
  clients[asked++ % connections].listAnalyses({}, metadata, (error) => {
    underWay--;
    if (error !== null) errors++;
    else if (dueMs - beganMs >= warmupMs) record.record(performance.now() - dueMs, 1);
    if (ended && underWay === 0) finish();
  });
}

function finish(): void {
  console.log(JSON.stringify({ p99Ms: record.summary().p99 / 1000, errors }));
  process.exit(0);
}

const timer = setInterval(() => {
  const nowMs = performance.now();
  for (let dueMs = due(); dueMs <= nowMs; dueMs = due()) ask(dueMs);
  if (nowMs <= endMs) return;
  ended = true;
  clearInterval(timer);
  if (underWay === 0) finish();
}, tickMs);

/** When the next call is due; latency counts from then. */
function due(): number {
  return beganMs + (asked * 1000) / Number(rate);
}
