import type { AttachedWorker } from '../workers/attached-worker.js';
import type { Picker } from '../picking/picker.js';
import type { WorkerLook } from '../picking/views.js';
import type { JobTable } from '../jobs/job-table.js';
import type { CandidateView, PickOutcome, PickView } from './types.js';

/** Picks kept: a screen has room for some dozens, a script that looks each second should find what came between. */
export const picksKept = 512;

/** Workers kept of each pick, those that would have finished first: beyond them nobody was near. */
export const candidatesKept = 8;

/** Time between two picks that are kept, for each worker: all are looked at, and looking must cost little. */
const pickSampleSecondsPerWorker = 20e-6;

const outcomes: readonly PickOutcome[] = ['RUNNING', 'ANSWERED', 'NOT_ANSWERED', 'MOVED'];
const running = 0;
const answered = 1;
const notAnswered = 2;
const moved = 3;

/** One byte for each low part of a job id: whether a kept pick waits for such a job. Asked for every job that ends. */
const marksSize = 4096;

const columnsPerCandidate = 8;

/**
 * The last picks, a sample of them, with what spoke for each worker and what came of it: flat columns, written over and
 * over. A job whose sink asks for it (`explained`) is always kept.
 *
 * Costs for jobs that are not kept: one comparison when they are given, one load when they end.
 */
export class PickLog {
  /** Picks written since the hub began. */
  written = 0;
  private nextAt = -Infinity;
  private readonly marks = new Uint16Array(marksSize);
  /** Slot of the newest pick of each job that has not ended. */
  private readonly open = new Map<number, number>();
  private readonly jobs = new Float64Array(picksKept);
  private readonly kinds = new Uint32Array(picksKept);
  private readonly units = new Float64Array(picksKept);
  private readonly wallMs = new Float64Array(picksKept);
  private readonly givenAt = new Float64Array(picksKept);
  private readonly waited = new Float64Array(picksKept);
  private readonly attempts = new Uint8Array(picksKept);
  private readonly outcomes = new Uint8Array(picksKept);
  private readonly chosen = new Int32Array(picksKept);
  private readonly predicted = new Float64Array(picksKept);
  private readonly actual = new Float64Array(picksKept);
  private readonly exec = new Float64Array(picksKept);
  private readonly candidates = new Uint32Array(picksKept);
  private readonly kept = new Uint8Array(picksKept);
  private readonly numbers = new Int32Array(picksKept * candidatesKept);
  private readonly names: string[] = new Array<string>(picksKept * candidatesKept).fill('');
  private readonly looks = new Float64Array(picksKept * candidatesKept * columnsPerCandidate);
  private readonly room = new Uint8Array(picksKept * candidatesKept);
  private readonly look: WorkerLook = {
    finishSeconds: 0,
    costSeconds: 0,
    fixedSeconds: 0,
    secondsPerUnit: 0,
    backlogSeconds: 0,
    windowSeconds: 0,
    outstanding: 0,
    slots: 0,
    room: false,
  };

  constructor(
    private readonly picker: Picker,
    private readonly table: JobTable,
    private readonly workers: readonly (AttachedWorker | undefined)[],
    private readonly wallNow: () => number,
    /** Time between two picks that are kept; with Infinity none is but those asked for. */
    private readonly sampleSeconds: number,
  ) {
    if (sampleSeconds === Infinity) this.nextAt = Infinity;
  }

  /** Picks whose job has not ended. */
  get openCount(): number {
    return this.open.size;
  }

  /** Whether a job given now is to be kept. */
  due(now: number): boolean {
    return now >= this.nextAt;
  }

  /**
   * The job in this row is about to be given to this worker, which its attempts count; the picker does not count it
   * yet.
   */
  keep(row: number, worker: AttachedWorker, now: number): void {
    const { table } = this;
    const id = table.ids[row];
    this.close(id, moved, NaN, now);
    const slot = this.written++ % picksKept;
    if (this.outcomes[slot] === running && this.open.get(this.jobs[slot]) === slot) this.unmark(this.jobs[slot]);
    this.jobs[slot] = id;
    this.kinds[slot] = table.kinds[row];
    this.units[slot] = table.units[row];
    this.wallMs[slot] = this.wallNow();
    this.givenAt[slot] = now;
    this.waited[slot] = now - table.submittedAt[row];
    this.attempts[slot] = table.attempts[row];
    this.outcomes[slot] = running;
    this.chosen[slot] = worker.number;
    this.actual[slot] = this.exec[slot] = NaN;
    this.predicted[slot] = NaN;
    const offering = this.rank(slot, worker, now);
    this.nextAt = now + Math.max(this.sampleSeconds, offering * pickSampleSecondsPerWorker);
    this.open.set(id, slot);
    this.marks[id & (marksSize - 1)]++;
  }

  /** Whether an open pick may be of this job: false for nearly all others. */
  marked(id: number): boolean {
    return this.marks[id & (marksSize - 1)] !== 0;
  }

  /** The worker said what became of the job, or it was taken away; `execSeconds` is NaN when there is no answer. */
  ended(id: number, worker: number, execSeconds: number, now: number): void {
    const slot = this.open.get(id);
    if (slot === undefined || this.chosen[slot] !== worker) return;
    this.close(id, Number.isNaN(execSeconds) ? notAnswered : answered, execSeconds, now);
  }

  /** A worker answered a job that was given to another one too: its pick, closed as moved, has its answer after all. */
  lentAnswered(id: number, worker: number, execSeconds: number, now: number): void {
    for (let slot = 0; slot < picksKept; slot++) {
      if (this.jobs[slot] !== id || this.chosen[slot] !== worker || this.outcomes[slot] !== moved) continue;
      this.outcomes[slot] = answered;
      this.exec[slot] = execSeconds;
      this.actual[slot] = now - this.givenAt[slot];
    }
  }

