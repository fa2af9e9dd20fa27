import type { ServerDuplexStream } from '@grpc/grpc-js';
import { TriremeError } from '../common/errors.js';
import { toStatus } from '../common/grpc-status.js';
import { messageRoomBytes } from '../common/limits.js';
import { unitsOfPayload } from '../kinds/units.js';
import { noWorker, type JobSink } from '../hub/port/job-sink.js';
import { AnswerWriter, type AnsweredJob } from './answer-writer.js';
import { checkBytes, type AskedKind } from './asked-kinds.js';
import { secondsLeft, type JobServicePort } from './job-service-port.js';
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
 * messages come as bytes and go as bytes, and no job of them becomes an object: see JobCursor and AnswerWriter.
 */
export class JobStream implements JobSink, TurnTaker {
  /** Our own tag of a job is its row. */
  private readonly outstanding = new OutstandingJobs();
  /** Requests of which jobs wait for room. */
  private readonly requests: JobCursor[] = [];
  private readonly answers = new AnswerWriter();
  private flushScheduled = false;
  private inputEnded = false;
  /** The job that the first request has read is the next, and there is no room for its payload yet. */
  private held = false;
  /** The kind of the job before, while no worker can have come or gone. */
  private askedKind: AskedKind | null = null;
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
    private readonly call: ServerDuplexStream<Uint8Array, Uint8Array>,
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
    this.held = false;
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
    this.askedKind = null;
    while (!this.ended && this.requests.length > 0 && !this.choked && !this.draining) {
      const [request] = this.requests;
      request.look();
      // Streams and connections take turns: so many now, the rest after the others.
      this.urgent = this.port.admission.urgent(this.asked());
      const share = this.urgent ? shallowJobsMax : this.turns.jobsPerShare;
      let room = this.port.admission.fair ? Math.min(share - taken, this.room()) : this.room();
      for (; (this.held || request.left > 0) && room > 0; room--, taken++) {
        if (!this.held) request.next();
        this.held = !this.submit(request);
        if (this.held) break;
      }
      this.askedMark = this.port.admission.asked(this.asked(), this.askedMark);
      if (!request.done || this.held) break;
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
    if (!this.held && this.room() > 0) this.turns.ask(this);
    else this.port.admission.whenRoom(() => this.turns.ask(this));
  }

  /**
   * Submits the job that was read last. @returns false: there is no room for its payload, and it is to be taken later
   */
  private submit(job: JobCursor): boolean {
    const { payloads, admission, hub } = this.port;
    const { payload, kind: number, name } = job;
    const bytes = payload.length;
    let kind: AskedKind;
    try {
      kind = this.kindOf(job);
      if (bytes > 0) checkBytes(kind.terms, bytes);
    } catch (error) {
      this.refuse(job, TriremeError.from(error));
      return true;
    }
    const timeoutSeconds = secondsLeft(this.call.getDeadline(), Date.now());
    if (timeoutSeconds < 0) {
      this.refuse(job, new TriremeError('DEADLINE_PASSED', 'the deadline has passed'));
      return true;
    }
    if (!payloads.take(bytes, this.payloadBytes)) return false;
    this.payloadBytes += bytes;
    admission.take();
    const row = this.outstanding.add(job.low, job.high, bytes, kind.text);
    // The message goes, and may be much longer than this payload.
    const given = bytes === 0 ? null : Buffer.from(payload);
    const units = kind.terms === null ? 1 : unitsOfPayload(kind.terms.units, given);
    const sink = tracedSink(this, this.traceparent, this.port, number, name);
    const id = hub.submit(kind.index, units, given, timeoutSeconds, noWorker, sink, row, kind.pinned);
    this.outstanding.named(row, id);
    return true;
  }

  private kindOf({ kind: number, name, version }: JobCursor): AskedKind {
    const last = this.askedKind;
    if (last !== null && last.number === number && last.name === name && last.version === version) return last;
    return (this.askedKind = this.port.asked.lookUp(number, name, version));
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
    const name = this.port.hub.workerName(worker);
    this.answers.add(this.leave(row), bytes, start, end, name, execSeconds, attempts);
    this.added();
    if (!this.choked) return;
    if (this.unreadBytes > this.port.limits.unreadBytesMax) this.cutOff();
    this.unreadBytes += end - start;
  }

  failed(row: number, error: TriremeError): void {
    this.port.admission.release();
    if (this.outstanding.has(row)) this.refuse(this.leave(row), error);
  }

  /** A job has ended. @returns see OutstandingJobs.take */
  private leave(row: number): AnsweredJob {
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

  private refuse(job: AnsweredJob, error: TriremeError): void {
    if (this.ended) return;
    this.answers.addError(job, `${error.code}: ${error.message}`);
    this.added();
  }

  /** An answer was added to the message. */
  private added(): void {
    if (this.answers.count >= resultsPerMessageMax || this.answers.length >= resultBytesPerMessage) this.write();
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    setImmediate(() => this.flush());
  }

  private write(): void {
    if (!this.call.write(this.answers.take())) this.choked = true;
  }

  private flush(): void {
    this.flushScheduled = false;
    if (this.ended) return;
    if (this.answers.count > 0) this.write();
    if (this.requests.length > 0) this.awaitTurn();
    else this.guarded(() => this.take());
  }

  private endIfDone(): void {
    if (this.ended || this.outstanding.size > 0 || this.requests.length > 0 || this.answers.count > 0) return;
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
    this.held = false;
    this.requests.length = 0;
    this.onEnd();
  }
}
