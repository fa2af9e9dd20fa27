import type { AttachedWorker } from '../workers/attached-worker.js';
import type { HedgeBudget } from './hedge-budget.js';
import { nil } from '../jobs/job-list.js';
import type { JobTable } from '../jobs/job-table.js';
import { kindIndexMax } from '../../kinds/kind.js';
import { noWorker } from '../port/job-sink.js';
import {
  copiesMax,
  probeSecondsFirst,
  probeSecondsMax,
  silentSeconds,
  StallCount,
  stallJobs,
  stallSeconds,
  type Stall,
} from '../workers/stall.js';

/** Jobs of one worker that one look compares with the clock. */
const lookedAtMax = 32;
/**
 * Of a suspended worker's jobs, the oldest so many may still be answered by it; of those behind them it runs none yet.
 */
const lentMax = 64;
/** What workers have shown so long ago says how long jobs of a kind take now. */
const latelySeconds = 60;
/** Jobs of each other worker among which a probe is looked for. */
const probesLookedAtMax = 4;

export interface StallsPorts {
  readonly table: JobTable;
  readonly workers: readonly (AttachedWorker | undefined)[];
  readonly budget: HedgeBudget;
  /** Whether the prediction for this job on this worker is to be relied on. */
  trusted(worker: AttachedWorker, kind: number, units: number, givenAt: number, now: number): boolean;
  /** Lets the worker keep the job, asked back unless begun, while it waits for another one. */
  lendAndRequeue(row: number, worker: AttachedWorker): void;
  /** Whether jobs of the kind may not run twice. */
  runsOnce(kind: number): boolean;
  /** Asks for the job back unless it has begun. */
  recall(row: number, worker: AttachedWorker): void;
  /** Takes the job from its worker for good; it waits for another one. */
  takeBack(row: number): void;
  /** Takes back a job that the worker has beside another one. */
  withdraw(id: number, worker: AttachedWorker, now: number): void;
  /** Gives the worker a job that another one has and keeps. */
  giveProbe(row: number, worker: AttachedWorker, now: number): void;
  /** Gives the worker a job that waits and that no other worker may take; false: there is none. */
  giveWaiting(worker: AttachedWorker, now: number): boolean;
  /** Hands out what waits. */
  pump(): void;
  /** Jobs that wait at the hub. */
  waiting(): number;
  /** Whether this worker must not get the job. */
  barred(row: number, worker: AttachedWorker): boolean;
  /** The worker is suspended, or not any more. */
  changed(worker: AttachedWorker, reason: string): void;
}

/**
 * Workers that send heartbeats and answer no job: their disk hangs, say. Such a worker is suspended: it gets no new
 * jobs and its jobs go to others at once. It is probed with one job at a time, which another worker has too, until it
 * answers one. The last worker of a kind is never suspended: with nobody else, waiting is all that can be done.
 */
export class Stalls {
  /** Times that a worker was suspended. */
  suspensions = 0;
  /** Workers that are suspended now. */
  count = 0;
  /** When the first of them is due for a probe; Infinity: never. */
  nextProbeAt = Infinity;
  /** By kind: when the job was given out that was given out last of those that are answered. */
  private readonly answered = new Float64Array(kindIndexMax + 1).fill(-Infinity);
  /** By kind: when one was answered last. */
  private readonly answeredAt = new Float64Array(kindIndexMax + 1).fill(-Infinity);

  constructor(private readonly ports: StallsPorts) {}

  /** A worker has answered a job of this kind, which it was given at that time. */
  noteAnswer(kind: number, givenAt: number, now: number): void {
    if (givenAt > this.answered[kind]) this.answered[kind] = givenAt;
    this.answeredAt[kind] = now;
  }

  /** Whether any worker has answered a job of this kind of late. */
  answeredLately(kind: number, now: number): boolean {
    return now - this.answeredAt[kind] < latelySeconds;
  }

  /** Whether a job of this kind that was given out then or later has been answered. */
  laterAnswered(kind: number, givenAt: number): boolean {
    return this.answered[kind] >= givenAt;
  }

