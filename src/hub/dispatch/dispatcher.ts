import type { AttachedWorker } from '../workers/attached-worker.js';
import type { Audits } from '../audit/audits.js';
import { Deadlines } from '../jobs/deadlines.js';
import { DrainRate } from '../jobs/drain-rate.js';
import { HandOut } from './hand-out.js';
import { Hedges } from './hedges.js';
import { jobErrors } from '../port/job-errors.js';
import { nil } from '../jobs/job-list.js';
import { jobsLiveMax, JobTable, queueHeld, queueNone } from '../jobs/job-table.js';
import type { KindState } from '../jobs/kind-state.js';
import type { HubOptions } from '../port/options.js';
import { HOLD, WAIT, type Picker } from '../picking/picker.js';
import type { Scheduler } from '../port/scheduler.js';
import { Allowances } from './allowances.js';
import { AuditGate } from './audit-gate.js';
import { Endings } from './endings.js';
import { IsolatedRuns } from './isolated-runs.js';
import { JobLife } from './job-life.js';
import { Places } from './places.js';
import { Returns } from './returns.js';
import { Stalls } from './stalls.js';
import { OfferedKinds } from '../workers/offered-kinds.js';
import { Turn } from '../workers/turn.js';
import { noWorker, type JobSink } from '../port/job-sink.js';
import { WaitLines } from '../jobs/wait-lines.js';

/** What `takeLent` returns when the job had no copy on this worker. */
export const notLent = -2;

/** Jobs that their sink holds back are looked at this often: soon enough for chunks, which take longer. */
const heldBackLookSeconds = 0.1;

/** Jobs from submit to their one answer: who waits, who holds what, what becomes of it. */
export class Dispatcher {
  readonly table: JobTable;
  readonly lines: WaitLines;
  readonly offered: OfferedKinds;
  readonly turn: Turn;
  /** Workers that may be given jobs or hold some, by the picker's index. */
  readonly workers: (AttachedWorker | undefined)[] = [];
  readonly byNumber = new Map<number, AttachedWorker>();
  draining = false;
  readonly life: JobLife;
  readonly places: Places;
  readonly endings: Endings;
  readonly returns: Returns;
  /** Workers that answer nothing. */
  readonly stalls: Stalls;
  /** Called when a worker is suspended, or not any more. */
  onStallChanged: ((worker: AttachedWorker, reason: string) => void) | null = null;

  private readonly deadlines: Deadlines;
  private readonly drainRate = new DrainRate();
  private readonly handOut: HandOut;
  private readonly isolated: IsolatedRuns;
  private readonly hedges: Hedges;
  private pumping = false;
  private lookingAgain = false;
  private readonly allowances: Allowances | null;

  private readonly gate: AuditGate;

