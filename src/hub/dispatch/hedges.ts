import type { AttachedWorker, LentJob } from '../workers/attached-worker.js';
import { HedgeBudget } from './hedge-budget.js';
import { nil } from '../jobs/job-list.js';
import type { JobTable } from '../jobs/job-table.js';
import type { HubOptions } from '../port/options.js';
import type { Picker } from '../picking/picker.js';
import { WAIT } from '../picking/picker.js';
import type { Scheduler } from '../port/scheduler.js';
import { copiesMax, stallJobs } from '../workers/stall.js';
import type { JobLife } from './job-life.js';
import type { Stalls } from './stalls.js';
import { noWorker } from '../port/job-sink.js';

/** Workers are looked at this often; less often with very many of them, so that looking costs under 1 %. */
const lookSecondsMin = 0.002;
/**
 * While jobs wait at the hub, only overdue ones matter, and a busy hub has better to do: a timer costs what 20 jobs do.
 */
const lookSecondsBusy = 0.008;
const lookSecondsPerWorker = 10e-6;
/** Workers whose jobs others have answered are looked at for so long, to see whether they answer at all. */
const lookSecondsAfter = 4;
/** A look that comes so much too late says that the hub itself was held up: it has results to read first. */
const lateSeconds = 0.005;

/**
 * Workers that may have one job beside its last holder: if that stands still too, a third is tried. Suspended ones
 * aside.
 */
const copiesPerJobMax = 2;
/**
 * Copies of one job in all: workers that all stand still in turn must not pass it on for ever. Past it the job is
 * copied once more each time that its age has doubled, since one of the workers may yet be sound.
 */
const hedgesPerJobMax = 8;
/**
 * Copies that a worker's overdue jobs get whatever was done twice before, until it answers again: it may answer
 * nothing.
 */
const copiesUnansweredMax = stallJobs;
/** Copies of one job that are counted: the column that counts them has a byte. */
const hedgesMax = 255;

/** A job is never overdue before this: a busy event loop explains as much. */
const overdueSecondsMin = 0.05;
/** Nor is a chunk before this: it also waits for disks and networks. */
const overdueChunkSecondsMin = 0.3;
/**
 * Nor any job before this while its worker has no result of the kind and no worker had one of late: calibrations see
 * neither disk nor network.
 */
const overdueUnprovedSeconds = 0.5;
const overdueUnprovedChunkSeconds = 1;
/**
 * A worker is not suspended for the sake of one such chunk before this: all may be reading the first ones from a slow
 * disk.
 */
const stallUnprovedChunkSeconds = 3;

/**
 * A job that is overdue for so long, and for so many times what was predicted, is copied whatever was done twice: its
 * worker neither answers it nor gives it back, and may have lost it while it answers others.
 */
const unansweredSecondsMin = 20;
const unansweredFactor = 4;

/**
 * Payloads reach a worker at least so fast, in bytes a second: what a tenth of a gigabit carries in half of
 * its time. Until those that were given to it can have come, its silence says nothing. Without it, of jobs
 * that echo 1 kB two in three were copied on busy cores, each for nothing.
 */
const payloadBytesPerSecondMin = 6e6;

/** Jobs of one worker, oldest first, that one look compares with the clock: jobs become overdue in the order given. */
const overdueLookedAtMax = 32;
/** Overdue jobs that wait at the hub for a second worker: each look at the line tries all of them. */
const overdueWaitingMax = 64;

export interface HedgesPorts {
  readonly table: JobTable;
  readonly workers: readonly (AttachedWorker | undefined)[];
  /** Jobs that wait at the hub, and those of them that not every worker may take. */
  waiting(): number;
  waitingElsewhere(): number;
  /** Gives the row, which is in no list, to the worker; undefined: to the first that may have it. */
  giveCopy(row: number, worker: AttachedWorker | undefined, now: number): void;
  /** Sends the worker what is in its outbound at the end of this turn. */
  send(worker: AttachedWorker): void;
  /** Takes the row out of its worker's list. */
  leave(row: number, worker: AttachedWorker): void;
  /** Whether jobs of the kind may not run twice. */
  runsOnce(kind: number): boolean;
  /** Looks for workers that answer nothing. */
  readonly stalls: () => Stalls;
  readonly life: JobLife;
}

