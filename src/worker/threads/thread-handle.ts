import { MessageChannel, receiveMessageOnPort, type MessagePort, type Worker } from 'node:worker_threads';
import { monotonicClock } from '../../common/clock.js';
import { startThread } from '../../common/start-thread.js';
import type { TraceSpan } from '../../common/tracing.js';
import {
  cancelGraceSeconds,
  kindTimeoutSecondsDefault,
  processCancelGraceSeconds,
  type Kind,
} from '../../kinds/kind.js';
import type { ProcessGroups } from '../process-groups.js';
import type { HubJobs } from './hub-jobs.js';
import type { JobColumns, JobPayloads } from './job-queue.js';
import { RingWriter } from './byte-ring.js';
import { shortBatchSecondsMax } from './costs.js';
import { batchesPerThreadMax, Control, processSeconds, ThreadMemory, Travel, type Frame } from './thread-memory.js';
import type {
  AnswersMessage,
  FromThread,
  GroupMessage,
  PayloadMessage,
  ReadyMessage,
  ThreadData,
  ThreadKinds,
} from './messages.js';
import { Watchdog, type Overrun, type Signs } from './watchdog.js';

/** Bytes pushed to a thread ahead of what it has read. */
const streamBytesMax = 4 * 1024 * 1024;

/** A batch that a thread was given. */
export interface GivenBatch {
  readonly hub: HubJobs;
  readonly kind: Kind;
  readonly urgent: boolean;
  readonly jobs: JobColumns;
  /** Units of all its jobs. */
  readonly units: number;
  readonly expectedSeconds: number;
  /** Of its one job, where its client traces. */
  readonly span?: TraceSpan;
}

/** A batch that ended, with views that are valid until the thread is given another one. */
export interface EndedBatch {
  readonly batch: GivenBatch;
  readonly frame: Frame;
  /** All answers, one after another; the caller's to keep. */
  readonly answers: Buffer;
}

export interface ThreadEvents {
  ready(thread: ThreadHandle, message: ReadyMessage): void;
  /** Batches ended, or a stream was read. */
  woke(thread: ThreadHandle): void;
  /** It runs nothing any more: what it was given is in `given`. */
  died(thread: ThreadHandle, reason: string): void;
  /** It is gone, some time after it died: at once unless the system holds it, in a read of a disk that hangs, say. */
  exited(thread: ThreadHandle, reason: string): void;
}

/** The main thread's side of one job thread. */
export class ThreadHandle {
  /** STARTING until it has calibrated; then SERVING until it is DEAD. */
  state: 'STARTING' | 'SERVING' | 'DEAD' = 'STARTING';
  /** A job with a source is being prepared for it: it gets nothing else. */
  reserved = false;
  /** Oldest first: the first one runs, or has ended. */
  readonly given: GivenBatch[] = [];
  /** Why it was ended, if it was ended because of the batch that it ran. */
  overrun: Overrun | null = null;
  private readonly memory: ThreadMemory;
  private readonly worker: Worker;
  private readonly port: MessagePort;
  private readonly events: ThreadEvents;
  /** Answers that came as messages before their batch was taken. */
  private readonly large: AnswersMessage[] = [];
  /** Number of the next batch to give, modulo 2^32. */
  private next = 0;
  private failure: string | null = null;
  /** Why it is DEAD. */
  private reason = '';
  private ringMade: RingWriter | null = null;
  private readonly watchdog = new Watchdog();

  /**
   * @param groups of the processes that it starts; null: it starts none
   * @param calibrates whether it measures what its kinds cost
   */
  constructor(
    kinds: ThreadKinds,
    private readonly groups: ProcessGroups<ThreadHandle> | null,
    calibrates: boolean,
    events: ThreadEvents,
  ) {
    const memory = ThreadMemory.allocate();
    const { port1, port2 } = new MessageChannel();
    this.memory = new ThreadMemory(memory);
    this.port = port1;
    this.events = events;
    const workerData: ThreadData = { memory, port: port2, calibrates, ...kinds };
    this.worker = startThread('worker/threads/job-thread.js', { workerData, transferList: [port2] });
    port1.on('message', (message: FromThread) => this.onMessage(message));
    this.worker.on('error', (error: Error) => (this.failure = error.message));
    this.worker.on('exit', (code) => this.onExit(code));
  }

  /** Carries the bytes of one streamed job at a time; made when the first one comes. */
  get ring(): RingWriter {
    return (this.ringMade ??= new RingWriter(streamBytesMax));
  }

