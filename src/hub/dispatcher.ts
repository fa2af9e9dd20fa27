import type { TriremeError } from '../common/errors.js';
import type { AttachedWorker } from './attached-worker.js';
import { Deadlines } from './deadlines.js';
import { Optimum } from './explain/optimum.js';
import { PickLog } from './explain/pick-log.js';
import { DrainRate } from './drain-rate.js';
import { jobErrors } from './job-errors.js';
import { nil } from './job-list.js';
import { jobsLiveMax, JobTable, queueAlone, queueAvoiding, queueOfKind } from './job-table.js';
import type { FailureCount, KindState } from './kind-state.js';
import type { HubOptions } from './options.js';
import { WAIT, type Picker } from './picking/picker.js';
import type { Scheduler } from './scheduler.js';
import { Solitude } from './solitude.js';
import { Stragglers } from './stragglers.js';
import { Turn } from './turn.js';
import { noJob, noWorker, type JobSink } from './types.js';
import { WaitLines } from './wait-lines.js';

/** What `takeLent` returns for a job that the worker did not have beside another one. */
export const notLent = -2;

/** Jobs from submit to their one answer: who waits, who holds what, what becomes of it. */
export class Dispatcher {
  readonly table = new JobTable();
  readonly lines: WaitLines;
  readonly turn: Turn;
  /** Workers that may be given jobs or hold some, by the picker's index. */
  readonly workers: (AttachedWorker | undefined)[] = [];
  readonly byNumber = new Map<number, AttachedWorker>();
  draining = false;
  readonly picks: PickLog;
  readonly optimum = new Optimum();
  /** Called when the last live job of a draining hub has ended. */
  onIdle: (() => void) | null = null;

  private readonly deadlines: Deadlines;
  private readonly drainRate = new DrainRate();
  private readonly solitude: Solitude;
  private readonly stragglers: Stragglers;

  constructor(
    private readonly options: HubOptions,
    private readonly picker: Picker,
    scheduler: Scheduler,
  ) {
    this.lines = new WaitLines(this.table, options.kindNames);
    this.turn = new Turn(this.table, scheduler);
    this.deadlines = new Deadlines(this.table, scheduler, (ids, now) => this.expire(ids, now));
    this.solitude = new Solitude(this.workers, picker);
    this.picks = new PickLog(picker, this.table, this.workers, () => scheduler.wallMs());
    this.stragglers = new Stragglers(options.copyAfterMs / 1000, picker, scheduler, {
      table: this.table,
      workers: this.workers,
      waiting: () => this.waiting,
      copy: (row, worker, now) => this.copy(row, worker, now),
      markDirty: (worker) => this.turn.send(worker),
    });
  }

  /** Jobs that wait for a worker that may take them. */
  get waiting(): number {
    return this.lines.count;
  }

  kindState(kind: number): KindState {
    return this.lines.kind(kind);
  }

  submit(
    kind: number,
    units: number,
    payload: Uint8Array | null,
    timeoutSeconds: number,
    avoidWorker: number,
    sink: JobSink,
    tag: number,
  ): number {
    const state = this.kindState(kind);
    state.counters.submitted++;
    if (this.draining) return this.refuse(state, 'draining', sink, tag, jobErrors.draining());
    const now = this.turn.now();
    let given = WAIT;
    if (state.queue.length === 0 && avoidWorker === noWorker) given = this.picker.pick(kind, units, now, noWorker);
    if (given === WAIT) {
      if (this.waiting >= this.options.jobsQueuedMax) {
        return this.refuse(state, 'queueFull', sink, tag, jobErrors.queueFull(this.options.jobsQueuedMax));
      }
      const wait = timeoutSeconds > 0 ? this.drainRate.waitSeconds(this.waiting, now) : 0;
      if (wait > timeoutSeconds)
        return this.refuse(state, 'expired', sink, tag, jobErrors.hopeless(wait, timeoutSeconds));
    }
    const { table } = this;
    const row = table.add(kind, units, payload, sink, tag, now);
    if (row === nil) return this.refuse(state, 'queueFull', sink, tag, jobErrors.tooManyLive(jobsLiveMax));
    this.optimum.submitted(state, units, table.live, now);
    const id = table.ids[row];
    if (timeoutSeconds > 0) this.deadlines.set(row, now + timeoutSeconds, now);
    if (given !== WAIT) {
      this.give(row, this.workers[given] as AttachedWorker, state, now);
    } else if (avoidWorker === noWorker) {
      this.lines.add(row, queueOfKind, false);
    } else {
      table.avoids[row] = avoidWorker;
      this.lines.add(row, queueAvoiding, false);
      this.pump();
    }
    return id;
  }

