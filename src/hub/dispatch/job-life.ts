import type { TriremeError } from '../../common/errors.js';
import { Optimum } from '../explain/optimum.js';
import { PickLog } from '../explain/pick-log.js';
import type { JobTable } from '../jobs/job-table.js';
import type { FailureCount, KindState } from '../jobs/kind-state.js';
import type { WaitLines } from '../jobs/wait-lines.js';
import type { Picker } from '../picking/picker.js';
import type { HubOptions } from '../port/options.js';
import type { AttachedWorker, LentJob } from '../workers/attached-worker.js';

/**
 * Told of each step of each job, in the order in which a job passes them. All that is only said of jobs, and decides
 * nothing, is written here: the counters of kinds and workers, the kept picks, and how near to the best possible the
 * hub is.
 */
export class JobLife {
  readonly optimum = new Optimum();
  readonly picks: PickLog;

  constructor(
    private readonly options: Pick<HubOptions, 'jobFailed' | 'pickSampleSeconds'>,
    private readonly table: JobTable,
    private readonly lines: WaitLines,
    picker: Picker,
    workers: readonly (AttachedWorker | undefined)[],
    wallMs: () => number,
  ) {
    this.picks = new PickLog(picker, table, workers, wallMs, options.pickSampleSeconds);
  }

  /** Somebody asks for a job. */
  asked(state: KindState): void {
    state.counters.submitted++;
  }

  /** It is in the table now. */
  submitted(state: KindState, units: number, now: number): void {
    this.optimum.submitted(state, units, this.table.live, now);
  }

  /**
   * A worker is about to be given it, which is counted as an attempt unless it is a copy; the picker does not count it
   * yet.
   */
  giving(row: number, worker: AttachedWorker, state: KindState, isCopy: boolean, now: number): void {
    const { attempts, sinks } = this.table;
    if (this.picks.due(now) || sinks[row]?.explained === true) this.picks.keep(row, worker, now);
    if (!isCopy && attempts[row] > 1) state.counters.retries++;
    state.counters.picks++;
    worker.picks++;
  }

  copied(row: number): void {
    this.ofRow(row).copies++;
  }

  probed(row: number): void {
    this.ofRow(row).probes++;
  }

  recalled(kind: number): void {
    this.of(kind).recalls++;
  }

  /** A worker spent so many seconds on a job that another one answered. */
  wasted(kind: number, seconds: number): void {
    this.of(kind).wastedSeconds += seconds;
  }

  /** Its worker has it no more. @param exec seconds that it ran there; NaN: the worker did not answer it */
  left(id: number, worker: AttachedWorker, exec: number, now: number): void {
    if (this.picks.marked(id)) this.picks.ended(id, worker.number, exec, now);
  }

  /** A worker says what became of a job that another one was given too. @param wins this is the job's answer */
  lentLeft(
    id: number,
    worker: AttachedWorker,
    lent: LentJob,
    done: boolean,
    exec: number,
    wins: boolean,
    now: number,
  ): void {
    // Its pick is open while it is the last that was given the job, and closed as moved else.
    this.left(id, worker, done ? exec : NaN, now);
    if (!done) return;
    this.picks.lentAnswered(id, worker.number, exec, now);
    if (!wins) this.duplicate(lent.kind);
    else if (lent.isCopy) this.copyWon(lent.kind);
  }

  /** An answer came for a job that has one. */
  duplicate(kind: number): void {
    this.of(kind).duplicates++;
  }

  /** The answer came from a worker that was given the job beside another one. */
  copyWon(kind: number): void {
    this.of(kind).copiesWon++;
  }

  /** A worker gave it back. */
  notRun(row: number): void {
    this.ofRow(row).notRun++;
  }

  /** Its worker is gone. */
  lost(id: number, now: number): void {
    this.picks.lost(id, now);
  }

  /** It ends with its answer. @param seconds since it was submitted */
  answered(row: number, seconds: number): void {
    const state = this.lines.kind(this.table.kinds[row]);
    state.counters.done++;
    state.latency.observe(seconds);
    this.optimum.answered(state, this.table.units[row]);
  }

  /** It ends without one. */
  failed(state: KindState, outcome: FailureCount, error: TriremeError): void {
    state.counters[outcome]++;
    if (outcome !== 'cancelled') this.options.jobFailed(state.counters.name, error);
  }

  /** None is live any more. */
  idle(): void {
    this.optimum.idle();
  }

  private of(kind: number): KindState['counters'] {
    return this.lines.kind(kind).counters;
  }

  private ofRow(row: number): KindState['counters'] {
    return this.of(this.table.kinds[row]);
  }
}