  get idle(): boolean {
    return this.state === 'SERVING' && !this.reserved && this.given.length === 0;
  }

  /** May a batch be put behind the one that runs? */
  get takesMore(): boolean {
    const { given } = this;
    return (
      this.state === 'SERVING' &&
      !this.reserved &&
      given.length > 0 &&
      given.length < batchesPerThreadMax &&
      given[0].expectedSeconds <= shortBatchSecondsMax
    );
  }

  /** Gives a batch; the caller has seen that there is room. message: for one job whose payload travels by itself. */
  give(batch: GivenBatch, message: PayloadMessage | null = null): void {
    const frame = this.memory.frame(this.next);
    frame.kind = batch.kind.number;
    frame.count = batch.jobs.job.length;
    frame.payloadTravel = Travel.NONE;
    frame.cancelled.fill(0, 0, frame.count);
    frame.hasDeadlines = false;
    const { deadline } = batch.jobs;
    if (deadline.some((each) => each !== Infinity)) {
      const offset = processSeconds() - monotonicClock();
      for (let index = 0; index < deadline.length; index++) frame.deadline[index] = deadline[index] + offset;
      frame.hasDeadlines = true;
    }
    if (message !== null) {
      frame.payloadTravel = Travel.MESSAGE;
      this.memory.progress[0] = 0;
      this.port.postMessage(message);
    } else if (batch.jobs.payloads !== null) {
      frame.payloadTravel = Travel.SHARED;
      putPayloads(frame, batch.jobs.payloads);
    }
    this.given.push(batch);
    this.next = (this.next + 1) | 0;
    Atomics.store(this.memory.control, Control.GIVEN, this.next);
    Atomics.notify(this.memory.control, Control.GIVEN);
  }

  /** The next batch that ended, or null. */
  takeEnded(): EndedBatch | null {
    if (this.given.length === 0) return null;
    const number = (this.next - this.given.length) | 0;
    if (((Atomics.load(this.memory.control, Control.ENDED) - number) | 0) <= 0) return null;
    const frame = this.memory.frame(number);
    const answers = frame.answerTravel === Travel.MESSAGE ? this.takeLarge() : copyAnswers(frame);
    // Its large answers died with the thread: it counts as not ended.
    if (answers === null) return null;
    return { batch: this.given.shift() as GivenBatch, frame, answers };
  }

  /** After death: was the oldest batch that is left running? Else it had not begun. */
  get running(): boolean {
    const number = (this.next - this.given.length) | 0;
    return this.given.length > 0 && ((Atomics.load(this.memory.control, Control.BEGUN) - number) | 0) > 0;
  }

  /** Units that the running job of a kind with progress has done. */
  get unitsDone(): number {
    return this.memory.progress[0];
  }

  /** Tells its kind, if that looks, which jobs of a hub nobody waits for any more. */
  cancel(hub: HubJobs, wanted: (job: number) => boolean): void {
    this.given.forEach((batch, at) => {
      if (batch.hub !== hub) return;
      const { cancelled } = this.frameOf(at);
      batch.jobs.job.forEach((job, index) => {
        if (wanted(job)) Atomics.store(cancelled, index, 1);
      });
    });
  }

  /** Does a process run the job that it has? */
  get hasProcess(): boolean {
    return this.given.some(({ kind }) => kind.processes === true);
  }

  /** Has the process of its job ended. */
  stopProcess(): void {
    this.given.forEach(({ kind }, at) => {
      if (kind.processes === true) this.frameOf(at).cancelled.fill(1);
    });
  }

  /** Jobs of each batch that it has for which nobody waits any more. */
  unwanted(now: number): Map<GivenBatch, number[]> {
    const unwantedOf = ({ jobs }: GivenBatch, at: number): number[] => {
      const { cancelled } = this.frameOf(at);
      return jobs.job.filter((_, index) => cancelled[index] === 1 || jobs.deadline[index] <= now);
    };
    return new Map(this.given.map((batch, at) => [batch, unwantedOf(batch, at)]));
  }