  cancel(id: number): boolean {
    const row = this.table.rowOf(id);
    if (row === nil) return false;
    this.takeAway(row);
    this.fail(row, 'cancelled', jobErrors.cancelled());
    this.pump();
    return true;
  }

  /** Gives waiting jobs to workers that may take them: after results, joins, reports. */
  pump(): void {
    if (this.waiting === 0) return;
    const now = this.turn.now();
    if (this.lines.alone.length > 0) this.pumpAlone(now);
    if (this.lines.avoiding.length > 0) this.pumpAvoiding(now);
    for (;;) {
      const state = this.lines.oldest();
      if (state === null) break;
      const row = state.queue.head;
      const worker = this.picker.pick(state.counters.kind, this.table.units[row], now, noWorker);
      if (worker === WAIT) {
        state.blocked = true;
        continue;
      }
      this.lines.remove(row);
      this.drainRate.left(now);
      this.give(row, this.workers[worker] as AttachedWorker, state, now);
    }
    for (const state of this.lines.kinds.values()) state.blocked = false;
  }

  /** The row of a job that this worker holds, or nil. */
  rowHeldBy(worker: AttachedWorker, id: number): number {
    const row = this.table.rowOf(id);
    return row !== nil && this.table.workers[row] === worker.index ? row : nil;
  }

  /** Takes a job out of its worker's hands: it has answered, or is not asked any more. */
  release(row: number, worker: AttachedWorker, exec: number, held: number, now: number): void {
    const { table } = this;
    table.links.remove(worker.jobs, row);
    const reply = now - table.givenAt[row];
    if (this.picks.marked(table.ids[row])) this.picks.ended(table.ids[row], worker.number, exec, now);
    this.picker.ended(worker.index, table.kinds[row], table.units[row], exec, held, reply, now);
    table.workers[row] = noWorker;
    if (worker.aloneJob !== 0) this.solitude.end(table.ids[row]);
  }

  /**
   * A worker said what became of a job that another one was given too, because it stood still. Returns the job's row, in
   * no list any more, if this is its answer; nil if the job has ended or this is none; notLent if there is no such job.
   */
  takeLent(worker: AttachedWorker, id: number, done: boolean, exec: number, held: number, now: number): number {
    const lent = this.stragglers.takeLent(worker, id);
    if (lent === null) return notLent;
    this.picker.ended(worker.index, lent.kind, lent.units, exec, held, now - lent.givenAt, now);
    const row = this.table.rowOf(id);
    if (row === nil) this.kindState(lent.kind).counters.duplicates++;
    if (row === nil || !done) return nil;
    this.takeAway(row);
    return row;
  }

  /** Ends a job with its answer. The row has been released. */
  done(
    row: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    worker: AttachedWorker,
    exec: number,
    now: number,
  ): void {
    const { table } = this;
    const sink = table.sinks[row] as JobSink;
    const tag = table.tags[row];
    const attempts = table.attempts[row];
    const total = now - table.submittedAt[row];
    const state = this.kindState(table.kinds[row]);
    state.counters.done++;
    state.latency.observe(total);
    this.optimum.answered(state, table.units[row]);
    this.forget(row);
    sink.done(tag, bytes, start, end, worker.number, exec, attempts, total);
  }

  /** Ends a job without an answer. The row is in no list. */
  fail(row: number, outcome: FailureCount, error: TriremeError): void {
    const sink = this.table.sinks[row] as JobSink;
    const tag = this.table.tags[row];
    const { counters } = this.kindState(this.table.kinds[row]);
    counters[outcome]++;
    if (outcome !== 'cancelled') this.options.jobFailed(counters.name, error);
    this.forget(row);
    sink.failed(tag, error);
  }

  /** A job came back unharmed: it waits again, before those that came later. The row has been released. */
  giveBack(row: number): void {
    const { table } = this;
    const counters = this.kindState(table.kinds[row]).counters;
    counters.notRun++;
    table.attempts[row]--;
    if (++table.notRuns[row] > this.options.jobNotRunMax) {
      this.fail(row, 'noWorker', jobErrors.notRun(table.notRuns[row]));
      return;
    }
    this.requeue(row);
  }

  /** The worker is gone: each of its jobs waits again, or has used up its attempts. */
  orphan(worker: AttachedWorker): void {
    const { table } = this;
    for (const id of worker.lent.keys()) {
      const row = table.rowOf(id);
      if (row !== nil) table.losses[row]++;
    }
    worker.lent.clear();
    // Newest first, each to the front of its queue, so that the oldest ends up first.
    while (worker.jobs.tail !== nil) {
      const row = worker.jobs.tail;
      const id = table.ids[row];
      table.links.remove(worker.jobs, row);
      table.workers[row] = noWorker;
      table.losses[row]++;
      this.picks.lost(id, this.turn.now());
      if (worker.aloneJob === id) worker.aloneJob = 0;
      if (table.attempts[row] >= this.options.jobAttemptsMax) {
        this.fail(row, 'lost', jobErrors.lost(table.attempts[row]));
      } else {
        this.requeue(row);
      }
    }
  }

