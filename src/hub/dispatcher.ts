import type { TriremeError } from '../common/errors.js';
import type { AttachedWorker } from './attached-worker.js';
import { DeadlineWheel, wheelTickSeconds } from './deadline-wheel.js';
import { DrainRate } from './drain-rate.js';
import { jobErrors } from './job-errors.js';
import { JobList, nil } from './job-list.js';
import { jobsLiveMax, JobTable, queueAlone, queueAvoiding, queueNone, queueOfKind } from './job-table.js';
import { KindState, type FailureCount } from './kind-state.js';
import type { HubOptions } from './options.js';
import { WAIT, type Picker } from './picking/picker.js';
import type { Scheduler } from './scheduler.js';
import { Stragglers } from './stragglers.js';
import { noJob, noWorker, type JobSink } from './types.js';

/** What `takeLent` returns for a job that the worker did not have beside another one. */
export const notLent = -2;

/** Jobs from submit to their one answer: the queues, who holds what, what is sent at the end of this turn. */
export class Dispatcher {
  readonly table = new JobTable();
  readonly kinds = new Map<number, KindState>();
  /** Workers that may be given jobs or hold some, by the picker's index. */
  readonly workers: (AttachedWorker | undefined)[] = [];
  readonly byNumber = new Map<number, AttachedWorker>();
  draining = false;
  /** Called when the last live job of a draining hub has ended. */
  onIdle: (() => void) | null = null;
  waiting = 0;

  private readonly avoiding = new JobList();
  private readonly alone = new JobList();
  private readonly wheel = new DeadlineWheel(this.table);
  private readonly drainRate = new DrainRate();
  private readonly stragglers: Stragglers;
  private readonly dirty: AttachedWorker[] = [];
  private flushScheduled = false;
  private wheelScheduled = false;
  private turnNow = 0;

  constructor(
    private readonly options: HubOptions,
    private readonly picker: Picker,
    private readonly scheduler: Scheduler,
  ) {
    this.stragglers = new Stragglers(options.copyAfterMs / 1000, picker, scheduler, {
      table: this.table,
      workers: this.workers,
      waiting: () => this.waiting,
      copy: (row, worker, now) => this.copy(row, worker, now),
      markDirty: (worker) => this.markDirty(worker),
    });
  }

  /** The time at which this turn of the event loop began to hand out jobs: reading the clock costs as much as a pick. */
  now(): number {
    if (!this.flushScheduled) this.turnNow = this.scheduler.now();
    return this.turnNow;
  }

  /** As `now`, read again: for input that came after the turn began. */
  freshNow(): number {
    return (this.turnNow = this.scheduler.now());
  }

