import { randomBytes } from 'node:crypto';
import type { JsMsg } from '@nats-io/jetstream';
import { TriremeError } from '../../common/errors.js';
import { jobAttemptsMax } from '../../common/limits.js';
import { noWorker, type JobSink } from '../../hub/port/job-sink.js';
import { answerOf, encodeRecord, type DoneRecord, type JobRecord } from '../../nats/job-record.js';
import { queueHead, type FoundRecord } from '../../nats/job-store.js';
import { isConflict, pause, retryMs } from '../../nats/nats-link.js';
import { mayReply, queueHeaders, recordKey, unnamedId } from '../../nats/queue-names.js';
import { afterFailure, againMs, decide, queueErrors, type Holder, type QueueTerms } from './decisions.js';
import type { QueueOutcome, QueuePort } from './queue-port.js';

/** Characters of an error in a header and in a record. */
const errorLengthMax = 1_000;

/** Characters of an id and of a version in a header of ours: with them and an error it stays below headBytesMax. */
const nameLengthMax = 500;

/** Bytes of a message that are not its payload: subject and headers, of which an error is the longest. */
const headBytesMax = 8 * 1024;

/** A job that has begun under its record. */
interface Begun {
  readonly revision: number;
  readonly terms: QueueTerms;
  readonly attempts: number;
}

/** What the hub made of a job. */
type Outcome = Pick<DoneRecord, 'result' | 'resultBase64' | 'worker' | 'execSeconds'> | TriremeError;

/** The id of a job, by its message. */
export function idOf({ headers, seq, timestampNanos }: Pick<JsMsg, 'headers' | 'seq' | 'timestampNanos'>): string {
  return headers?.get(queueHeaders.id) || unnamedId(seq, timestampNanos);
}

/**
 * One job of the queue, from its delivery until its message is acknowledged or left to others. What becomes
 * of it is written to its record first and acknowledged last, so that whoever is given the job after us
 * knows.
 */
export class QueueJob implements JobSink {
  readonly urgent = false;
  readonly id: string;
  readonly key: string;
  readonly bytes: number;
  /** Deliveries of it: those that come while it runs say that NATS had not heard of us for a while. */
  private readonly messages = new Map<number, JsMsg>();
  private wasGiven = false;
  private submittedMs = 0;
  private ended: (outcome: Outcome) => void = () => undefined;

  constructor(
    private readonly port: QueuePort,
    readonly kind: string,
    private readonly first: JsMsg,
  ) {
    this.id = idOf(first);
    this.key = recordKey(this.id);
    this.bytes = first.data.length;
    this.adopt(first);
  }

  /** The same job was delivered once more. */
  adopt(message: JsMsg): void {
    this.messages.set(message.seq, message);
  }

  /** Tells NATS that it is not lost. */
  alive(): void {
    for (const message of this.messages.values()) message.working();
  }

  /** It is offered again, to whichever load balancer. */
  nak(ms = againMs): void {
    for (const message of this.messages.values()) message.nak(ms);
  }

  /** Does what is to be done. @throws what NATS says against it: nothing was acknowledged then */
  async run(): Promise<QueueOutcome> {
    const begun = await this.judge();
    if (typeof begun === 'string') return begun;
    const { terms, attempts, revision } = begun;
    const outcome = await this.submit();
    if (!(outcome instanceof TriremeError))
      return this.finish({ ...this.stamp(attempts), state: 'done', ...outcome }, revision);
    const { kind, wasGiven: given } = this;
    const ending = afterFailure({ kind, error: outcome, given, attempts, ...terms });
    if (ending.to === 'bury') return this.bury(ending.error, attempts, revision);
    const waiting = { ...this.stamp(ending.attempts), state: 'waiting', error: recorded(outcome) } as const;
    if (!(await this.settle(waiting, revision))) return 'left';
    this.nak(this.port.closing ? 0 : ending.ms);
    return 'again';
  }

