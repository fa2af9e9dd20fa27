import { TriremeError } from '../common/errors.js';
import { noWorker, type JobSink } from '../hub/port/job-sink.js';
import { payloadBytesBound } from '../kinds/folder-kind.js';
import { ClientConnection } from './client-connection.js';
import { answerLine, errorLine, parseJsonLine, type JsonId } from './json-line.js';
import { tracedSink } from './traced-job.js';

/** Bytes of one line: the longest payload in base64, and 4 KiB for all else. */
export const lineBytesMax = Math.ceil(payloadBytesBound / 3) * 4 + 4096;

/** A job that has no answer yet. */
interface AskedJob {
  readonly id: JsonId;
  readonly kind: number;
  readonly payloadBytes: number;
  /** The hub's id; 0 until it has told it. */
  job: number;
}

/**
 * A client that speaks JSON lines: each line is a job or takes one back, and answers go out by the client's
 * own ids as jobs finish. It has the bounds, the turns and the time-outs of the connections that speak
 * numbers.
 */
export class JsonConnection extends ClientConnection implements JobSink {
  readonly framing = 'json';
  urgent = false;
  readonly share = this.front.share;
  /** Whole lines that were not taken, from `at` on. While there are any the socket is not read. */
  private lines: Buffer[] = [];
  private at = 0;
  /** The beginning of a line whose end has not come. */
  private parts: Buffer[] = [];
  private partBytes = 0;
  private readonly jobs = new Map<number, AskedJob>();
  private readonly tags = new Map<JsonId, number>();
  private nextTag = 0;
  private payloadBytes = 0;
  private out: string[] = [];
  private flushing = false;
  private roomAwaited = false;
  private askedMark = 0;

  get outstanding(): number {
    return this.jobs.size;
  }