  /** Ends the thread if the batch that it runs has taken too long. */
  watch(now: number, lateSeconds: number): void {
    const [batch] = this.given as (GivenBatch | undefined)[];
    const timeoutSeconds = batch?.kind.timeoutSeconds ?? kindTimeoutSecondsDefault;
    const signs = batch === undefined || !this.running ? null : this.signs(batch, now);
    const graceSeconds = batch?.kind.processes === true ? processCancelGraceSeconds : cancelGraceSeconds;
    const overrun = this.watchdog.look(signs, now, lateSeconds, timeoutSeconds, graceSeconds);
    if (overrun === null || batch === undefined) return;
    // It may have ended just now.
    this.events.woke(this);
    if (this.given[0] !== batch) return;
    this.overrun = overrun;
    const what = `a job of ${batch.kind.name}`;
    this.die(
      overrun === 'UNWANTED'
        ? `${what} did not stop within ${graceSeconds} s after nobody waited for it any more`
        : `${what} gave no answer within ${timeoutSeconds} s (timeoutSeconds of its kind)`,
    );
    void this.worker.terminate();
  }

  private signs(batch: GivenBatch, now: number): Signs {
    const { control } = this.memory;
    const answered = Atomics.load(control, Control.ANSWERED);
    const { cancelled } = this.frameOf(0);
    // Jobs of a batch run one after another, so this one holds up those behind it, whoever waits for them.
    const unwanted = cancelled[answered] === 1 || !(batch.jobs.deadline[answered] > now);
    const number = (this.next - this.given.length) | 0;
    return { batch: number, answered, progress: Atomics.load(control, Control.PROGRESS), unwanted };
  }

  /** The frame of a batch that was given, the oldest being 0. */
  private frameOf(at: number): Frame {
    return this.memory.frame((this.next - this.given.length + at) | 0);
  }

  async terminate(): Promise<void> {
    await this.worker.terminate();
  }

  private onMessage(message: FromThread): void {
    if (typeof message === 'object' && message.type === 'ready') {
      this.state = 'SERVING';
      this.events.ready(this, message);
      return;
    }
    if (typeof message === 'object' && message.type === 'group') return this.onGroup(message);
    if (typeof message === 'object') this.large.push(message);
    else Atomics.store(this.memory.control, Control.WOKEN, 0);
    this.events.woke(this);
  }

  /** A message that is here already. */
  private received(): FromThread | undefined {
    return (receiveMessageOnPort(this.port) as { message: FromThread } | undefined)?.message;
  }

  private onGroup({ group, began }: GroupMessage): void {
    this.groups?.told(this, group, began);
    if (this.state === 'DEAD' && began) this.groups?.orphaned(this);
  }

  private takeLarge(): Buffer | null {
    let message = this.large.shift();
    while (message === undefined) {
      const received = this.received();
      if (received === undefined) return null;
      if (typeof received !== 'object') Atomics.store(this.memory.control, Control.WOKEN, 0);
      else if (received.type === 'answers') message = received;
      else if (received.type === 'group') this.onGroup(received);
    }
    return Buffer.from(message.bytes.buffer, message.bytes.byteOffset, message.bytes.byteLength);
  }

  private onExit(code: number): void {
    // Batches that ended before the death are still good; they are taken before the port closes.
    if (this.state !== 'DEAD') this.die(this.failure ?? `it ended with exit code ${code}`);
    // What it said last of its processes.
    for (let last = this.received(); last !== undefined; last = this.received())
      if (typeof last === 'object' && last.type === 'group') this.onGroup(last);
    this.port.close();
    this.events.exited(this, this.reason);
  }

  private die(reason: string): void {
    this.state = 'DEAD';
    this.reason = reason;
    this.groups?.orphaned(this);
    this.events.woke(this);
    this.events.died(this, reason);
  }
}

/**
 * Those that stand one after another in a message are copied at one go. Copies to and from shared memory go
 * word by word only between places that lie alike in their words, else byte by byte, which takes some eight
 * times as long.
 */
function putPayloads(frame: Frame, { bytes, from, size }: JobPayloads): void {
  let end = 0;
  for (let index = 0; index < size.length;) {
    const message = bytes[index];
    const first = from[index];
    const base = (message?.byteOffset ?? 0) + first;
    // The next place that lies in its word as the first payload does in its own.
    const start = end + ((base - end) & 7);
    let to = first;
    for (; index < size.length && (size[index] === 0 || (bytes[index] === message && from[index] === to)); index++) {
      frame.payloadFrom[index] = start + to - first;
      frame.payloadSize[index] = size[index];
      to += size[index];
    }
    if (message !== null) frame.payloads.set(message.subarray(first, to), start);
    end = start + to - first;
  }
  frame.payloadBytes = end;
}

function copyAnswers(frame: Frame): Buffer {
  let bytes = 0;
  for (let index = 0; index < frame.count; index++) bytes += frame.answerSize[index];
  const copy = Buffer.allocUnsafe(bytes);
  copy.set(frame.answers.subarray(0, bytes));
  return copy;
}