/**
 * Jobs that are with a worker for too long are recalled, and given to another worker as well; the first answer counts.
 * A recalled job that has not begun comes back at once from a worker that can answer at all. Two rules say what is too
 * long:
 *
 * - Standing still, when nothing waits at the hub: a worker that answers nothing for copyAfterMs beyond what
 *   its longest job takes. Under CPU quotas this is what matters: a worker at a tenth stands still for nine
 *   tenths of every 0.1 s, and a connection whose answers come in order stands still with it. In simulation
 *   (bench/policy) 20,000 jobs with 1,024 in flight took 2.3 times the ideal time without copies and 1.0 with
 *   them. Not for chunks.
 * - Overdue, always: hedgeFactor times what was predicted when the job was given, or its worker's heartbeats are
 * overdue.
 *
 * A worker keeps a job that was copied among its `lent` ones, and in the picker's books, until it says what became of
 * it. What may be done twice is bounded by a HedgeBudget; beyond it jobs are only recalled.
 */
export class Hedges {
  readonly budget: HedgeBudget;
  private scheduled = false;
  private dueAt = 0;
  /** When a job was given out last. */
  private gaveAt = -Infinity;

  constructor(
    private readonly options: Pick<HubOptions, 'copyAfterMs' | 'hedgeShare' | 'hedgeFactor'>,
    private readonly picker: Picker,
    private readonly scheduler: Scheduler,
    private readonly ports: HedgesPorts,
  ) {
    this.budget = new HedgeBudget(options.hedgeShare);
  }

  /**
   * A job is about to be given to a worker: says when it will be overdue there, and looks at the workers from now on.
   */
  giving(row: number, worker: number, now: number): void {
    const { table } = this.ports;
    table.overdueAt[row] = this.overdueAt(row, worker, now);
    table.recalled[row] = 0;
    this.gaveAt = now;
    this.watch();
  }

  private overdueAt(row: number, worker: number, now: number): number {
    const { table, workers } = this.ports;
    const kind = table.kinds[row];
    const units = table.units[row];
    const expected = this.picker.expectedSeconds(worker, kind, units, now);
    const least = this.isChunk(kind, units) ? overdueChunkSecondsMin : overdueSecondsMin;
    const bytes = table.payloadBytes[row] + (workers[worker]?.payloadBytes ?? 0);
    return now + Math.max(this.options.hedgeFactor * expected, least) + bytes / payloadBytesPerSecondMin;
  }

  /**
   * The worker says what became of a job that another one was given too, or never got to see it. Null: it was not
   * copied.
   * `spentSeconds` is what it spent on the job.
   */
  takeLent(worker: AttachedWorker, id: number, spentSeconds: number, wins: boolean): LentJob | null {
    const lent = worker.lent.get(id);
    if (lent === undefined) return null;
    const { table } = this.ports;
    worker.lent.delete(id);
    const row = table.rowOf(id);
    if (row !== nil) table.copies[row]--;
    if (row !== nil && wins) this.demote(row, lent);
    else this.settle(lent, spentSeconds);
    return lent;
  }

  /** The worker is gone, and with it what it had of jobs that others have too. */
  forget(worker: AttachedWorker): void {
    const { table } = this.ports;
    for (const [id, lent] of worker.lent) {
      const row = table.rowOf(id);
      if (row !== nil) {
        // What it had while it was suspended did not end it.
        if (worker.stall === null) table.losses[row]++;
        table.copies[row]--;
      }
      this.settle(lent, 0);
    }
    worker.lent.clear();
  }

  /** The job has ended: workers that still have it need not run it. Each will still say what became of it. */
  callOff(row: number): void {
    const { table, workers } = this.ports;
    if (table.copies[row] === 0) return;
    for (const worker of workers) {
      if (worker === undefined || !worker.lent.has(table.ids[row])) continue;
      // A probe is to be answered: that is what it is for.
      if (worker.stall?.probe === table.ids[row]) continue;
      worker.outbound.addCancel(table.ids[row]);
      this.ports.send(worker);
    }
  }

