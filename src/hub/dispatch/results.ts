import { wholeId } from '../../common/job-ids.js';
import { resultBytesLeast } from '../../kinds/kind.js';
import type { ResultBatch, ResultPart } from '../../gen/trireme/v1/worker.js';
import { JobStatus } from '../../gen/trireme/v1/worker.js';
import type { AttachedWorker } from '../workers/attached-worker.js';
import { notLent, type Dispatcher } from './dispatcher.js';
import { jobErrors } from '../port/job-errors.js';
import { nil } from '../jobs/job-list.js';
import { refuseResults, saneSeconds } from '../workers/result-check.js';

/** A job that is this close to its deadline may come back NOT_RUN because the worker's clock got there first. */
const deadlineSlackSeconds = 0.25;
/** Characters of a worker's reason that are passed on. */
const reasonCharactersMax = 500;

/**
 * Takes a batch of results from a worker. Returns what the worker did wrong, or null. Results of jobs that were taken
 * from it are expected and dropped; results of jobs that it never had are not.
 */
export function takeResults(dispatcher: Dispatcher, worker: AttachedWorker, batch: ResultBatch): string | null {
  const wrong = refuseResults(batch);
  if (wrong !== null) return wrong;
  const now = dispatcher.turn.freshNow();
  const { kind: kinds, status, execSeconds, heldSeconds, payloadSize, payloads } = batch;
  const { job: low, jobHigh } = batch;
  const above = jobHigh.length === 1 ? wholeId(0, jobHigh[0]) : 0;
  if (kinds.length === 0 && worker.shortIds === null && low.length > 0) return 'its results name no kind';
  let start = 0;
  let complaint: string | null = null;
  for (let at = 0; at < low.length; at++) {
    const id = jobHigh.length > 1 ? wholeId(low[at], jobHigh[at]) : low[at] + above;
    const end = payloadSize.length === 0 ? start : start + payloadSize[at];
    const row = dispatcher.rowHeldBy(worker, id);
    const what = status.length === 0 ? JobStatus.DONE : status[at];
    const kind = row === nil ? worker.lent.get(id)?.kind : dispatcher.table.kinds[row];
    if (kinds.length > 0) {
      const said = kinds.length === 1 ? kinds[0] : kinds[at];
      if (kind !== undefined && kind !== said) return `result of job ${id} says kind ${said}, and its kind is ${kind}`;
    }
    if (kind !== undefined && what !== JobStatus.FAILED) {
      const large = refuseLarge(dispatcher, kind, end - start + worker.parts.bytesOf(id));
      if (large !== null) return large;
    }
    if (row === nil) {
      const exec = saneSeconds(execSeconds[at]);
      const held = saneSeconds(heldSeconds[at]);
      if (!takeLent(dispatcher, worker, id, what, exec, held, payloads, start, end, now)) {
        worker.parts.take(id);
        const kind = dispatcher.table.lastKind(id);
        if (kind !== null) dispatcher.kindState(kind).counters.duplicates++;
        complaint ??= forgive(worker, id);
      }
    } else {
      takeResult(
        dispatcher,
        worker,
        row,
        what,
        saneSeconds(execSeconds[at]),
        saneSeconds(heldSeconds[at]),
        payloads,
        start,
        end,
        now,
      );
    }
    start = end;
    // A sink may have cancelled, submitted or closed: all that matters is whether this worker is still one of ours.
    if (worker.gone) return null;
  }
  return complaint;
}

/** Takes a piece of a large result. Returns what the worker did wrong, or null. */
export function takePart(dispatcher: Dispatcher, worker: AttachedWorker, part: ResultPart): string | null {
  const id = wholeId(part.job, part.jobHigh);
  const row = dispatcher.rowHeldBy(worker, id);
  if (row === nil && !worker.lent.has(id)) {
    // The entry that follows in a batch is what counts against the worker.
    return worker.resultsForgiven > 0 ? null : `part of job ${Math.abs(id)}, which it was not given`;
  }
  if (part.data.length === 0) return `part of job ${Math.abs(id)} is empty`;
  const kind = row === nil ? worker.lent.get(id)?.kind : dispatcher.table.kinds[row];
  if (kind !== undefined) {
    const large = refuseLarge(dispatcher, kind, worker.parts.bytesOf(id) + part.data.length);
    if (large !== null) return large;
  }
  return worker.parts.add(id, part.data) ? null : 'its large results are over resultBytesMax';
}

