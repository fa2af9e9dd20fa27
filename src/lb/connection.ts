import type { Socket } from 'node:net';
import type { TriremeError } from '../common/errors.js';
import { noWorker, type JobSink } from '../hub/port/job-sink.js';
import { AnswerRing } from './answer-ring.js';
import { ClientConnection } from './client-connection.js';
import { FrameDecoder, NOT_A_NUMBER, NUMBER_TOO_LONG, type Framing } from './frame-decoder.js';
import type { FrontPort } from './front-port.js';
import { jsonFirstByte } from './json-line.js';
import { foreignWords, type ForeignProtocol } from './foreign-protocol.js';
import { shallowJobsMax } from './client-depth.js';
import { framingWaitMs, readAheadBytesMax } from './limits.js';
import { toRecord } from './record.js';
import { LineBreaks } from './line-break.js';
import { RecordWriter } from './record-writer.js';

/** Answers that are worth a write of their own. */
const lingerReadyMax = 4096;

/** In the place of an answer that is no line. */
const notOneLine = 'ERROR JOB_FAILED: its answer holds a line break, which lines cannot carry: ask over gRPC';

/** Shared, because a batch of results holds answers to many connections. */
const lineBreaks = new LineBreaks();

/**
 * One client: its bytes become jobs at the hub, the answers leave in the order asked. The connection itself is the sink
 * of its jobs and the ring's ticket is the tag, so a job costs no object.
 */
export class JobConnection extends ClientConnection implements JobSink {
  private readonly decoder: FrameDecoder;
  private readonly ring: AnswerRing;
  /** Undefined until there is an answer in records framing. */
  private records: RecordWriter | undefined;
  private framingTimer: NodeJS.Timeout | undefined;

  /** Bytes that are not decoded. From readAheadBytesMax of them on, the socket is paused. */
  private rest: Buffer | undefined;
  private restAt = 0;
  /** Its first byte has come. */
  private spoken = false;
  private unknownInRow = 0;
  /** This client asks for little at a time: see JobSink. Set before jobs are submitted. */
  urgent = false;
  /** See JobSink. */
  readonly share = this.front.share;
  /** See JobAdmission.asked. */
  private askedMark = 0;
  /** Answers written since the client last asked: it may be asking again for as many, in bytes still on their way. */
  private answeredSince = 0;

  /** WANTED: its turn to write comes. LINGERS: it came, more answers are waited for, and the next one is taken. */
  private flushing: 'IDLE' | 'WANTED' | 'LINGERS' = 'IDLE';

  constructor(socket: Socket, front: FrontPort) {
    super(socket, front);
    this.decoder = new FrameDecoder(front.limits.digitsMax, front.decoded, front.clientKinds, front.kindPrefixes);
    this.ring = new AnswerRing(front.limits.jobsPerConnectionMax);
  }

  get framing(): Framing {
    return this.decoder.framing;
  }

  /**
   * True while a write now would carry few of many answers that are about to come: a write costs more CPU than a
   * hundred jobs, so it may wait a moment for the others. A client with few jobs outstanding never waits.
   */
  private get mayLinger(): boolean {
    const { size, ready } = this.ring;
    return ready < lingerReadyMax && ready * 4 < size && size - ready >= shallowJobsMax && !this.inputEnded;
  }

  get outstanding(): number {
    return this.ring.size;
  }

  received(chunk: Buffer): void {
    if (this.state !== 'OPEN') return;
    if (!this.spoken && chunk[0] === jsonFirstByte) return this.speaksJson(chunk);
    this.spoken = true;
    this.times.byteMs = this.front.nowMs();
    const waits = this.rest !== undefined;
    this.rest = this.rest === undefined ? chunk : Buffer.concat([this.rest.subarray(this.restAt), chunk]);
    this.restAt = 0;
    const asked = this.ring.size + this.jobsToDecode;
    if (asked > 0) this.askedMark = this.front.admission.asked(asked + this.answeredSince, this.askedMark);
    this.answeredSince = 0;
    if (waits) this.readOn();
    else this.decode();
  }