  /** Decides what to do with the delivery, and does it, up to the beginning of the job. */
  private async judge(): Promise<Begun | QueueOutcome> {
    const { port, kind, key } = this;
    const due = this.header('notBefore');
    let asked: { readonly mark: string; readonly holder: Holder } | null = null;
    const mark = drawMark();
    for (;;) {
      const terms = this.terms();
      const found: FoundRecord | null = await port.store.read(key);
      const record = found?.record ?? null;
      const revision = found?.revision ?? null;
      // Our write, whose answer did not come.
      if (found !== null && found.record.mark === mark && terms !== null)
        return { revision: found.revision, terms, attempts: found.record.attempts };
      const decision = decide({
        ...{ kind, record, terms, recordLost: port.recordLost(kind, this.first) },
        deliveries: this.first.info.deliveryCount,
        // What was asked is about the record as it was.
        holder: asked !== null && asked.mark === record?.mark ? asked.holder : 'unasked',
        dueInMs: due === '' ? 0 : Date.parse(due) - Date.now(),
      });
      if (decision.to === 'ask' && record?.state === 'begun') {
        asked = { mark: record.mark, holder: await port.ask(record.by, key) };
        continue;
      }
      if (decision.to === 'answer') return this.answer(record as DoneRecord);
      if (decision.to === 'bury') return this.bury(decision.error, record?.attempts ?? 0, revision, record);
      if (decision.to === 'wait') this.nak(decision.ms);
      if (decision.to !== 'run' || terms === null) return decision.to === 'wait' ? 'again' : 'left';
      const wrong = this.wrong();
      if (wrong !== null) return this.bury(wrong, record?.attempts ?? 0, revision);
      if (port.closing) {
        this.nak(0);
        return 'again';
      }
      const { attempts } = decision;
      try {
        const begun: JobRecord = { ...this.stamp(attempts), mark, state: 'begun', by: port.id };
        return { revision: await port.store.write(key, begun, revision), terms, attempts };
      } catch (error) {
        // Another one was first, or the answer to our write was lost: the record tells.
        if (!isConflict(error)) await this.pauseFor(error);
      }
    }
  }

  private header(name: keyof typeof queueHeaders): string {
    return this.first.headers?.get(queueHeaders[name]) ?? '';
  }

  /** What is wrong with it, so that it can never run; null: nothing. */
  private wrong(): TriremeError | null {
    const { port } = this;
    const [reply, due] = [this.header('reply'), this.header('notBefore')];
    if (reply !== '' && !mayReply(port.prefix, reply)) return queueErrors.badReply(reply, port.prefix);
    if (due !== '' && Number.isNaN(Date.parse(due))) return queueErrors.badTime(due);
    try {
      port.asked.checkPayload(this.index() ?? 0, this.bytes);
      return null;
    } catch (error) {
      return TriremeError.from(error);
    }
  }

  /** Its kind at the hub; null: no worker offers it now. */
  private index(): number | null {
    try {
      return this.port.asked.indexOf(0, this.kind, this.header('version'));
    } catch {
      return null;
    }
  }

  private terms(): QueueTerms | null {
    const { asked, hub } = this.port;
    const index = this.index();
    if (index === null) return null;
    const terms = asked.ofBuild[index] === 1 ? null : hub.kindTerms(index);
    return { runsOnce: terms?.mayCopy === false, attemptsMax: terms?.attempts ?? jobAttemptsMax };
  }

  get share(): number | undefined {
    return this.port.share;
  }

  /** Hands the job to the hub when there is room for it, as for any other client. */
  private async submit(): Promise<Outcome> {
    const { hub, asked, admission, payloads, held } = this.port;
    while (admission.room(held.jobs) === 0 || !payloads.take(this.bytes, held.bytes))
      await new Promise<void>((resolve) => admission.whenRoom(resolve));
    held.jobs++;
    held.bytes += this.bytes;
    admission.take();
    return new Promise((resolve) => {
      this.ended = resolve;
      this.submittedMs = performance.now();
      const index = this.index();
      if (index === null)
        return this.failed(0, new TriremeError('NO_WORKER', `no worker offers ${this.kind} any more`));
      const payload = this.bytes === 0 ? null : this.first.data;
      const pinned = asked.pins(this.kind, this.header('version'));
      hub.submit(index, asked.unitsOf(index, payload), payload, 0, noWorker, this, index, pinned);
    });
  }

  given(): void {
    this.wasGiven = true;
  }

  done(index: number, bytes: Uint8Array, start: number, end: number, worker: number, execSeconds: number): void {
    this.leaveHub();
    this.port.took(this.kind, (performance.now() - this.submittedMs) / 1000);
    const answer = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    const text = this.port.asked.isText(index);
    const told = text ? { result: answer.toString() } : { resultBase64: answer.toString('base64') };
    this.ended({ ...told, worker: this.port.hub.workerName(worker), execSeconds });
  }