  /** One that had the job before has answered: its present holder, if any, is one of those that have it too. */
  private demote(row: number, { chargedSeconds }: LentJob): void {
    const { table, workers } = this.ports;
    const holder = table.workers[row] === noWorker ? undefined : workers[table.workers[row]];
    if (holder === undefined) return this.budget.settle(chargedSeconds, 0);
    this.lend(row, holder, chargedSeconds, true);
  }

  private settle({ kind, chargedSeconds }: LentJob, spentSeconds: number): void {
    // A worker that stood still measured its standing still as well, which cost nobody anything.
    const spent = spentSeconds > 0 ? Math.min(spentSeconds, chargedSeconds) : 0;
    this.budget.settle(chargedSeconds, spent);
    this.ports.life.wasted(kind, spent);
  }

  /** Looks at the workers from now on, while they have jobs or are suspended. */
  watch(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    const least = this.ports.waiting() > 0 ? lookSecondsBusy : lookSecondsMin;
    const seconds = Math.max(least, this.ports.workers.length * lookSecondsPerWorker);
    this.dueAt = this.scheduler.now() + seconds;
    // Timers run before sockets are read: the look comes after, so that results which wait to be read are not missed.
    this.scheduler.after(seconds, () => this.scheduler.soon(() => this.look()));
  }

  private look(): void {
    this.scheduled = false;
    const now = this.scheduler.now();
    const copyAfterSeconds = this.options.copyAfterMs / 1000;
    let watched = false;
    const late = now - this.dueAt > lateSeconds;
    for (const worker of this.ports.workers) {
      if (worker === undefined) continue;
      if (worker.jobs.length === 0) {
        // Others have answered what it had: it may be one that answers nothing.
        const waitedFor = now - this.gaveAt < lookSecondsAfter || this.ports.waiting() > 0;
        watched ||= worker.lent.size > 0 && worker.stall === null && waitedFor;
        continue;
      }
      watched = true;
      if (late || worker.stall !== null) continue;
      const idle = this.ports.waiting() === 0 && this.budget.open;
      const still = copyAfterSeconds + worker.payloadBytes / payloadBytesPerSecondMin;
      if (idle && this.picker.silenceSeconds(worker.index, now) > still) this.copyAll(worker, now);
      this.hedgeOverdue(worker, now);
    }
    const stalls = this.ports.stalls();
    if (!late) stalls.look(now);
    if (watched || (stalls.count > 0 && this.ports.waiting() > 0)) this.watch();
  }

  /**
   * Whether the prediction for a job is to be relied on, by which it is overdue: so much so that its worker may be
   * suspended.
   */
  trusted(worker: AttachedWorker, kind: number, units: number, givenAt: number, now: number): boolean {
    if (this.known(worker, kind, now)) return true;
    return now - givenAt > (this.isChunk(kind, units) ? stallUnprovedChunkSeconds : overdueUnprovedSeconds);
  }

  /** Whether jobs of the kind have shown of late, or on this worker, how long they take. */
  private known(worker: AttachedWorker, kind: number, now: number): boolean {
    return worker.doneOf(kind) > 0 || this.ports.stalls().answeredLately(kind, now);
  }

  /** Lets the worker keep a job, which it is asked to give back unless it has begun; the row is in no list then. */
  lendFree(row: number, from: AttachedWorker): void {
    this.recall(row, from);
    this.lend(row, from, 0, this.ports.table.hedges[row] > 0);
  }

  /** Lends the worker a job that another one has and keeps. */
  lendProbe(row: number, to: AttachedWorker, now: number): void {
    const { table } = this.ports;
    const [kind, units] = [table.kinds[row], table.units[row]];
    const overdueAt = this.overdueAt(row, to.index, now);
    table.copies[row]++;
    to.lent.set(table.ids[row], { kind, units, givenAt: now, overdueAt, chargedSeconds: 0, isCopy: false });
  }

  /** Copies the jobs of a worker that stands still, oldest first, until no other worker has room. */
  private copyAll(from: AttachedWorker, now: number): void {
    const { table, workers } = this.ports;
    for (let row = from.jobs.head; row !== nil && this.budget.open;) {
      const following = table.links.next[row];
      const again = table.hedges[row] < hedgesPerJobMax;
      const chunk = this.isChunk(table.kinds[row], table.units[row]);
      if (!chunk && table.avoids[row] === noWorker && again && this.mayCopy(row, from)) {
        const index = this.picker.pick(table.kinds[row], table.units[row], now, from.index);
        if (index === WAIT) return;
        const to = workers[index] as AttachedWorker;
        if (!to.lent.has(table.ids[row])) this.copy(row, from, to, now);
      }
      row = following;
    }
  }

