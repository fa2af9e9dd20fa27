import type { ServerDuplexStream } from '@grpc/grpc-js';
import { TriremeError } from '../common/errors.js';
import { toStatus } from '../common/grpc-status.js';
import { messageRoomBytes } from '../common/limits.js';
import type { RunJobsResponse, TaggedJob, TaggedResult } from '../gen/trireme/v1/job.js';
import { noWorker, type JobSink } from '../hub/port/job-sink.js';
import { answerOf, secondsLeft, type JobServicePort } from './job-service-port.js';
import { shallowJobsMax } from './client-depth.js';
import { JobCursor } from './job-cursor.js';
import { OutstandingJobs } from './outstanding-jobs.js';
import type { StreamTurns, TurnTaker } from './stream-turns.js';
import { traceOf, tracedSink } from './traced-job.js';

/** Results in one message at most; more in one turn of the event loop go in several. */
const resultsPerMessageMax = 256;

/** With so many bytes of answers a message goes out: one more answer, however long, still fits it. */
const resultBytesPerMessage = messageRoomBytes / 2;

/**
 * One RunJobs call: jobs go to the hub as they come, results leave as jobs finish, all of one turn of the event loop
 * in one message. The request stream is not read while too many jobs are outstanding or the caller does not read. Its
 * messages come as bytes, and a job of them becomes an object when it is taken: see JobCursor.
 */
export class JobStream implements JobSink, TurnTaker {
  /** Our own tag of a job is its row. */
  private readonly outstanding = new OutstandingJobs();
  /** Requests of which jobs wait for room. */
  private readonly requests: JobCursor[] = [];
  private results: TaggedResult[] = [];
  /** Bytes of those answers. */
  private resultBytes = 0;
  private flushScheduled = false;
  private inputEnded = false;
  /** The next job, for whose payload there is no room yet. */
  private held: TaggedJob | null = null;
  /** Bytes of the payloads that are with the hub. */
  private payloadBytes = 0;
  /** Bytes of answers that came since the caller has stopped to read. */
  private unreadBytes = 0;
  private draining = false;
  private ended = false;
  /** The caller does not read as fast as results come; nothing new is taken until it does. */
  private choked = false;
  private turnAwaited = false;
  /** See JobSink. */
  urgent = false;
  readonly share?: number;
  /** Of all its jobs; empty: none. */
  private readonly traceparent: string;
  /** See JobAdmission.asked. */
  private askedMark = 0;

  constructor(
    private readonly call: ServerDuplexStream<Uint8Array, RunJobsResponse>,
    private readonly port: JobServicePort,
    private readonly turns: StreamTurns,
    private readonly onEnd: () => void,
  ) {
    this.share = port.share;
    this.traceparent = traceOf(call.metadata);
    call.on('data', (request: Uint8Array) =>
      this.guarded(() => {
        this.requests.push(new JobCursor(request));
        if (this.requests.length === 1) this.take();
        else this.awaitTurn();
      }),
    );
    call.on('end', () => {
      this.inputEnded = true;
      this.endIfDone();
    });
    call.on('drain', () => {
      this.choked = false;
      this.unreadBytes = 0;
      this.guarded(() => this.take());
    });
    call.on('cancelled', () => this.abandon());
    call.on('error', () => this.abandon());
  }

  /** Takes no new job; ends with UNAVAILABLE once what was taken is answered. */
  drain(): void {
    this.draining = true;
    this.call.pause();
    this.requests.length = 0;
    this.held = null;
    this.endIfDone();
  }

  /** See TurnTaker. */
  takeShare(): number {
    this.turnAwaited = false;
    let taken = 0;
    this.guarded(() => (taken = this.take()));
    return taken;
  }

  /** Takes jobs of the requests that wait, one share at most. @returns how many */
  private take(): number {
    let taken = 0;
    while (!this.ended && this.requests.length > 0 && !this.choked && !this.draining) {
      const [request] = this.requests;
      request.look();
      // Streams and connections take turns: so many now, the rest after the others.
      this.urgent = this.port.admission.urgent(this.asked());
      let room = this.port.admission.fair ? Math.min(shallowJobsMax - taken, this.room()) : this.room();
      for (; (this.held !== null || request.left > 0) && room > 0; room--, taken++) {
        const job = this.held ?? request.next();
        this.held = this.submit(job) ? null : job;
        if (this.held !== null) break;
      }
      this.askedMark = this.port.admission.asked(this.asked(), this.askedMark);
      if (!request.done || this.held !== null) break;
      this.requests.shift();
    }
    if (this.ended) return taken;
    if (this.requests.length > 0) {
      this.call.pause();
      this.awaitTurn();
    } else if (this.call.isPaused() && !this.draining) {
      this.call.resume();
    }
    this.endIfDone();
    return taken;
  }

  /** Jobs asked for and not answered: those outstanding and those that wait here, as far as they were found. */
  private asked(): number {
    return this.requests.reduce((sum, { left }) => sum + left, this.outstanding.size);
  }

  private room(): number {
    const { limits, admission } = this.port;
    const outstanding = this.outstanding.size;
    return Math.min(limits.jobsPerConnectionMax - outstanding, admission.room(outstanding));
  }