  /** A job is taken from a worker that has not answered it: its client has gone or waits no more. */
  noteTaken(worker: AttachedWorker, row: number, now: number): void {
    const { kinds, givenAt, overdueAt } = this.ports.table;
    if (overdueAt[row] > now || !this.laterAnswered(kinds[row], givenAt[row])) return;
    worker.missed++;
    worker.missedKind = kinds[row];
  }

  /** The worker has answered jobs: whatever it owes, it works. */
  heardAnswer(worker: AttachedWorker, now: number): void {
    worker.answeredAt = now;
    worker.missed = worker.copiedUnanswered = 0;
    if (worker.stall === null) return;
    this.forget(worker);
    this.ports.changed(worker, 'it answered a job');
  }

  /** The worker is suspended no more, or gone. */
  forget(worker: AttachedWorker): void {
    if (worker.stall === null) return;
    worker.stall = null;
    this.count--;
    this.noteProbes();
  }

  /** Somebody left: a suspended worker may be all there is. */
  probeSoon(now: number): void {
    for (const worker of this.ports.workers) {
      if (worker?.stall != null) [worker.stall.probeAt, worker.stall.probeWaitSeconds] = [now, probeSecondsFirst];
    }
    this.noteProbes();
  }

  /** The job has just been given to a worker: those that are due for a probe get it too. */
  probeWith(row: number, now: number): void {
    for (const worker of this.ports.workers) {
      if (worker?.stall == null || worker.stall.probeAt > now || !this.mayProbe(row, worker)) continue;
      this.probe(row, worker, worker.stall, now);
    }
  }

  look(now: number): void {
    for (const worker of this.ports.workers) {
      if (worker === undefined || worker.evidence !== null) continue;
      const looked = worker.stall === null && worker.state !== 'SILENT';
      if (looked && this.answersNothing(worker, now)) this.suspend(worker, now);
      if (worker.stall === null) continue;
      if (this.moveJobs(worker)) this.ports.pump();
      if (worker.stall.probeAt <= now) this.probeLate(worker, worker.stall, now);
    }
  }

  /**
   * Whether a worker other than this one, and than one to avoid, takes jobs of the kind now and has not got this one.
   */
  anotherServes(kind: number, than: AttachedWorker, id = 0, avoid = noWorker): boolean {
    for (const worker of this.ports.workers) {
      if (worker === undefined || worker === than || worker.number === avoid || worker.state !== 'SERVING') continue;
      if (worker.offers(kind) && !worker.lent.has(id)) return true;
    }
    return false;
  }

  /** Workers that have this job beside its holder and may be expected to answer it. */
  copiesExpected(id: number): number {
    let copies = 0;
    for (const worker of this.ports.workers) if (worker?.stall === null && worker.lent.has(id)) copies++;
    return copies;
  }

  private answersNothing(worker: AttachedWorker, now: number): boolean {
    const { table } = this.ports;
    const { missed } = worker;
    if (worker.jobs.length + worker.lent.size + missed === 0) return false;
    if (now - worker.answeredAt < stallSeconds) return false;
    if (missed >= stallJobs && this.anotherServes(worker.missedKind, worker)) return true;
    const silent = now - worker.answeredAt > silentSeconds && this.ports.waiting() > 0;
    const answeredAt = silent ? -Infinity : worker.answeredAt;
    const count = new StallCount({ answeredAt, slots: worker.heartbeat.slots, missed }, now);
    const isOne = (kind: number, units: number, givenAt: number, overdueAt: number): boolean =>
      overdueAt <= now &&
      this.anotherServes(kind, worker) &&
      count.add(
        givenAt,
        overdueAt,
        this.ports.trusted(worker, kind, units, givenAt, now),
        this.laterAnswered(kind, givenAt),
      );
    let row = worker.jobs.head;
    for (let looked = 0; row !== nil && looked < lookedAtMax; looked++, row = table.links.next[row]) {
      if (isOne(table.kinds[row], table.units[row], table.givenAt[row], table.overdueAt[row])) return true;
    }
    for (const { kind, units, givenAt, overdueAt } of worker.lent.values()) {
      if (isOne(kind, units, givenAt, overdueAt)) return true;
    }
    return false;
  }