  private hedgeOverdue(from: AttachedWorker, now: number): void {
    const { table } = this.ports;
    const silent = from.state === 'SILENT';
    let row = from.jobs.head;
    for (let looked = 0; row !== nil && looked < overdueLookedAtMax; looked++) {
      const following = table.links.next[row];
      const overdue = silent || this.overdue(row, from, now);
      if (overdue && this.ports.stalls().anotherServes(table.kinds[row], from, table.ids[row])) {
        const room = this.ports.waitingElsewhere() < overdueWaitingMax;
        const unproved = this.budget.share > 0 && from.copiedUnanswered < copiesUnansweredMax;
        const may = this.budget.open || unproved || this.unanswered(row, now);
        if (may && room && this.mayCopy(row, from) && this.mayHedgeAgain(row, now)) {
          from.copiedUnanswered++;
          this.copy(row, from, undefined, now);
        } else this.recall(row, from);
      }
      row = following;
    }
  }

  private overdue(row: number, from: AttachedWorker, now: number): boolean {
    const { table } = this.ports;
    if (table.overdueAt[row] > now) return false;
    if (this.known(from, table.kinds[row], now)) return true;
    const chunk = this.isChunk(table.kinds[row], table.units[row]);
    const unproved = chunk ? overdueUnprovedChunkSeconds : overdueUnprovedSeconds;
    return now - table.givenAt[row] > unproved;
  }

  /** Chunks read from disks and networks: they are given more time than jobs, whose payload is with them. */
  private isChunk(kind: number, units: number): boolean {
    return units !== 1 && !this.picker.sized(kind);
  }

  private unanswered(row: number, now: number): boolean {
    const { givenAt, overdueAt } = this.ports.table;
    const predicted = overdueAt[row] - givenAt[row];
    return now - overdueAt[row] > Math.max(unansweredSecondsMin, unansweredFactor * predicted);
  }

  private mayCopy(row: number, from: AttachedWorker): boolean {
    const { table } = this.ports;
    if (table.sinks[row]?.heldBack === true || from.aloneJob === table.ids[row]) return false;
    if (this.ports.runsOnce(table.kinds[row])) return false;
    if (table.copies[row] < copiesPerJobMax) return true;
    return table.copies[row] < copiesMax && this.ports.stalls().copiesExpected(table.ids[row]) < copiesPerJobMax;
  }

  private mayHedgeAgain(row: number, now: number): boolean {
    const { table } = this.ports;
    if (table.hedges[row] < hedgesPerJobMax) return true;
    const age = table.givenAt[row] - table.submittedAt[row];
    return table.hedges[row] < hedgesMax && now - table.submittedAt[row] > 2 * age;
  }

  private copy(row: number, from: AttachedWorker, to: AttachedWorker | undefined, now: number): void {
    const { table } = this.ports;
    const index = to?.index ?? from.index;
    const seconds = this.picker.jobSeconds(index, table.kinds[row], table.units[row]);
    this.budget.charge(seconds);
    this.recall(row, from);
    this.lend(row, from, seconds, table.hedges[row] > 0);
    table.hedges[row]++;
    this.ports.giveCopy(row, to, now);
  }

  private lend(row: number, from: AttachedWorker, chargedSeconds: number, isCopy: boolean): void {
    const { table } = this.ports;
    this.ports.leave(row, from);
    table.copies[row]++;
    from.lent.set(table.ids[row], {
      kind: table.kinds[row],
      units: table.units[row],
      givenAt: table.givenAt[row],
      overdueAt: table.overdueAt[row],
      chargedSeconds,
      isCopy,
    });
  }

  /** Asks for the job back, once, unless it has begun. */
  recall(row: number, from: AttachedWorker): void {
    const { table } = this.ports;
    if (table.recalled[row] === 1) return;
    table.recalled[row] = 1;
    this.ports.life.recalled(table.kinds[row]);
    from.outbound.addRecall(table.ids[row]);
    this.ports.send(from);
  }
}