  failed(_index: number, error: TriremeError): void {
    this.leaveHub();
    this.ended(error);
  }

  private leaveHub(): void {
    const { admission, payloads, held } = this.port;
    held.jobs--;
    held.bytes -= this.bytes;
    payloads.release(this.bytes);
    admission.release();
  }

  /** The job has an answer, which is recorded, told and then acknowledged. */
  private async finish(record: DoneRecord, revision: number): Promise<QueueOutcome> {
    const bytes = Buffer.byteLength(encodeRecord(record));
    const most = this.port.messageBytesMax - headBytesMax;
    if (bytes > most) return this.bury(queueErrors.answerTooLong(bytes, most), record.attempts, revision);
    if (!(await this.settle(record, revision))) return 'left';
    this.answer(record);
    return 'done';
  }

  private answer(record: DoneRecord): 'answered' {
    this.tell(answerOf(record), undefined, record.attempts);
    this.ack();
    return 'answered';
  }

  /** The job ends as a dead letter. @param there its record, where that says so already */
  private async bury(
    error: TriremeError,
    attempts: number,
    revision: number | null,
    there: JobRecord | null = null,
  ): Promise<QueueOutcome> {
    const told = recorded(error);
    if (there?.state !== 'dead') {
      if (!(await this.settle({ ...this.stamp(attempts), state: 'dead', error: told }, revision))) return 'left';
    }
    const words = `${told.code}: ${told.message}`;
    const fits = this.bytes + headBytesMax <= this.port.messageBytesMax;
    const head = queueHead({
      [queueHeaders.job]: this.id.slice(0, nameLengthMax),
      [queueHeaders.error]: fits ? words : `${words} (the payload of ${this.bytes} bytes is left out)`,
      [queueHeaders.attempts]: String(attempts),
      [queueHeaders.version]: this.header('version').slice(0, nameLengthMax) || undefined,
    });
    await this.port.store.bury(this.kind, this.key, fits ? this.first.data : Buffer.alloc(0), head);
    this.tell(Buffer.alloc(0), words, attempts);
    this.ack();
    return 'dead';
  }

  /**
   * Writes what became of the job, for as long as it takes. An answer counts also where another load balancer
   * has begun the job again meanwhile; nothing replaces an answer or a dead letter.
   * @returns false: another one has decided
   */
  private async settle(record: JobRecord, known: number | null): Promise<boolean> {
    const { store } = this.port;
    for (;;) {
      try {
        await store.write(this.key, record, known);
        return true;
      } catch (error) {
        if (!isConflict(error)) {
          await this.pauseFor(error);
          continue;
        }
      }
      const now = await store.read(this.key).catch((error: unknown) => this.pauseFor(error));
      if (now === undefined) continue;
      if (now?.record.mark === record.mark) return true;
      const over = now?.record.state === 'done' || now?.record.state === 'dead';
      if (now !== null && (over || record.state !== 'done')) return false;
      known = now?.revision ?? null;
    }
  }

  private async pauseFor(error: unknown): Promise<undefined> {
    if (this.port.over) throw error;
    this.port.refused(error);
    await pause(retryMs);
  }

  /** Publishes the answer where its client listens. */
  private tell(data: Uint8Array, error: string | undefined, attempts: number): void {
    const reply = this.header('reply');
    if (reply === '' || !mayReply(this.port.prefix, reply)) return;
    const head = {
      [queueHeaders.job]: this.id.slice(0, nameLengthMax),
      [queueHeaders.attempts]: String(attempts),
      [queueHeaders.error]: error,
    };
    this.port.publish(reply, data, queueHead(head));
  }

  private ack(): void {
    for (const message of this.messages.values()) message.ack();
  }

  private stamp(attempts: number): Pick<JobRecord, 'kind' | 'attempts' | 'atMs' | 'mark'> {
    return { kind: this.kind, attempts, atMs: Date.now(), mark: drawMark() };
  }
}

const drawMark = (): string => randomBytes(8).toString('hex');

function recorded({ code, message }: TriremeError): { readonly code: TriremeError['code']; readonly message: string } {
  return { code, message: message.slice(0, errorLengthMax) };
}