  private suspend(worker: AttachedWorker, now: number): void {
    worker.stall = { probe: 0, probeAt: now, probeWaitSeconds: probeSecondsFirst };
    this.count++;
    this.suspensions++;
    this.noteProbes();
    // What was done twice for its sake is not to use up what may be done twice for the sake of workers that answer.
    for (const lent of worker.lent.values()) {
      this.ports.budget.settle(lent.chargedSeconds, 0);
      lent.chargedSeconds = 0;
    }
    const owed = worker.jobs.length + worker.lent.size + worker.missed;
    this.ports.changed(worker, `it answers none of ${owed} jobs, and others do`);
  }

  /** True: jobs wait now that the worker had. */
  private moveJobs(worker: AttachedWorker): boolean {
    const { table } = this.ports;
    let moved = false;
    let kindNobodyServes = -1;
    let position = worker.jobs.length;
    // Newest first, each to the front of its line, so that the oldest ends up first.
    for (let row = worker.jobs.tail; row !== nil;) {
      const before = table.links.previous[row];
      const kind = table.kinds[row];
      position--;
      if (kind !== kindNobodyServes && table.sinks[row]?.heldBack !== true) {
        if (this.ports.runsOnce(kind)) {
          this.ports.recall(row, worker);
        } else if (this.anotherServes(kind, worker, table.ids[row])) {
          moved = true;
          if (position < lentMax && table.copies[row] < copiesMax) this.ports.lendAndRequeue(row, worker);
          else this.ports.takeBack(row);
        } else if (!this.anotherServes(kind, worker)) kindNobodyServes = kind;
      }
      row = before;
    }
    return moved;
  }

  /** No job has come by for its probe: one that runs long, or one that waits in vain, will do. */
  private probeLate(worker: AttachedWorker, stall: Stall, now: number): void {
    const row = this.probeFor(worker);
    if (row !== nil) return this.probe(row, worker, stall, now);
    // One job at a time, and where nothing is to be done nobody misses the worker.
    if (worker.jobs.length === 0 && this.ports.giveWaiting(worker, now)) this.probed(nil, worker, stall, now);
  }

  private probe(row: number, worker: AttachedWorker, stall: Stall, now: number): void {
    this.probed(row, worker, stall, now);
    this.ports.giveProbe(row, worker, now);
  }

  private probed(row: number, worker: AttachedWorker, stall: Stall, now: number): void {
    if (stall.probe !== 0) this.ports.withdraw(stall.probe, worker, now);
    stall.probe = row === nil ? 0 : this.ports.table.ids[row];
    stall.probeAt = now + stall.probeWaitSeconds;
    stall.probeWaitSeconds = Math.min(2 * stall.probeWaitSeconds, probeSecondsMax);
    this.noteProbes();
  }

  private noteProbes(): void {
    this.nextProbeAt = Infinity;
    for (const worker of this.ports.workers) {
      if (worker?.stall != null) this.nextProbeAt = Math.min(this.nextProbeAt, worker.stall.probeAt);
    }
  }

  private probeFor(worker: AttachedWorker): number {
    const { table, workers } = this.ports;
    for (const other of workers) {
      if (other === undefined || other === worker || other.stall !== null) continue;
      let row = other.jobs.head;
      for (let looked = 0; row !== nil && looked < probesLookedAtMax; looked++, row = table.links.next[row]) {
        if (this.mayProbe(row, worker)) return row;
      }
    }
    return nil;
  }

  private mayProbe(row: number, worker: AttachedWorker): boolean {
    const { table } = this.ports;
    if (!worker.offers(table.kinds[row]) || worker.lent.has(table.ids[row]) || table.copies[row] >= copiesMax)
      return false;
    if (this.ports.runsOnce(table.kinds[row])) return false;
    // A job whose workers died twice is with nobody else.
    if (table.losses[row] >= 2 || table.sinks[row]?.heldBack === true) return false;
    if (table.workers[row] === worker.index || table.avoids[row] === worker.number) return false;
    return !this.ports.barred(row, worker);
  }
}