/** A result that no job of its kind can have. */
function refuseLarge(dispatcher: Dispatcher, kind: number, bytes: number): string | null {
  if (bytes <= resultBytesLeast) return null;
  const most = dispatcher.resultBytesMax(kind);
  if (bytes <= most) return null;
  return `its result of a ${dispatcher.kindState(kind).counters.name} has ${bytes} bytes, over ${most} (resultBytesMax)`;
}

function forgive(worker: AttachedWorker, id: number): string | null {
  if (worker.resultsForgiven === 0) return `result of job ${Math.abs(id)}, which it was not given or has answered`;
  worker.resultsForgiven--;
  return null;
}

/** Takes the result of a job that another worker was given too. Returns false if there is no such job. */
function takeLent(
  dispatcher: Dispatcher,
  worker: AttachedWorker,
  id: number,
  status: JobStatus,
  exec: number,
  held: number,
  payloads: Uint8Array,
  start: number,
  end: number,
  now: number,
): boolean {
  const isDone = worker.evidence === null && (status === JobStatus.DONE || status === JobStatus.UNSPECIFIED);
  const row = dispatcher.takeLent(worker, id, isDone, exec, isDone ? held : NaN, now);
  if (row === notLent) return false;
  if (row === nil) worker.parts.take(id);
  else finish(dispatcher, worker, row, exec, payloads, start, end, now);
  return true;
}

/** Ends a job with its answer, put together from its parts. The row has been released. */
function finish(
  dispatcher: Dispatcher,
  worker: AttachedWorker,
  row: number,
  exec: number,
  payloads: Uint8Array,
  start: number,
  end: number,
  now: number,
): void {
  const kind = dispatcher.table.kinds[row];
  const parts = worker.parts.take(dispatcher.table.ids[row]);
  worker.countDone(kind);
  if (parts === undefined) {
    dispatcher.done(row, payloads, start, end, worker, exec, now);
  } else {
    parts.push(payloads.subarray(start, end));
    const whole = Buffer.concat(parts);
    dispatcher.done(row, whole, 0, whole.length, worker, exec, now);
  }
}

function takeResult(
  dispatcher: Dispatcher,
  worker: AttachedWorker,
  row: number,
  status: JobStatus,
  exec: number,
  held: number,
  payloads: Uint8Array,
  start: number,
  end: number,
  now: number,
): void {
  const { table } = dispatcher;
  const kind = table.kinds[row];
  if (status === JobStatus.DONE || status === JobStatus.UNSPECIFIED) {
    dispatcher.release(row, worker, exec, held, now);
    if (table.hedges[row] > 0) dispatcher.kindState(kind).counters.copiesWon++;
    finish(dispatcher, worker, row, exec, payloads, start, end, now);
    return;
  }
  worker.parts.take(table.ids[row]);
  dispatcher.release(row, worker, NaN, NaN, now);
  if (status === JobStatus.FAILED) {
    worker.countFailed(kind);
    const reason = Buffer.from(payloads.subarray(start, Math.min(end, start + reasonCharactersMax))).toString('utf8');
    dispatcher.fail(row, 'failed', jobErrors.jobFailed(reason === '' ? 'the worker gave no reason' : reason));
    return;
  }
  if (table.deadlines[row] - now < deadlineSlackSeconds) {
    dispatcher.fail(row, 'expired', jobErrors.expired(now - table.submittedAt[row]));
    return;
  }
  // Unless it was asked to, it would give back the next job too: nothing more for it until its next heartbeat.
  const asked = table.recalled[row] === 1;
  if (!asked) worker.draining = true;
  dispatcher.giveBack(row, asked);
}