  /** @param audits null: no answer is audited */
  constructor(
    private readonly options: HubOptions,
    private readonly picker: Picker,
    private readonly scheduler: Scheduler,
    readonly audits: Audits | null = null,
  ) {
    this.table = new JobTable(options.useBits);
    this.offered = new OfferedKinds(options.kindNames);
    this.lines = new WaitLines(this.table, (kind) => this.offered.nameOf(kind), options.shares);
    this.turn = new Turn(
      this.table,
      scheduler,
      (worker, id, now) => this.takeLent(worker, id, false, 0, NaN, now),
      this.offered.numbers,
    );
    const { shares } = options;
    this.allowances = shares === null ? null : new Allowances(shares, scheduler, () => this.pump());
    this.deadlines = new Deadlines(this.table, scheduler, (ids, now) => this.expire(ids, now));
    this.isolated = new IsolatedRuns(this.workers, picker);
    this.life = new JobLife(options, this.table, this.lines, picker, this.workers, () => scheduler.wallMs());
    this.places = new Places(
      this.table,
      this.lines,
      this.workers,
      this.isolated,
      {
        begins: () => this.life.optimum.begins(this.turn.now()),
        rests: () => this.life.optimum.rests(this.turn.now()),
      },
      () => this.turn.now(),
    );
    this.gate = new AuditGate(audits, this.table);
    this.handOut = new HandOut(
      this.table,
      this.lines,
      this.workers,
      picker,
      this.isolated,
      this.drainRate,
      (...job) => this.give(...job),
      (row, worker) => this.gate.barred(row, worker),
    );
    this.hedges = new Hedges(options, picker, scheduler, {
      table: this.table,
      workers: this.workers,
      waiting: () => this.waiting,
      waitingElsewhere: () => this.lines.avoiding.length,
      giveCopy: (row, worker, now) => this.giveCopy(row, worker, now),
      send: (worker) => this.turn.send(worker),
      leave: (row, worker) => this.places.leave(row, worker),
      stalls: () => this.stalls,
      life: this.life,
      runsOnce: (kind) => this.offered.runsOnce(kind),
    });
    this.stalls = new Stalls({
      table: this.table,
      workers: this.workers,
      budget: this.hedges.budget,
      trusted: (...job) => this.hedges.trusted(...job),
      lendAndRequeue: (row, worker) => {
        this.hedges.lendFree(row, worker);
        this.places.wait(row, true);
      },
      runsOnce: (kind) => this.offered.runsOnce(kind),
      recall: (row, worker) => this.hedges.recall(row, worker),
      takeBack: (row) => this.returns.takeBack(row),
      withdraw: (id, worker, now) => this.withdraw(id, worker, now),
      giveProbe: (row, worker, now) => this.giveProbe(row, worker, now),
      giveWaiting: (worker, now) => this.giveWaiting(worker, now),
      pump: () => this.pump(),
      waiting: () => this.waiting,
      barred: (row, worker) => this.gate.barred(row, worker),
      changed: (worker, reason) => this.onStallChanged?.(worker, reason),
    });
    const { table, lines, places, deadlines, hedges, stalls, gate, life, turn, offered } = this;
    this.endings = new Endings(table, lines, places, deadlines, hedges, gate, life, turn);
    this.returns = new Returns(options, offered, table, places, hedges, stalls, this.endings, life, turn, (...job) =>
      this.release(...job),
    );
  }

  /** Jobs that wait for a worker that may take them. */
  get waiting(): number {
    return this.lines.count;
  }

  /** Bytes of the longest result that a job of this kind may have. */
  resultBytesMax(kind: number): number {
    const told = this.offered.termsOf(kind)?.resultBytesMax ?? this.options.resultBytesOf(kind);
    return Math.min(this.options.resultBytesMax, told);
  }

  /** Jobs that have a deadline. */
  get deadlinesSet(): number {
    return this.deadlines.length;
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
    pinned = false,
  ): number {
    const state = this.kindState(kind);
    this.life.asked(state);
    if (this.draining) return this.endings.refuse(state, 'draining', sink, tag, jobErrors.draining());
    const now = this.turn.now();
    let given = WAIT;
    const { lines } = this;
    const first = lines.nothingBefore(state, sink, now);
    const mayGo = sink.heldBack !== true && avoidWorker === noWorker;
    const inTurn = lines.ofClients !== null;
    if (first && mayGo) given = inTurn ? this.picker.pick(kind, units, now) : this.picker.pickOrHold(kind, units, now);
    if (given === HOLD) [given, state.holding] = [WAIT, true];
    if (given === WAIT) {
      if (this.waiting >= this.options.jobsQueuedMax) {
        return this.endings.refuse(state, 'queueFull', sink, tag, jobErrors.queueFull(this.options.jobsQueuedMax));
      }
      const wait = timeoutSeconds > 0 ? this.waitSeconds(sink, now) : 0;
      if (wait > timeoutSeconds)
        return this.endings.refuse(state, 'expired', sink, tag, jobErrors.hopeless(wait, timeoutSeconds));
    }
    const { table } = this;
    const row = table.add(kind, units, payload, sink, tag, now);
    if (row === nil) return this.endings.refuse(state, 'queueFull', sink, tag, jobErrors.tooManyLive(jobsLiveMax));
    this.life.submitted(state, units, now);
    lines.ofClients?.submitted(row, sink.share);
    if (pinned) table.pinned[row] = 1;
    const id = table.ids[row];
    if (timeoutSeconds > 0) this.deadlines.set(row, now + timeoutSeconds, now);
    if (given !== WAIT) {
      lines.given(row);
      this.give(row, this.workers[given] as AttachedWorker, state, now);
    } else if (avoidWorker === noWorker) {
      this.places.wait(row, false);
      if (this.stalls.count > 0) this.hedges.watch();
      if (lines.avoiding.length > 0 || !mayGo || inTurn || (state.holding && !first)) this.pumpSoon();
    } else {
      table.avoids[row] = avoidWorker;
      this.places.wait(row, false);
      this.pump();
    }
    return id;
  }