  /** Fails all live jobs: the end of a drain that took too long. */
  failAll(): void {
    const { table } = this;
    for (let row = 0; row < table.sinks.length; row++) {
      if (table.sinks[row] === null) continue;
      this.takeAway(row);
      this.fail(row, 'draining', jobErrors.draining());
    }
  }

  private give(row: number, worker: AttachedWorker, state: KindState, now: number): void {
    const { table } = this;
    const sink = table.sinks[row] as JobSink;
    if (this.picks.due(now) || sink.explained === true) this.picks.keep(row, worker, now);
    table.workers[row] = worker.index;
    table.givenAt[row] = now;
    if (++table.attempts[row] > 1) state.counters.retries++;
    table.links.append(worker.jobs, row);
    state.counters.picks++;
    worker.picks++;
    this.picker.dispatched(worker.index, table.kinds[row], table.units[row], now);
    worker.outbound.addJob(table.ids[row]);
    this.turn.send(worker);
    this.stragglers.watch();
    sink.given?.(table.tags[row], worker.number);
  }

  /** Gives a job to one more worker: a precaution of the hub, so it costs the job no attempt. */
  private copy(row: number, worker: AttachedWorker, now: number): void {
    const state = this.kindState(this.table.kinds[row]);
    state.counters.copies++;
    this.table.attempts[row]--;
    this.give(row, worker, state, now);
  }

  private pumpAvoiding(now: number): void {
    const { table } = this;
    for (let row = this.lines.avoiding.head; row !== nil;) {
      const following = table.links.next[row];
      const avoid = this.byNumber.get(table.avoids[row])?.index ?? noWorker;
      const worker = this.picker.pick(table.kinds[row], table.units[row], now, avoid);
      if (worker !== WAIT) {
        this.lines.remove(row);
        this.give(row, this.workers[worker] as AttachedWorker, this.kindState(table.kinds[row]), now);
      }
      row = following;
    }
  }

  private pumpAlone(now: number): void {
    const { table } = this;
    for (let row = this.lines.alone.head; row !== nil;) {
      const following = table.links.next[row];
      const kind = table.kinds[row];
      const worker = this.solitude.workerFor(table.ids[row], kind, now);
      if (worker !== undefined) {
        this.lines.remove(row);
        this.give(row, worker, this.kindState(kind), now);
      }
      row = following;
    }
  }

  private requeue(row: number): void {
    const { table } = this;
    if (table.losses[row] >= 2) this.lines.add(row, queueAlone, true);
    else if (table.avoids[row] !== noWorker) this.lines.add(row, queueAvoiding, true);
    else this.lines.add(row, queueOfKind, true);
  }

  /** Takes a job out of whatever list it is in; a worker that has it is told to stop. */
  private takeAway(row: number): void {
    const { table } = this;
    const worker = table.workers[row] === noWorker ? undefined : this.workers[table.workers[row]];
    if (worker === undefined) {
      this.lines.remove(row);
      if (table.losses[row] > 0) this.solitude.end(table.ids[row]);
      return;
    }
    worker.resultsForgiven++;
    worker.outbound.addCancel(table.ids[row]);
    this.turn.send(worker);
    this.release(row, worker, NaN, NaN, this.turn.now());
  }

  private forget(row: number): void {
    this.deadlines.clear(row);
    this.stragglers.callOff(row);
    this.table.free(row);
    if (this.table.live === 0) this.optimum.idle(this.turn.now());
    if (this.draining && this.table.live === 0) this.onIdle?.();
  }

  private expire(expired: readonly number[], now: number): void {
    const { table } = this;
    for (const id of expired) {
      // A sink that heard of an earlier one may have cancelled this one.
      const row = table.rowOf(id);
      if (row === nil) continue;
      const seconds = now - table.submittedAt[row];
      const kind = table.kinds[row];
      const nobody = table.workers[row] === noWorker && !this.offered(kind);
      this.takeAway(row);
      if (nobody) this.fail(row, 'noWorker', jobErrors.noWorker(this.kindState(kind).counters.name, seconds));
      else this.fail(row, 'expired', jobErrors.expired(seconds));
    }
    this.pump();
  }

  private refuse(state: KindState, outcome: FailureCount, sink: JobSink, tag: number, error: TriremeError): number {
    state.counters[outcome]++;
    this.options.jobFailed(state.counters.name, error);
    sink.failed(tag, error);
    return noJob;
  }

  private offered(kind: number): boolean {
    return this.workers.some((worker) => worker?.hello.kinds.some((offer) => offer.kind === kind));
  }
}
