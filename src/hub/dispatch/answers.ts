import { wholeId } from '../../common/job-ids.js';
import { resultBytesMin } from '../../kinds/kind.js';
import type { ResultBatch, ResultPart } from '../../gen/trireme/v1/worker.js';
import { JobStatus } from '../../gen/trireme/v1/worker.js';
import type { AttachedWorker } from '../workers/attached-worker.js';
import { notLent, type Dispatcher } from './dispatcher.js';
import { jobErrors } from '../port/job-errors.js';
import { nil } from '../jobs/job-list.js';
import { refuseResults, saneSeconds } from '../workers/result-check.js';
import type { AnswerBytes } from './audit-gate.js';

/** A job that is this close to its deadline may come back NOT_RUN because the worker's clock got there first. */
const deadlineSlackSeconds = 0.25;
/** Bytes of a worker's reason that are passed on. */
const reasonBytesMax = 500;

/** What a worker says of one job. One record is written over for each: a batch has thousands. */
class WorkerAnswer implements AnswerBytes {
  id = 0;
  status: JobStatus = JobStatus.DONE;
  /** Seconds that the job ran, and that the worker had it; NaN: not measured. */
  exec = NaN;
  held = NaN;
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  /** When it came, on the hub's clock. */
  now = 0;

  get done(): boolean {
    return this.status === JobStatus.DONE || this.status === JobStatus.UNSPECIFIED;
  }

  /** The result, or why there is none. */
  text(bytesMax: number): string {
    return Buffer.from(this.bytes.subarray(this.start, Math.min(this.end, this.start + bytesMax))).toString('utf8');
  }
}

/** Takes what workers say of the jobs that they were given, and decides what becomes of each. */
export class Answers {
  private readonly answer = new WorkerAnswer();

  constructor(private readonly dispatcher: Dispatcher) {}

  /**
   * Takes a batch of results. Results of jobs that were taken from the worker are expected and dropped; results of jobs
   * that it never had are not.
   * @returns what the worker did wrong, or null
   */
  take(worker: AttachedWorker, batch: ResultBatch): string | null {
    const wrong = refuseResults(batch);
    if (wrong !== null) return wrong;
    const { kind: kinds, status, execSeconds, heldSeconds, payloadSize, job: low, jobHigh } = batch;
    const above = jobHigh.length === 1 ? wholeId(0, jobHigh[0]) : 0;
    if (kinds.length === 0 && worker.shortIds === null && low.length > 0) return 'its results name no kind';
    const { answer } = this;
    answer.now = this.dispatcher.turn.freshNow();
    answer.bytes = batch.payloads;
    answer.end = 0;
    let complaint: string | null = null;
    for (let at = 0; at < low.length; at++) {
      answer.id = jobHigh.length > 1 ? wholeId(low[at], jobHigh[at]) : low[at] + above;
      answer.start = answer.end;
      answer.end += payloadSize.length === 0 ? 0 : payloadSize[at];
      answer.status = status.length === 0 ? JobStatus.DONE : status[at];
      answer.exec = saneSeconds(execSeconds[at]);
      answer.held = saneSeconds(heldSeconds[at]);
      const row = this.dispatcher.places.heldBy(worker, answer.id);
      const refused = this.refuse(worker, row, kinds.length === 1 ? kinds[0] : kinds[at]);
      if (refused !== null) return refused;
      if (row !== nil) this.takeHeld(worker, row);
      else if (!this.takeLent(worker)) complaint ??= this.takeUnasked(worker);
      // A sink may have cancelled, submitted or closed: all that matters is whether this worker is still one of ours.
      if (worker.gone) return null;
    }
    return complaint;
  }

  /** Takes a piece of a large result. @returns what the worker did wrong, or null */
  takePart(worker: AttachedWorker, part: ResultPart): string | null {
    const id = wholeId(part.job, part.jobHigh);
    const row = this.dispatcher.places.heldBy(worker, id);
    if (row === nil && !worker.lent.has(id)) {
      // The entry that follows in a batch is what counts against the worker.
      return worker.resultsForgiven > 0 ? null : `part of job ${Math.abs(id)}, which it was not given`;
    }
    if (part.data.length === 0) return `part of job ${Math.abs(id)} is empty`;
    const kind = this.kindOf(worker, row, id);
    if (kind !== undefined) {
      const large = this.refuseLarge(kind, worker.parts.bytesOf(id) + part.data.length);
      if (large !== null) return large;
    }
    return worker.parts.add(id, part.data) ? null : 'its large results are over resultBytesMax';
  }