  /** The client speaks JSON lines, which another connection understands. */
  private speaksJson(first: Buffer): void {
    this.handOver();
    this.front.speaksJson(this, this.socket, first);
  }

  /** Reads the socket while there is room for what it may hold. */
  private readOn(): void {
    const full = this.rest !== undefined && this.rest.length - this.restAt >= readAheadBytesMax;
    if (full) this.socket.pause();
    else if (this.socket.isPaused() && this.state === 'OPEN') this.socket.resume();
  }

  /**
   * Decodes and submits as much as the bounds allow, and asks for another turn or for nothing when the rest must wait:
   * a full ring asks again when it has room (`flush`).
   * @returns the numbers decoded
   */
  protected decode(): number {
    if (this.over) return 0;
    const { decoder, front } = this;
    const jobsMax = Math.min(front.turns.jobsPerTurn, this.ring.room, front.admission.room(this.ring.size));
    decoder.count = 0;
    if (this.rest !== undefined && jobsMax > 0) {
      const wasUnfinished = decoder.unfinished;
      this.restAt = decoder.push(this.rest, this.restAt, jobsMax);
      if (decoder.unfinished && (decoder.count > 0 || !wasUnfinished)) this.times.numberMs = this.times.byteMs;
      const all = this.restAt === this.rest.length && !decoder.backlog;
      if (all) this.rest = undefined;
      if (decoder.foreign !== undefined) {
        this.refuseForeign(decoder.foreign);
        return 0;
      }
      this.submitDecoded();
      if (this.over) return 0;
    } else if (this.rest === undefined && this.inputEnded && decoder.unfinished && jobsMax > 0) {
      decoder.end(jobsMax);
      this.submitDecoded();
    }
    if (decoder.undecidedRecords && this.rest === undefined && !this.inputEnded) this.awaitFraming();
    if (this.rest !== undefined || (this.inputEnded && decoder.unfinished)) {
      if (this.ring.room > 0) this.wantTurn();
    }
    this.readOn();
    return decoder.count;
  }

  /** What is held becomes records when nothing follows it. */
  private awaitFraming(): void {
    clearTimeout(this.framingTimer);
    this.framingTimer = setTimeout(() => {
      this.decoder.settle();
      this.rest ??= Buffer.alloc(0);
      this.decode();
    }, framingWaitMs);
  }

  private refuseForeign(protocol: ForeignProtocol): void {
    this.front.offence(protocol, this);
    this.rest = undefined;
    this.write(toRecord(Buffer.from(foreignWords[protocol])));
    this.endOutput();
  }

  /** Jobs in the bytes at hand, about: a digit and a delimiter each in lines framing. */
  private get jobsToDecode(): number {
    if (this.rest === undefined) return 0;
    const bytes = this.rest.length - this.restAt;
    return this.decoder.framing === 'lines' ? bytes >> 1 : bytes;
  }

  private submitDecoded(): void {
    const { decoder, front, ring } = this;
    const { jobs, count } = decoder;
    const { admission, clientKinds, hub } = front;
    this.urgent = admission.urgent(ring.size + count + this.jobsToDecode);
    for (let i = 0; i < count; i++) {
      const job = jobs[i];
      if (clientKinds[job] === 1) {
        this.unknownInRow = 0;
        const ticket = ring.add();
        front.admission.take();
        ring.setJob(ticket, hub.submit(job, 1, null, 0, noWorker, this, ticket));
      } else {
        this.refuse(job);
        if (this.over) return;
      }
    }
  }

  private refuse(job: number): void {
    const { digitsMax, unknownInRowMax } = this.front.limits;
    const ticket = this.ring.add();
    this.settleText(
      ticket,
      job === NOT_A_NUMBER
        ? 'ERROR unknown job: not a number'
        : job === NUMBER_TOO_LONG
          ? `ERROR unknown job: a number of more than ${digitsMax} digits`
          : `ERROR unknown job ${job}`,
    );
    if (++this.unknownInRow > unknownInRowMax) this.offend('unknown-in-row');
  }