  cancel(id: number): boolean {
    const row = this.table.rowOf(id);
    if (row === nil) return false;
    this.returns.takeAway(row);
    this.endings.fail(row, 'cancelled', jobErrors.cancelled());
    this.pump();
    return true;
  }

  /**
   * Workers came or left: jobs that wait for a version that nobody offers any more go to the newest that
   * somebody offers.
   */
  versionsChanged(): void {
    if (!this.offered.several || this.waiting === 0) return;
    for (const row of this.lines.waiting()) {
      const to = this.table.pinned[row] === 1 ? undefined : this.offered.inPlaceOf(this.table.kinds[row]);
      if (to !== undefined) this.lines.moveTo(row, to);
    }
  }

  /** Hands out what waits once this turn's jobs are all there. */
  private pumpSoon(): void {
    if (this.pumping) return;
    this.pumping = true;
    this.scheduler.soon(() => {
      this.pumping = false;
      this.pump();
    });
  }

  /** Gives waiting jobs to workers that may take them: after results, joins, reports. */
  pump(): void {
    if (this.waiting === 0) return;
    const now = this.turn.now();
    this.allowances?.look(now);
    this.handOut.all(now);
    this.allowances?.look(now);
    // A job that waits may be for suspended workers alone.
    if (this.stalls.count > 0) this.hedges.watch();
    if (!this.handOut.passedOver || this.lookingAgain) return;
    this.lookingAgain = true;
    this.scheduler.after(heldBackLookSeconds, () => {
      this.lookingAgain = false;
      this.pump();
    });
  }

  /** Seconds that a new job would wait behind those that go before it. */
  private waitSeconds(sink: JobSink, now: number): number {
    return this.lines.ofClients?.waitSeconds(sink.share ?? 0, now) ?? this.drainRate.waitSeconds(this.waiting, now);
  }

  /** Takes a job out of its worker's hands: it has answered, or is not asked any more. */
  release(row: number, worker: AttachedWorker, exec: number, held: number, now: number): void {
    const { table } = this;
    const reply = now - table.givenAt[row];
    this.life.left(table.ids[row], worker, exec, now);
    this.picker.ended(worker.index, table.kinds[row], table.units[row], exec, held, reply, now);
    if (exec >= 0) this.stalls.noteAnswer(table.kinds[row], table.givenAt[row], now);
    this.places.leave(row, worker);
    this.hedges.budget.executed(exec);
  }

  /**
   * A worker said what became of a job that another one was given too, because it stood still. Returns the
   * job's row, in no list any more, if this is its answer; nil if the job has ended or this is none; notLent
   * if there is no such job.
   */
  takeLent(worker: AttachedWorker, id: number, done: boolean, exec: number, held: number, now: number): number {
    const row = this.table.rowOf(id);
    const wins = done && (row === nil || this.table.queues[row] !== queueHeld);
    const lent = this.hedges.takeLent(worker, id, exec, wins);
    if (lent === null) return notLent;
    this.picker.ended(worker.index, lent.kind, lent.units, done ? exec : NaN, held, now - lent.givenAt, now);
    if (done) {
      this.hedges.budget.executed(exec);
      this.stalls.noteAnswer(lent.kind, lent.givenAt, now);
    }
    this.life.lentLeft(id, worker, lent, done, exec, row !== nil && wins, now);
    if (row === nil || !wins) return nil;
    if (this.table.queues[row] !== queueNone) this.places.leave(row);
    return row;
  }

