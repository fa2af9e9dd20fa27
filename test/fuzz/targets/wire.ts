import { pino } from 'pino';
import { TriremeError } from '../../../src/common/errors.js';
import { rangeData } from '../../../src/captures/scan/range-wire.js';
import {
  AnalyzeRequest,
  ReadRangeRequest,
  ScanChunk,
  ScanChunkResult,
  UploadRequest,
} from '../../../src/gen/trireme/v1/capture.js';
import { RunJobRequest, RunJobsRequest } from '../../../src/gen/trireme/v1/job.js';
import { HubMessage, JobStatus, ListWorkersRequest, WorkerMessage } from '../../../src/gen/trireme/v1/worker.js';
import { createHub } from '../../../src/hub/hub.js';
import { noWorker } from '../../../src/hub/port/job-sink.js';
import { bytesOf } from '../../../src/kinds/chunk-payload.js';
import { readAnswer } from '../../../src/master/chunk-answer.js';
import { compileRequest } from '../../../src/master/request.js';
import { parseReport } from '../../../src/analyze/parse-report.js';
import { Merger } from '../../../src/pcap/merger.js';
import { toCanonicalJson } from '../../../src/pcap/rows/json-pieces.js';
import type { ChunkPlan, ChunkResult } from '../../../src/pcap/types.js';
import { adversarial } from '../../support/capture-builder.js';
import { headerOf, plansAt, reportOptions, scanChunk, scanModule, scanWhole } from '../../support/engine.js';
import { FakeScheduler } from '../../support/fake-scheduler.js';
import { RecordingSink } from '../../support/recording-sink.js';
import { helloOf, resultsOf, ScriptedWorker } from '../../support/scripted-worker.js';
import { asText, must, refusedBy, utf8, type FuzzTarget } from '../target.js';
import { scanOptionsOfFuzz } from './captures.js';

/** What a codec throws for bytes that are no message; gRPC ends the call with an error for it. */
function decoded<T>(codec: { decode(bytes: Uint8Array): T }, bytes: Uint8Array): T | undefined {
  return refusedBy([Error], () => codec.decode(bytes));
}