  kindState(kind: number): KindState {
    let state = this.kinds.get(kind);
    if (state === undefined)
      this.kinds.set(kind, (state = new KindState(kind, this.options.kindNames.get(kind) ?? `KIND_${kind}`)));
    return state;
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
    if (this.draining) return refuse(state, 'draining', sink, tag, jobErrors.draining());
    const now = this.now();
    let given = WAIT;
    if (state.queue.length === 0 && avoidWorker === noWorker) given = this.picker.pick(kind, units, now, noWorker);
    if (given === WAIT) {
      if (this.waiting >= this.options.jobsQueuedMax) {
        return refuse(state, 'queueFull', sink, tag, jobErrors.queueFull(this.options.jobsQueuedMax));
      }
      const wait = timeoutSeconds > 0 ? this.drainRate.waitSeconds(this.waiting, now) : 0;
      if (wait > timeoutSeconds) return refuse(state, 'expired', sink, tag, jobErrors.hopeless(wait, timeoutSeconds));
    }
    const { table } = this;
    const row = table.add(kind, units, payload, sink, tag, now);
    if (row === nil) return refuse(state, 'queueFull', sink, tag, jobErrors.tooManyLive(jobsLiveMax));
    const id = table.ids[row];
    if (timeoutSeconds > 0) {
      table.deadlines[row] = now + timeoutSeconds;
      this.wheel.set(row, now + timeoutSeconds, now);
      this.turnWheel();
    }
    if (given !== WAIT) {
      this.give(row, this.workers[given] as AttachedWorker, state, now);
    } else if (avoidWorker === noWorker) {
      this.wait(row, queueOfKind, false);
    } else {
      table.avoids[row] = avoidWorker;
      this.wait(row, queueAvoiding, false);
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
    const now = this.now();
    if (this.alone.length > 0) this.pumpAlone(now);
    if (this.avoiding.length > 0) this.pumpAvoiding(now);
    for (;;) {
      const state = this.oldestQueue();
      if (state === null) break;
      const row = state.queue.head;
      const worker = this.picker.pick(state.counters.kind, this.table.units[row], now, noWorker);
      if (worker === WAIT) {
        state.blocked = true;
        continue;
      }
      this.unqueue(row);
      this.drainRate.left(now);
      this.give(row, this.workers[worker] as AttachedWorker, state, now);
    }
    for (const state of this.kinds.values()) state.blocked = false;
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
    this.picker.ended(worker.index, table.kinds[row], table.units[row], exec, held, reply, now);
    table.workers[row] = noWorker;
    if (worker.aloneJob === table.ids[row]) this.endAlone(worker);
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
    this.kindState(table.kinds[row]).counters.done++;
    this.forget(row);
    sink.done(tag, bytes, start, end, worker.number, exec, attempts, total);
  }

  /** Ends a job without an answer. The row is in no list. */
  fail(row: number, outcome: FailureCount, error: TriremeError): void {
    const sink = this.table.sinks[row] as JobSink;
    const tag = this.table.tags[row];
    this.kindState(this.table.kinds[row]).counters[outcome]++;
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

  markDirty(worker: AttachedWorker): void {
    if (!worker.dirty) {
      worker.dirty = true;
      this.dirty.push(worker);
    }
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    this.scheduler.soon(() => this.flush());
  }

  /** Sends what the worker's stream would not take before. */
  drained(worker: AttachedWorker): void {
    worker.blocked = false;
    if (!worker.outbound.empty) this.markDirty(worker);
  }

  private flush(): void {
    const now = this.turnNow;
    this.flushScheduled = false;
    for (let at = 0; at < this.dirty.length; at++) {
      const worker = this.dirty[at];
      worker.dirty = false;
      if (worker.blocked || worker.gone) continue;
      for (const message of worker.outbound.take(this.table, worker.index, now)) {
        if (!worker.stream.send(message)) worker.blocked = true;
      }
    }
    this.dirty.length = 0;
  }

  private give(row: number, worker: AttachedWorker, state: KindState, now: number): void {
    const { table } = this;
    table.workers[row] = worker.index;
    table.givenAt[row] = now;
    if (++table.attempts[row] > 1) state.counters.retries++;
    table.links.append(worker.jobs, row);
    state.counters.picks++;
    worker.picks++;
    this.picker.dispatched(worker.index, table.kinds[row], table.units[row], now);
    worker.outbound.addJob(table.ids[row]);
    this.markDirty(worker);
    this.stragglers.watch();
    const sink = table.sinks[row] as JobSink;
    sink.given?.(table.tags[row], worker.number);
  }

  /** Gives a job to one more worker: a precaution of the hub, so it costs the job no attempt. */
  private copy(row: number, worker: AttachedWorker, now: number): void {
    const state = this.kindState(this.table.kinds[row]);
    state.counters.copies++;
    this.table.attempts[row]--;
    this.give(row, worker, state, now);
  }

  /** The kind whose first waiting job is the oldest, leaving out those that no worker may take now. */
  private oldestQueue(): KindState | null {
    let oldest: KindState | null = null;
    for (const state of this.kinds.values()) {
      if (state.blocked || state.queue.length === 0) continue;
      const at = this.table.submittedAt[state.queue.head];
      if (oldest === null || at < this.table.submittedAt[oldest.queue.head]) oldest = state;
    }
    return oldest;
  }

  private pumpAvoiding(now: number): void {
    const { table } = this;
    for (let row = this.avoiding.head; row !== nil;) {
      const following = table.links.next[row];
      const avoid = this.byNumber.get(table.avoids[row])?.index ?? noWorker;
      const worker = this.picker.pick(table.kinds[row], table.units[row], now, avoid);
      if (worker !== WAIT) {
        this.unqueue(row);
        this.give(row, this.workers[worker] as AttachedWorker, this.kindState(table.kinds[row]), now);
      }
      row = following;
    }
  }

  /** Keeps a worker free for each job that two workers died with, and gives it the job once it holds nothing else. */
  private pumpAlone(now: number): void {
    const { table } = this;
    for (let row = this.alone.head; row !== nil;) {
      const following = table.links.next[row];
      const kind = table.kinds[row];
      const worker = this.keptFreeFor(table.ids[row], kind, now);
      if (worker !== undefined && worker.state === 'SERVING' && holdsNothing(worker)) {
        this.unqueue(row);
        this.give(row, worker, this.kindState(kind), now);
      }
      row = following;
    }
  }

  private keptFreeFor(id: number, kind: number, now: number): AttachedWorker | undefined {
    const kept = this.workers.find((worker) => worker?.aloneJob === id);
    if (kept !== undefined) return kept;
    const index = this.picker.reserve(kind, now);
    const worker = index === WAIT ? undefined : this.workers[index];
    if (worker !== undefined) worker.aloneJob = id;
    return worker;
  }

  private endAlone(worker: AttachedWorker): void {
    worker.aloneJob = 0;
    this.picker.unreserve(worker.index);
  }

  private requeue(row: number): void {
    const { table } = this;
    if (table.losses[row] >= 2) this.wait(row, queueAlone, true);
    else if (table.avoids[row] !== noWorker) this.wait(row, queueAvoiding, true);
    else this.wait(row, queueOfKind, true);
  }

  private wait(row: number, queue: number, first: boolean): void {
    const list = this.queueOf(row, queue);
    this.table.queues[row] = queue;
    if (first) this.table.links.prepend(list, row);
    else this.table.links.append(list, row);
    this.waiting++;
  }

  private unqueue(row: number): void {
    const queue = this.table.queues[row];
    this.table.links.remove(this.queueOf(row, queue), row);
    this.table.queues[row] = queueNone;
    this.waiting--;
  }

  private queueOf(row: number, queue: number): JobList {
    if (queue === queueOfKind) return this.kindState(this.table.kinds[row]).queue;
    return queue === queueAlone ? this.alone : this.avoiding;
  }

  /** Takes a job out of whatever list it is in; a worker that has it is told to stop. */
  private takeAway(row: number): void {
    const { table } = this;
    const worker = table.workers[row] === noWorker ? undefined : this.workers[table.workers[row]];
    if (worker === undefined) {
      this.unqueue(row);
      for (const other of this.workers) {
        if (other !== undefined && other.aloneJob === table.ids[row]) this.endAlone(other);
      }
      return;
    }
    worker.resultsForgiven++;
    worker.outbound.addCancel(table.ids[row]);
    this.markDirty(worker);
    this.release(row, worker, NaN, NaN, this.now());
  }

  private forget(row: number): void {
    this.wheel.clear(row);
    this.stragglers.callOff(row);
    this.table.free(row);
    if (this.draining && this.table.live === 0) this.onIdle?.();
  }

  private turnWheel(): void {
    if (this.wheelScheduled) return;
    this.wheelScheduled = true;
    this.scheduler.after(wheelTickSeconds, () => {
      this.wheelScheduled = false;
      this.expire();
      if (this.wheel.length > 0) this.turnWheel();
    });
  }

  private expire(): void {
    const now = this.scheduler.now();
    const expired: number[] = [];
    this.wheel.advance(now, expired);
    if (expired.length === 0) return;
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

  private offered(kind: number): boolean {
    return this.workers.some((worker) => worker?.hello.kinds.some((offer) => offer.kind === kind));
  }
}

function holdsNothing(worker: AttachedWorker): boolean {
  return worker.jobs.length === 0 && worker.lent.size === 0;
}

function refuse(state: KindState, outcome: FailureCount, sink: JobSink, tag: number, error: TriremeError): number {
  state.counters[outcome]++;
  sink.failed(tag, error);
  return noJob;
}