  received(chunk: Buffer): void {
    if (this.state !== 'OPEN') return;
    this.times.byteMs = this.front.nowMs();
    let at = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, at)) {
      const line = this.line(chunk.subarray(at, end));
      at = end + 1;
      if (line.length > lineBytesMax) return this.refuseLong();
      if (line.length > 0) this.lines.push(line);
    }
    if (at < chunk.length) {
      if (this.partBytes === 0) this.times.numberMs = this.times.byteMs;
      this.parts.push(chunk.subarray(at));
      this.partBytes += chunk.length - at;
      if (this.partBytes > lineBytesMax) return this.refuseLong();
    }
    const { admission } = this.front;
    if (this.asked > 0) this.askedMark = admission.asked(this.asked, this.askedMark);
    this.decode();
  }

  /** The last line needs no newline. */
  protected override inputEnds(): void {
    if (this.partBytes > 0) this.lines.push(this.line(Buffer.alloc(0)));
    super.inputEnds();
  }

  /** The line that ends with these bytes. */
  private line(end: Buffer): Buffer {
    if (this.partBytes === 0) return end;
    const line = Buffer.concat([...this.parts, end]);
    this.parts = [];
    this.partBytes = 0;
    return line;
  }

  private refuseLong(): void {
    [this.lines, this.at] = [[], 0];
    [this.parts, this.partBytes] = [[], 0];
    this.tell(errorLine(undefined, new TriremeError('USAGE', `a line is over ${lineBytesMax} bytes (lineBytesMax)`)));
    this.drain();
  }

  /** Jobs asked for and not answered. */
  private get asked(): number {
    return this.jobs.size + this.lines.length - this.at;
  }

  /** Takes as many lines as the bounds allow, and asks for another turn when some are left. @returns how many */
  protected decode(): number {
    if (this.over) return 0;
    const { front, jobs } = this;
    const room = Math.min(
      front.turns.jobsPerTurn,
      front.limits.jobsPerConnectionMax - jobs.size,
      front.admission.room(jobs.size),
    );
    this.urgent = front.admission.urgent(this.asked);
    let taken = 0;
    let held = false;
    while (this.at < this.lines.length && taken < room && !this.over && !held && !this.choked) {
      held = !this.take(this.lines[this.at]);
      if (held) this.awaitRoom();
      else [this.at, taken] = [this.at + 1, taken + 1];
    }
    if (this.at === this.lines.length) {
      [this.lines, this.at] = [[], 0];
      // The last line may have been one that nothing is answered to.
      if (this.last) this.wantFlush();
    } else if (!held && !this.choked && jobs.size < front.limits.jobsPerConnectionMax) this.wantTurn();
    this.readOn();
    return taken;
  }

  /** Its answers wait in the socket: no job is taken until it reads them. */
  private get choked(): boolean {
    return this.socket.writableLength >= this.front.limits.outputBytesMax;
  }

  private readOn(): void {
    if (this.lines.length > 0) this.socket.pause();
    else if (this.socket.isPaused() && this.state === 'OPEN') this.socket.resume();
  }

  /** Takes a line. @returns false: there is no room for its payload, and it is to be taken later */
  private take(line: Buffer): boolean {
    const { hub, asked, payloads, admission } = this.front;
    let id: JsonId | undefined;
    try {
      const request = parseJsonLine(line.toString('utf8'));
      if ('cancel' in request) {
        this.cancel(request.cancel);
        return true;
      }
      id = request.id;
      if (this.tags.has(id)) throw new TriremeError('USAGE', `the job ${JSON.stringify(id)} has no answer yet`);
      const kind = asked.indexOf(request.kind, request.name, request.version);
      const payloadBytes = request.payload?.length ?? 0;
      asked.checkPayload(kind, payloadBytes);
      if (!payloads.take(payloadBytes, this.payloadBytes)) return false;
      this.payloadBytes += payloadBytes;
      const tag = this.nextTag++;
      const job: AskedJob = { id, kind, payloadBytes, job: 0 };
      this.jobs.set(tag, job);
      this.tags.set(id, tag);
      admission.take();
      const units = asked.unitsOf(kind, request.payload);
      const pinned = asked.pins(request.name, request.version);
      const sink = tracedSink(this, request.traceparent, this.front, request.kind, request.name);
      job.job = hub.submit(kind, units, request.payload, request.timeoutSeconds, noWorker, sink, tag, pinned);
    } catch (caught) {
      const error = TriremeError.from(caught);
      this.tell(errorLine(id ?? (error.cause as { id?: JsonId } | undefined)?.id, error));
    }
    return true;
  }

  /** A job that has ended meanwhile is answered already. */
  private cancel(id: JsonId): void {
    const tag = this.tags.get(id);
    if (tag !== undefined) this.front.hub.cancel(this.jobs.get(tag)?.job ?? 0);
  }

  done(tag: number, bytes: Uint8Array, start: number, end: number): void {
    const job = this.leave(tag);
    if (job === undefined) return;
    const answer = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    this.tell(answerLine(job.id, answer, this.front.asked.isText(job.kind)));
  }

  failed(tag: number, error: TriremeError): void {
    const job = this.leave(tag);
    if (job !== undefined) this.tell(errorLine(job.id, error));
  }

  /** The job has ended. @returns it, unless nobody waits for its answer */
  private leave(tag: number): AskedJob | undefined {
    this.front.admission.release();
    const job = this.jobs.get(tag);
    if (job === undefined) return undefined;
    this.jobs.delete(tag);
    this.tags.delete(job.id);
    this.payloadBytes -= job.payloadBytes;
    this.front.payloads.release(job.payloadBytes);
    if (this.lines.length > 0) this.wantTurn();
    return job;
  }

  private tell(line: string): void {
    if (this.over) return;
    this.out.push(line);
    this.wantFlush();
  }

  protected wantFlush(): void {
    if (this.flushing) return;
    this.flushing = true;
    this.front.turns.flushLater(this);
  }

  private awaitRoom(): void {
    if (this.roomAwaited) return;
    this.roomAwaited = true;
    this.front.admission.whenRoom(() => {
      this.roomAwaited = false;
      this.wantTurn();
    });
  }

  flushTurn(): 'DONE' {
    this.flushing = false;
    if (this.over) return 'DONE';
    if (this.out.length > 0) {
      // What was written in this turn counts as unread until the next one, also where the kernel has taken it.
      if (this.socket.writableLength > this.front.limits.unreadBytesMax) {
        this.offend('slow-reader');
        return 'DONE';
      }
      this.write(this.out.join(''));
      this.out = [];
    }
    if (this.last && this.asked === 0) this.endOutput();
    return 'DONE';
  }

  protected wrote(): void {
    if (this.lines.length > 0 && !this.over) this.wantTurn();
  }

  checkTimeouts(nowMs: number): void {
    const { times } = this;
    if (this.socket.writableLength > 0) {
      if (times.readsTooSlowly(nowMs)) this.offend('slow-reader');
    } else if (this.partBytes > 0 && this.lines.length === 0) {
      if (times.sendsTooSlowly(nowMs)) this.offend('slow-sender');
    } else if (this.jobs.size === 0 && times.idle(nowMs)) {
      this.offend('idle');
    }
  }

  protected letGo(): void {
    this.lines = [];
    const waiting = [...this.jobs.values()];
    this.jobs.clear();
    this.tags.clear();
    for (const { job, payloadBytes } of waiting) {
      this.front.payloads.release(payloadBytes);
      if (job !== 0) this.front.hub.cancel(job);
    }
  }
}