/** Messages one after the other, each behind its length in two bytes. */
const framed = (messages: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat(messages.flatMap((bytes) => [Uint8Array.of(bytes.length & 255, bytes.length >> 8), bytes]));

function unframed(input: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at + 2 <= input.length && messages.length < 64;) {
    const length = input[at] | (input[at + 1] << 8);
    messages.push(input.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return messages;
}

type Said = NonNullable<WorkerMessage['message']>;
const said = (message: Said): Uint8Array => WorkerMessage.encode({ message }).finish();
const heartbeat = { slots: 1, busy: 0, queued: 0, load: 0, draining: false, backlogElsewhereSeconds: 0 };

function workerSeeds(): Uint8Array[] {
  const hello = said({ $case: 'hello', value: helloOf({ protocol: 0 }) });
  const beat = said({ $case: 'heartbeat', value: heartbeat });
  const results = (jobs: number[], changes = {}): Uint8Array =>
    said({ $case: 'results', value: resultsOf(jobs, { kind: [], ...changes }) });
  const part = (job: number): Uint8Array =>
    said({ $case: 'part', value: { job, jobHigh: 0, incarnation: 0, data: Buffer.from('piece') } });
  return [
    framed([hello, beat, results([1, 2, 3])]),
    framed([hello, results([1]), results([2]), results([3])]),
    framed([hello, part(1), part(1), results([1]), beat]),
    framed([hello, results([1, 2], { status: [JobStatus.FAILED, JobStatus.NOT_RUN] })]),
    framed([hello, said({ $case: 'heartbeat', value: { ...heartbeat, draining: true } }), results([3, 2, 1])]),
    framed([said({ $case: 'hello', value: helloOf({ protocol: 0, slots: 4096, name: 'x'.repeat(128) }) }), beat]),
  ];
}

const log = pino({ level: 'silent' });

/** Jobs that clients wait for while the liar talks. */
const jobsAsked = 6;

export const workerStream: FuzzTarget = {
  name: 'worker-stream',
  what: 'messages of a lying worker to a hub (Hello, heartbeats, results, parts), beside one that is honest',
  seeds: workerSeeds,
  run: (input) => {
    const time = new FakeScheduler();
    const hub = createHub(log, { copyAfterMs: Infinity, shortIdFirst: 1 }, time);
    const sink = new RecordingSink();
    const liar = new ScriptedWorker(hub, null);
    for (let tag = 1; tag <= jobsAsked; tag++) hub.submit(tag === jobsAsked ? 2 : 1, 1, null, 0, noWorker, sink, tag);
    for (const bytes of unframed(input)) {
      const message = decoded(WorkerMessage, bytes);
      if (message !== undefined) liar.say(message.message);
      time.endTurn();
    }
    const { jobsWaiting, jobsLive } = hub.snapshot();
    must(jobsWaiting <= jobsLive && jobsLive <= jobsAsked, `${jobsWaiting} wait of ${jobsLive} that live`);
    liar.die();
    const honest = new ScriptedWorker(hub, { name: 'honest', workerId: 'honest', slots: 8 });
    for (let turn = 0; turn < 4 * jobsAsked && hub.snapshot().jobsLive > 0; turn++) {
      time.advance(0.01);
      honest.answer();
      honest.heartbeat({ slots: 8 });
    }
    must(sink.extra.length === 0, 'no job is answered twice');
    must(sink.order.length === jobsAsked, `${sink.order.length} of ${jobsAsked} jobs are answered`);
  },
};

const file = adversarial.plain(24);
const plans = plansAt(headerOf(file), [file.length >> 1]);
const honestAnswers = plans.map((plan) => encodeAnswer(scanChunk(file, plan, scanOptionsOfFuzz)));

function encodeAnswer({ partial, ...facts }: ChunkResult): Uint8Array {
  return ScanChunkResult.encode({
    resultJson: JSON.stringify(facts),
    partial: Buffer.from(partial),
    inputTruncated: false,
    inputDamage: '',
  }).finish();
}

/** Answers that a merger may ask of a worker that lies in each before it must have ended in one way or another. */
const roundsMax = 200;

export const chunkAnswer: FuzzTarget = {
  name: 'chunk-answer',
  what: "a lying worker's answer to a chunk, given to everything that the master asks it",
  seeds: () => [
    ...honestAnswers,
    ...plansAt(headerOf(file), []).map((p) => encodeAnswer(scanChunk(file, p, scanOptionsOfFuzz))),
  ],
  words: ['"start":', '"end":', 'null', 'true', '9007199254740991', '-1', '1e999', '{}', '[]', '"damage":{"offset":0}'],
  bytesMax: 16_384,
  run: (input) => {
    const merger = new Merger(scanModule, plans, scanOptionsOfFuzz);
    const answer = (plan: ChunkPlan): boolean => {
      const read = refusedBy([TriremeError], () => {
        const { result } = readAnswer(input, plan);
        merger.offer(result);
        return result;
      });
      return read !== undefined;
    };
    if (!answer(plans[0])) refusedBy([TriremeError], () => merger.offer(readAnswer(honestAnswers[0], plans[0]).result));
    if (!answer(plans[1])) refusedBy([TriremeError], () => merger.offer(readAnswer(honestAnswers[1], plans[1]).result));
    for (let rounds = 0; ; rounds++) {
      must(rounds < roundsMax, `a lying worker keeps the merger busy for ${roundsMax} rounds`);
      const step = merger.next();
      if (step === 'waiting' || step === 'walk') return;
      if (step === 'complete') break;
      const asked = step.rescan;
      const relabelled = refusedBy([Error], () => {
        const told = ScanChunkResult.decode(input);
        const head = JSON.parse(told.resultJson) as ChunkResult;
        return { ...head, plan: asked, partial: Uint8Array.from(told.partial) };
      });
      if (relabelled === undefined) return;
      if (refusedBy([TriremeError], () => (merger.offer(relabelled), true)) === undefined) return;
    }
    const report = refusedBy([TriremeError], () => merger.finish(reportOptions));
    if (report !== undefined) must(toCanonicalJson(report).startsWith('{'), 'a report is written');
  },
};

const identity = { sizeBytes: 1000n, endsSha256: Buffer.alloc(32, 1) };
const options = {
  client: '1.2.3.4:5',
  server: '1.2.3.4:6',
  top: 5,
  sort: 'bytes',
  intervalNs: 1_000_000n,
  conversationsMax: 1000,
  filter: 'tcp port 443',
  filterTags: 'transparent',
  afterNs: 0n,
  beforeNs: 1_700_000_000_000_000_000n,
  inner: true,
  tcp: true,
  names: true,
};

export const requests: FuzzTarget = {
  name: 'requests',
  what: 'requests of gRPC clients and hubs: Analyze, Upload, ReadRange, RunJob(s), ListWorkers, chunks for a worker',
  seeds: () => [
    AnalyzeRequest.encode({
      path: '/data/a.pcap',
      identity,
      options,
      waitMs: 1000,
      name: 'a.pcap',
      detach: true,
    }).finish(),
    AnalyzeRequest.encode({
      path: 'b',
      identity: undefined,
      options: undefined,
      waitMs: 0,
      name: '',
      detach: false,
    }).finish(),
    UploadRequest.encode({ part: { $case: 'header', value: { name: 'a', identity } } } as UploadRequest).finish(),
    UploadRequest.encode({ part: { $case: 'data', value: Buffer.from('data') } }).finish(),
    ReadRangeRequest.encode({ source: 'name', offset: 10n, length: 100n }).finish(),
    RunJobsRequest.encode({ jobs: [{ tag: 1n, kind: 1 }] } as RunJobsRequest).finish(),
    RunJobRequest.encode({ kind: 2 } as RunJobRequest).finish(),
    ScanChunk.encode({
      path: '/data/a.pcap',
      identity,
      source: 's',
      planJson: JSON.stringify(plans[1]),
      optionsJson: JSON.stringify(scanOptionsOfFuzz),
      compression: '',
    }).finish(),
    HubMessage.encode({ message: { $case: 'cancels', value: { job: [1, 2, 3], jobHigh: [1] } } }).finish(),
  ],
  words: ['/', '..', '\0', '1.2.3.4:5', '[::1]:5', 'bytes', '"start":', '"end":', 'gzip'],
  run: (input) => {
    const request = decoded(AnalyzeRequest, input);
    if (request !== undefined) {
      const compiled = refusedBy([TriremeError], () => compileRequest(request));
      if (compiled !== undefined) {
        must(compiled.path !== '' && !compiled.path.includes('\0'), 'a path is a path');
        must(compiled.top >= 1 && compiled.top <= 50_000 && compiled.waitMs >= 0, 'numbers are within their bounds');
      }
    }
    for (const codec of [
      UploadRequest,
      ReadRangeRequest,
      RunJobRequest,
      RunJobsRequest,
      HubMessage,
      ListWorkersRequest,
    ])
      decoded(codec as { decode(bytes: Uint8Array): unknown }, input);
    const bytes = refusedBy([Error], () => bytesOf(input));
    must(bytes === undefined || (Number.isSafeInteger(bytes) && bytes >= 1), 'a chunk has a whole number of bytes');
    const range = refusedBy([Error], () => rangeData(Buffer.from(input)));
    must(range === undefined || range.length <= input.length, 'a range holds no more than came');
  },
};

export const reports: FuzzTarget = {
  name: 'reports',
  what: 'the report that a master sends to analyze, as JSON text',
  seeds: () => [
    utf8(toCanonicalJson(scanWhole(file, scanOptionsOfFuzz))),
    utf8(toCanonicalJson({ error: 'not-a-capture', error_detail: 'empty file' })),
    utf8(
      toCanonicalJson({ packets: 2n ** 63n, text: 'a\n"b" 12345678901234567890', list: [10n ** 19n, -(10n ** 17n)] }),
    ),
  ],
  words: ['"', '\\', '\n', '{', '}', '[', ']', ':', ',', '12345678901234567890', '\\u0000integer:', '1e400', '-'],
  bytesMax: 8192,
  run: (input) => {
    const text = asText(input);
    const entry = refusedBy([SyntaxError, TriremeError], () => parseReport(text));
    if (entry === undefined || entry === null) return;
    const written = toCanonicalJson(entry);
    must(toCanonicalJson(parseReport(written)) === written, 'a report that is written is read as the same');
  },
};
