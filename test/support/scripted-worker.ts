import { highOf, idColumns, lowOf, wholeIds } from '../../src/common/job-ids.js';
import type { AttachableHub } from '../../src/hub/hub.js';
import type { WorkerStream, WorkerStreamEvents } from '../../src/hub/port/worker-stream.js';
import {
  JobStatus,
  type Heartbeat,
  type Hello,
  type HubMessage,
  type ResultBatch,
  type Welcome,
} from '../../src/gen/trireme/v1/worker.js';

/** A Hello with every field in order. */
export function helloOf(changes: Partial<Hello> = {}): Hello {
  return {
    workerId: `id-of-${changes.name ?? 'w'}`,
    name: 'w',
    version: '0.2.0',
    slots: 1,
    kinds: [
      { kind: 1, name: 'GET_TIME', secondsPerUnit: 0.001 },
      { kind: 2, name: 'MINE_BITCOIN', secondsPerUnit: 0.001 },
    ],
    cpuModel: 'test',
    memoryBytes: 1n,
    cores: 1,
    host: 'test',
    secret: Buffer.from('the secret of a scripted worker'),
    protocol: 1,
    ...changes,
  };
}

/** Results of jobs of kind 1 in columns, with whole ids; the bytes are the job's number in decimal unless given. */
export function resultsOf(jobs: readonly number[], changes: Partial<ResultBatch> = {}): ResultBatch {
  const texts = jobs.map((job) => Buffer.from(String(job)));
  return {
    job: [...jobs],
    jobHigh: [],
    kind: [1],
    incarnation: 0,
    status: [],
    execSeconds: jobs.map(() => 0.001),
    heldSeconds: jobs.map(() => 0.001),
    payloadSize: texts.map((text) => text.length),
    payloads: Buffer.concat(texts),
    ...changes,
  };
}

/** A worker on a stream without a socket: it does what the test says. */
export class ScriptedWorker implements WorkerStream {
  readonly address: string;
  /** Jobs sent and not answered or cancelled, in order. */
  jobs: number[] = [];
  readonly kinds: number[] = [];
  /** By job. */
  readonly kindOf = new Map<number, number>();
  readonly payloads: string[] = [];
  timeouts: number[] = [];
  readonly urgent: boolean[] = [];
  readonly cancels: number[] = [];
  readonly recalls: number[] = [];
  /** Numbers of jobs in each message. */
  readonly batches: number[] = [];
  welcome: Welcome | null = null;
  /** null: open; else why the hub closed it ('' is a regular end). */
  closedBecause: string | null = null;
  /** What send() answers. */
  takesMore = true;
  private readonly events: WorkerStreamEvents;
  /** It is of protocol 0: it names neither hub nor kind. */
  private readonly short: boolean;

  constructor(hub: AttachableHub, hello: Partial<Hello> | null = {}) {
    this.address = `test:${hello?.name ?? 'w'}`;
    this.short = hello?.protocol === 0;
    this.events = hub.attach(this);
    if (hello !== null) this.say({ $case: 'hello', value: helloOf(hello) });
  }

  send({ message }: HubMessage): boolean {
    if (message?.$case === 'welcome') this.welcome = message.value;
    if (message?.$case === 'cancels') {
      const cancelled = wholeIds(message.value.job, message.value.jobHigh);
      this.cancels.push(...cancelled);
      this.jobs = this.jobs.filter((job) => !cancelled.includes(job));
    }
    if (message?.$case === 'recalls') this.recalls.push(...wholeIds(message.value.job, message.value.jobHigh));
    if (message?.$case === 'jobs') {
      const job = wholeIds(message.value.job, message.value.jobHigh);
      const { kind, payloadSize, payloads, timeoutSeconds, urgent } = message.value;
      this.urgent.push(...job.map((_, at) => urgent[at] ?? false));
      this.batches.push(job.length);
      this.jobs.push(...job);
      this.kinds.push(...kind);
      job.forEach((id, at) => this.kindOf.set(id, kind[at]));
      this.timeouts.push(...timeoutSeconds);
      let at = 0;
      for (const size of payloadSize) this.payloads.push(payloads.subarray(at, (at += size)).toString());
    }
    return this.takesMore;
  }

  close(reason: string | null): void {
    if (this.closedBecause !== null) return;
    this.closedBecause = reason ?? '';
    this.events.closed('closed by the hub');
  }

  say(message: Parameters<WorkerStreamEvents['received']>[0]['message']): void {
    this.events.received({ message });
  }

  heartbeat(changes: Partial<Heartbeat> = {}): void {
    const value = { slots: 1, busy: 0, queued: 0, load: 0, draining: false, backlogElsewhereSeconds: 0, ...changes };
    this.say({ $case: 'heartbeat', value });
  }

  /** Answers these jobs, or all it has. */
  answer(jobs: readonly number[] = this.jobs, changes: Partial<ResultBatch> = {}): void {
    const answered = [...jobs];
    this.jobs = this.jobs.filter((job) => !answered.includes(job));
    const results = resultsOf(answered, {
      ...idColumns(answered),
      kind: this.short ? [] : answered.map((job) => this.kindOf.get(job) ?? 1),
      incarnation: this.short ? 0 : (this.welcome?.incarnation ?? 0),
      ...changes,
    });
    this.say({ $case: 'results', value: results });
  }

  /** Sends a piece of a large result. */
  part(job: number, data: Buffer): void {
    const incarnation = this.short ? 0 : (this.welcome?.incarnation ?? 0);
    this.say({ $case: 'part', value: { job: lowOf(job), jobHigh: highOf(job), data, incarnation } });
  }

  giveBack(jobs: readonly number[] = this.jobs): void {
    this.answer(jobs, {
      status: jobs.map(() => JobStatus.NOT_RUN),
      execSeconds: jobs.map(() => 0),
      payloadSize: [],
      payloads: Buffer.alloc(0),
    });
  }

  /** The stream breaks. */
  die(): void {
    this.jobs = [];
    this.events.closed('connection reset');
  }

  drained(): void {
    this.takesMore = true;
    this.events.drained();
  }
}