  /** Fails all live jobs: the end of a drain that took too long. */
  failAll(): void {
    const { table } = this;
    for (let row = 0; row < table.sinks.length; row++) {
      if (table.sinks[row] === null) continue;
      this.returns.takeAway(row);
      this.endings.fail(row, 'draining', jobErrors.draining());
    }
  }

  private give(row: number, worker: AttachedWorker, state: KindState, now: number): void {
    const { table } = this;
    const isCopy = table.copies[row] > 0;
    // A copy is a precaution of the hub: it costs the job no attempt.
    if (!isCopy) table.attempts[row]++;
    this.life.giving(row, worker, state, isCopy, now);
    const { ofClients } = this.lines;
    if (ofClients !== null)
      ofClients.given(row, this.picker.jobSeconds(worker.index, table.kinds[row], table.units[row]), now);
    table.givenAt[row] = now;
    this.hedges.giving(row, worker.index, now);
    this.places.assign(row, worker);
    this.picker.dispatched(worker.index, table.kinds[row], table.units[row], now);
    worker.outbound.addJob(table.ids[row]);
    this.turn.send(worker);
    const traceparent = table.sinks[row]?.given?.(table.tags[row], worker.number, isCopy);
    if (traceparent !== undefined) table.traces.set(table.ids[row], traceparent);
    if (now >= this.stalls.nextProbeAt) this.stalls.probeWith(row, now);
  }

  /** Gives a job to one more worker; undefined: to the first that may have it. */
  private giveCopy(row: number, worker: AttachedWorker | undefined, now: number): void {
    this.life.copied(row);
    if (worker !== undefined) return this.give(row, worker, this.kindState(this.table.kinds[row]), now);
    this.places.wait(row, false);
    this.handOut.avoiding(now);
  }

  /**
   * Gives a suspended worker a job that another one has and keeps: no attempt of the job, and no copy that is paid for.
   */
  private giveProbe(row: number, worker: AttachedWorker, now: number): void {
    const { table } = this;
    this.hedges.lendProbe(row, worker, now);
    this.life.probed(row);
    this.picker.dispatched(worker.index, table.kinds[row], table.units[row], now);
    worker.outbound.addProbe(table.ids[row]);
    this.turn.send(worker);
  }

  /** Gives a suspended worker a job that waits in vain for another one. */
  private giveWaiting(worker: AttachedWorker, now: number): boolean {
    const row = this.lines.first(
      (row) =>
        worker.offers(this.table.kinds[row]) &&
        this.table.sinks[row]?.heldBack !== true &&
        this.table.avoids[row] !== worker.number &&
        !worker.lent.has(this.table.ids[row]) &&
        !this.gate.barred(row, worker) &&
        !this.stalls.anotherServes(this.table.kinds[row], worker, this.table.ids[row], this.table.avoids[row]),
    );
    if (row === nil) return false;
    this.lines.remove(row);
    this.give(row, worker, this.kindState(this.table.kinds[row]), now);
    return true;
  }

  /** Takes back a job that the worker has beside another one, and that it has not answered. */
  private withdraw(id: number, worker: AttachedWorker, now: number): void {
    if (this.takeLent(worker, id, false, 0, NaN, now) === notLent) return;
    worker.resultsForgiven++;
    worker.outbound.addCancel(id);
    this.turn.send(worker);
  }

  private expire(expired: readonly number[], now: number): void {
    const { table } = this;
    for (const id of expired) {
      // A sink that heard of an earlier one may have cancelled this one.
      const row = table.rowOf(id);
      if (row === nil) continue;
      const seconds = now - table.submittedAt[row];
      const kind = table.kinds[row];
      const given = table.workers[row] !== noWorker;
      const nobody = !given && !this.anyOffers(kind);
      const begun = given && this.offered.runsOnce(kind);
      this.returns.takeAway(row);
      if (nobody) this.endings.fail(row, 'noWorker', jobErrors.noWorker(this.kindState(kind).counters.name, seconds));
      else this.endings.fail(row, 'expired', jobErrors.expired(seconds, begun));
    }
    this.pump();
  }

  private anyOffers(kind: number): boolean {
    return this.workers.some((worker) => worker?.offers(kind));
  }
}