  done(tag: number, bytes: Uint8Array, start: number, end: number): void {
    this.front.admission.release();
    if (this.state === 'CLOSED') return;
    // A line more would be taken for the answer to the next job, and so on for ever.
    if (this.decoder.framing === 'lines' && lineBreaks.within(bytes, start, end)) this.settleText(tag, notOneLine);
    else this.ring.settle(tag, bytes, start, end);
    if (this.flushing === 'IDLE') this.wantFlush();
  }

  failed(tag: number, error: TriremeError): void {
    this.front.admission.release();
    if (this.state === 'CLOSED') return;
    this.settleText(tag, `ERROR ${error.code}: ${error.message.replace(/[\r\n]+/g, ' ')}`);
  }

  private settleText(ticket: number, text: string): void {
    const bytes = Buffer.from(text);
    this.ring.settle(ticket, bytes, 0, bytes.length);
    if (this.flushing === 'IDLE') this.wantFlush();
  }

  protected wantFlush(): void {
    if (this.flushing !== 'IDLE') return;
    this.flushing = 'WANTED';
    this.front.turns.flushLater(this);
  }

  flushTurn(): 'DONE' | 'LINGERS' {
    if (this.flushing === 'WANTED' && this.mayLinger) return (this.flushing = 'LINGERS');
    this.flushing = 'IDLE';
    this.flush();
    return 'DONE';
  }

  /** Writes the answers whose turn it is, and goes on reading where that made room. */
  private flush(): void {
    if (this.over) return;
    const { ring } = this;
    const before = ring.size;
    if (this.decoder.framing === 'lines') this.flushLines();
    else this.flushRecords();
    this.answeredSince += before - ring.size;
    const waiting = this.rest !== undefined || (this.inputEnded && this.decoder.unfinished);
    if (waiting) {
      // A little room at a time would decode a chunk in a thousand small steps.
      if (ring.room >= ring.slotsMax / 4) this.wantTurn();
    } else if (ring.size === 0 && this.last) {
      this.endOutput();
    }
  }

  private flushLines(): void {
    const { ring, socket, front } = this;
    while (ring.headSettled && socket.writableLength < front.limits.outputBytesMax) {
      const end = ring.releaseLines(front.scratch, 0);
      if (end > 0) {
        this.write(Buffer.from(front.scratch.subarray(0, end)));
      } else {
        this.write(Buffer.concat([ring.peek() as Uint8Array, Buffer.from('\n')]));
        ring.drop();
      }
    }
  }

  private flushRecords(): void {
    this.records ??= new RecordWriter(this.socket, this.ring, this.front.links, {
      nowMs: () => this.front.nowMs(),
      write: (record) => this.write(record),
      flush: () => this.flush(),
    });
    this.records.write(this.front.limits.outputBytesMax);
  }

  protected wrote(): void {
    if (this.ring.headSettled) this.wantFlush();
  }

  override forgive(ms: number): void {
    super.forgive(ms);
    this.records?.forgive(ms);
  }

  checkTimeouts(nowMs: number): void {
    const { times, records } = this;
    if (this.socket.writableLength > 0) {
      if (times.readsTooSlowly(nowMs)) this.offend('slow-reader');
    } else if (this.ring.headSettled && records !== undefined) {
      if (times.readsTooSlowly(nowMs, records.progressMs)) this.offend('slow-reader');
    } else if (this.state === 'ENDING') {
      if (times.readsTooSlowly(nowMs)) this.socket.destroy();
    } else if (this.decoder.unfinished && this.rest === undefined) {
      if (times.sendsTooSlowly(nowMs)) this.offend('slow-sender');
    } else if (this.ring.size === 0 && times.idle(nowMs)) {
      this.offend('idle');
    }
  }

  protected letGo(): void {
    clearTimeout(this.framingTimer);
    this.records?.close();
    this.rest = undefined;
    this.ring.forEachWaiting((job) => this.front.hub.cancel(job));
  }
}