  /** Takes more in a later turn of the event loop: a next one when there is room, else when a job has ended. */
  private awaitTurn(): void {
    if (this.turnAwaited || this.choked) return;
    this.turnAwaited = true;
    if (this.held === null && this.room() > 0) this.turns.ask(this);
    else this.port.admission.whenRoom(() => this.turns.ask(this));
  }

  /** @returns false: there is no room for its payload, and it is to be taken later */
  private submit({ tag, kind: number, kindName = '', kindVersion = '', payload }: TaggedJob): boolean {
    const { asked, payloads, admission, hub } = this.port;
    const bytes = payload === undefined ? 0 : payload.length;
    let kind = number;
    // As a rule it is one of this build's.
    if (bytes > 0 || kindName !== '' || kindVersion !== '' || asked.ofBuild[kind] !== 1) {
      try {
        kind = asked.indexOf(number, kindName, kindVersion);
        asked.checkPayload(kind, bytes);
      } catch (error) {
        this.refuse(tag, TriremeError.from(error));
        return true;
      }
    }
    const timeoutSeconds = secondsLeft(this.call.getDeadline(), Date.now());
    if (timeoutSeconds < 0) {
      this.refuse(tag, new TriremeError('DEADLINE_PASSED', 'the deadline has passed'));
      return true;
    }
    if (!payloads.take(bytes, this.payloadBytes)) return false;
    this.payloadBytes += bytes;
    admission.take();
    const row = this.outstanding.add(tag, bytes, asked.isText(kind));
    const given = bytes === 0 ? null : (payload as Buffer);
    const units = asked.unitsOf(kind, given);
    const pinned = asked.pins(kindName, kindVersion);
    const sink = tracedSink(this, this.traceparent, this.port, number, kindName);
    const job = hub.submit(kind, units, given, timeoutSeconds, noWorker, sink, row, pinned);
    this.outstanding.named(row, job);
    return true;
  }

  done(
    row: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    worker: number,
    execSeconds: number,
    attempts: number,
  ): void {
    this.port.admission.release();
    if (!this.outstanding.has(row)) return;
    const text = this.outstanding.isText(row);
    const result = answerOf(bytes, start, end, text);
    this.add({
      tag: this.leave(row),
      result: result.result,
      resultBytes: result.resultBytes,
      error: '',
      worker: this.port.hub.workerName(worker),
      execSeconds,
      attempts,
    });
    if (!this.choked) return;
    if (this.unreadBytes > this.port.limits.unreadBytesMax) this.cutOff();
    this.unreadBytes += end - start;
  }

  failed(row: number, error: TriremeError): void {
    this.port.admission.release();
    if (this.outstanding.has(row)) this.refuse(this.leave(row), error);
  }

  /** A job has ended. @returns its caller's tag */
  private leave(row: number): bigint {
    const bytes = this.outstanding.payloadBytes(row);
    if (bytes > 0) {
      this.payloadBytes -= bytes;
      this.port.payloads.release(bytes);
    }
    return this.outstanding.take(row);
  }

  /** The caller asks for long answers and does not read them. */
  private cutOff(): void {
    const { unreadBytesMax } = this.port.limits;
    const read = `answers of ${this.unreadBytes} bytes were not read, over ${unreadBytesMax} (unreadBytesMax)`;
    const facts = { value: this.unreadBytes, bound: unreadBytesMax, boundName: 'unreadBytesMax' };
    this.abandon();
    this.call.emit('error', toStatus(new TriremeError('LIMIT_REACHED', read, { facts })));
  }

  private refuse(tag: bigint, error: TriremeError): void {
    this.add({ tag, result: '', error: `${error.code}: ${error.message}`, worker: '', execSeconds: 0, attempts: 0 });
  }

  private add(result: TaggedResult): void {
    if (this.ended) return;
    this.results.push(result);
    // A UTF-16 unit has at most three bytes.
    this.resultBytes += result.resultBytes?.length ?? result.result.length * 3;
    if (this.results.length >= resultsPerMessageMax || this.resultBytes >= resultBytesPerMessage) this.write();
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    setImmediate(() => this.flush());
  }

  private write(): void {
    const { results } = this;
    this.results = [];
    this.resultBytes = 0;
    if (!this.call.write({ results })) this.choked = true;
  }

  private flush(): void {
    this.flushScheduled = false;
    if (this.ended) return;
    if (this.results.length > 0) this.write();
    if (this.requests.length > 0) this.awaitTurn();
    else this.guarded(() => this.take());
  }

  private endIfDone(): void {
    if (this.ended || this.outstanding.size > 0 || this.requests.length > 0 || this.results.length > 0) return;
    if (this.draining) {
      this.finish();
      this.call.emit('error', toStatus(new TriremeError('DRAINING', 'this load balancer is shutting down')));
    } else if (this.inputEnded) {
      this.finish();
      this.call.end();
    }
  }

  /** Ends the stream with the error that a request is malformed. */
  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.abandon();
      this.call.emit('error', toStatus(error));
    }
  }

  /** The caller is gone: nobody wants the jobs that are left. */
  private abandon(): void {
    if (this.ended) return;
    this.finish();
    this.port.payloads.release(this.payloadBytes);
    this.payloadBytes = 0;
    for (const job of this.outstanding.clear()) this.port.hub.cancel(job);
  }

  private finish(): void {
    this.ended = true;
    this.held = null;
    this.requests.length = 0;
    this.onEnd();
  }
}