  /** The worker is lost with the job. */
  lost(id: number, now: number): void {
    this.close(id, moved, NaN, now);
  }

  /** Picks of one job, oldest first: one for each time that it was given to a worker and kept. */
  ofJob(id: number, kindName: (kind: number) => string): PickView[] {
    return this.slots()
      .filter((slot) => this.jobs[slot] === id)
      .reverse()
      .map((slot) => this.view(slot, kindName));
  }

  /** The last picks, newest first. */
  latest(limit: number, kindName: (kind: number) => string): PickView[] {
    return this.slots()
      .slice(0, limit)
      .map((slot) => this.view(slot, kindName));
  }

  private close(id: number, outcome: number, exec: number, now: number): void {
    const slot = this.open.get(id);
    if (slot === undefined) return;
    this.outcomes[slot] = outcome;
    this.exec[slot] = exec;
    if (outcome === answered) this.actual[slot] = now - this.givenAt[slot];
    this.unmark(id);
  }

  private unmark(id: number): void {
    this.open.delete(id);
    this.marks[id & (marksSize - 1)]--;
  }

  /** Writes the workers that would finish first, by insertion, and the chosen one. Returns how many offer the kind. */
  private rank(slot: number, chosen: AttachedWorker, now: number): number {
    const first = slot * candidatesKept;
    let offering = 0;
    let kept = 0;
    let chosenKept = false;
    for (const worker of this.workers) {
      if (worker === undefined || !this.lookAt(slot, worker, now)) continue;
      offering++;
      let place = kept;
      while (place > 0 && this.finishAt(first + place - 1) > this.look.finishSeconds) place--;
      if (place === candidatesKept) continue;
      if (kept < candidatesKept) kept++;
      else if (this.numbers[first + kept - 1] === chosen.number) chosenKept = false;
      for (let to = first + kept - 1; to > first + place; to--) this.move(to - 1, to);
      this.write(first + place, worker);
      if (worker === chosen) chosenKept = true;
    }
    if (this.lookAt(slot, chosen, now)) {
      this.predicted[slot] = this.look.finishSeconds;
      if (!chosenKept) this.write(first + candidatesKept - 1, chosen);
    }
    this.candidates[slot] = offering;
    this.kept[slot] = kept;
    return offering;
  }

  /** Fills `look`; false where the worker does not offer the kind. */
  private lookAt(slot: number, worker: AttachedWorker, now: number): boolean {
    return this.picker.lookAt(worker.index, this.kinds[slot], this.units[slot], now, this.look);
  }

  private finishAt(place: number): number {
    return this.looks[place * columnsPerCandidate];
  }

  private move(from: number, to: number): void {
    this.numbers[to] = this.numbers[from];
    this.names[to] = this.names[from];
    this.room[to] = this.room[from];
    this.looks.copyWithin(to * columnsPerCandidate, from * columnsPerCandidate, (from + 1) * columnsPerCandidate);
  }

  private write(place: number, worker: AttachedWorker): void {
    const { look, looks } = this;
    this.numbers[place] = worker.number;
    this.names[place] = worker.hello.name;
    this.room[place] = look.room ? 1 : 0;
    const column = place * columnsPerCandidate;
    looks[column] = look.finishSeconds;
    looks[column + 1] = look.costSeconds;
    looks[column + 2] = look.backlogSeconds;
    looks[column + 3] = look.windowSeconds;
    looks[column + 4] = look.outstanding;
    looks[column + 5] = look.slots;
    looks[column + 6] = look.fixedSeconds;
    looks[column + 7] = look.secondsPerUnit;
  }

  /** Slots that were written, newest first. */
  private slots(): number[] {
    const count = Math.min(this.written, picksKept);
    return Array.from({ length: count }, (_each, back) => (this.written - 1 - back) % picksKept);
  }

  private view(slot: number, kindName: (kind: number) => string): PickView {
    const actual = this.actual[slot];
    const predicted = this.predicted[slot];
    return {
      jobId: this.jobs[slot],
      kind: kindName(this.kinds[slot]),
      kindNumber: this.kinds[slot],
      units: this.units[slot],
      atMs: this.wallMs[slot],
      waitedSeconds: this.waited[slot],
      attempt: this.attempts[slot],
      worker: this.nameOf(slot, this.chosen[slot]),
      outcome: outcomes[this.outcomes[slot]],
      predictedSeconds: predicted,
      actualSeconds: Number.isNaN(actual) ? null : actual,
      errorSeconds: Number.isNaN(actual) ? null : actual - predicted,
      execSeconds: Number.isNaN(this.exec[slot]) ? null : this.exec[slot],
      candidatesTotal: this.candidates[slot],
      candidates: Array.from({ length: this.kept[slot] }, (_each, at) =>
        this.candidate(slot * candidatesKept + at, this.chosen[slot]),
      ),
    };
  }

  private nameOf(slot: number, number: number): string {
    const first = slot * candidatesKept;
    for (let at = first; at < first + this.kept[slot]; at++) if (this.numbers[at] === number) return this.names[at];
    return '';
  }

  private candidate(place: number, chosen: number): CandidateView {
    const column = place * columnsPerCandidate;
    const look = this.looks.subarray(column, column + columnsPerCandidate);
    const [finish, cost, backlog, window, outstanding, slots, fixed, perUnit] = look;
    return {
      worker: this.names[place],
      chosen: this.numbers[place] === chosen,
      room: this.room[place] === 1,
      predictedSeconds: finish,
      costSeconds: cost,
      backlogSeconds: backlog,
      windowSeconds: window,
      outstanding,
      slots,
      fixedSeconds: fixed,
      secondsPerUnit: perUnit,
    };
  }
}