  private kindOf(worker: AttachedWorker, row: number, id: number): number | undefined {
    return row === nil ? worker.lent.get(id)?.kind : this.dispatcher.table.kinds[row];
  }

  /** An answer that its job cannot have. @param said the kind that the worker says it has; undefined: it says none */
  private refuse(worker: AttachedWorker, row: number, said: number | undefined): string | null {
    const { id, status, start, end } = this.answer;
    const kind = this.kindOf(worker, row, id);
    if (kind === undefined) return null;
    const number = this.dispatcher.offered.numbers[kind];
    if (said !== undefined && number !== said)
      return `result of job ${id} says kind ${said}, and its kind is ${number}`;
    return status === JobStatus.FAILED ? null : this.refuseLarge(kind, end - start + worker.parts.bytesOf(id));
  }

  /** A result that no job of its kind can have. */
  private refuseLarge(kind: number, bytes: number): string | null {
    if (bytes <= resultBytesMin) return null;
    const most = this.dispatcher.resultBytesMax(kind);
    if (bytes <= most) return null;
    const { name } = this.dispatcher.kindState(kind).counters;
    return `its result of a ${name} has ${bytes} bytes, over ${most} (resultBytesMax)`;
  }

  /** Of a job that it was not given, or that it has answered. */
  private takeUnasked(worker: AttachedWorker): string | null {
    const { id } = this.answer;
    worker.parts.take(id);
    const kind = this.dispatcher.table.lastKind(id);
    if (kind !== null) this.dispatcher.life.duplicate(kind);
    if (worker.resultsForgiven === 0) return `result of job ${Math.abs(id)}, which it was not given or has answered`;
    worker.resultsForgiven--;
    return null;
  }

  /** Of a job that another worker was given too. @returns whether there is such a job */
  private takeLent(worker: AttachedWorker): boolean {
    const { id, done, exec, held, now } = this.answer;
    const counts = worker.evidence === null && done;
    const row = this.dispatcher.takeLent(worker, id, counts, exec, counts ? held : NaN, now);
    if (row === notLent) return false;
    if (row === nil) worker.parts.take(id);
    else this.finish(worker, row);
    return true;
  }

  /** Of a job that it holds. */
  private takeHeld(worker: AttachedWorker, row: number): void {
    const { dispatcher, answer } = this;
    const { table } = dispatcher;
    const { now, done } = answer;
    dispatcher.release(row, worker, done ? answer.exec : NaN, done ? answer.held : NaN, now);
    if (done) {
      if (table.hedges[row] > 0) dispatcher.life.copyWon(table.kinds[row]);
      return this.finish(worker, row);
    }
    worker.parts.take(table.ids[row]);
    if (answer.status === JobStatus.FAILED) {
      worker.countFailed(table.kinds[row]);
      const reason = answer.text(reasonBytesMax);
      return dispatcher.endings.fail(
        row,
        'failed',
        jobErrors.jobFailed(reason === '' ? 'the worker gave no reason' : reason),
        answer.exec,
      );
    }
    if (table.deadlines[row] - now < deadlineSlackSeconds) {
      return dispatcher.endings.fail(row, 'expired', jobErrors.expired(now - table.submittedAt[row]));
    }
    // Unless it was asked to, it would give back the next job too: nothing more for it until its next heartbeat.
    const asked = table.recalled[row] === 1;
    if (!asked) worker.draining = true;
    dispatcher.returns.giveBack(row, asked);
  }

  /** Ends a job with its answer, put together from its parts. The row has been released. */
  private finish(worker: AttachedWorker, row: number): void {
    const { dispatcher, answer } = this;
    const parts = worker.parts.take(dispatcher.table.ids[row]);
    worker.countDone(dispatcher.table.kinds[row]);
    if (parts === undefined) return dispatcher.endings.done(row, answer, worker, answer.exec, answer.now);
    parts.push(answer.bytes.subarray(answer.start, answer.end));
    const bytes = Buffer.concat(parts);
    dispatcher.endings.done(row, { bytes, start: 0, end: bytes.length }, worker, answer.exec, answer.now);
  }
}
