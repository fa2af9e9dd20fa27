import { shallowJobsMax } from './client-depth.js';
import type { LbLimits } from './limits.js';

/** A RunJobs stream that has jobs which wait. */
export interface TurnTaker {
  /**
   * Takes jobs of its own, one share of a turn, and asks for another share when some are left.
   * @returns how many it took
   */
  takeShare(): number;
}

type StreamLimits = Pick<
  LbLimits,
  'streamJobsPerTurnMax' | 'streamPauseMs' | 'streamTurnMs' | 'streamColdJobs' | 'streamColdPauseMs'
>;

/** What a share costs that takes no job, in jobs: it looked for some. */
const shareCostMin = 16;

/** Jobs of a turn however long they take: streams must get on, on a machine whose cores are all busy too. */
const jobsPerTurnMin = 16;

/**
 * By how much a turn may take more jobs than the one before it: one that was interrupted is made up for in ten turns.
 */
const growth = 1.25;

/**
 * RunJobs streams with jobs that wait take turns: a share each, as many shares as a turn of the event loop may take.
 */
export class StreamTurns {
  private waiting: TurnTaker[] = [];
  private scheduled = false;
  /**
   * Jobs that a turn may take while it is to be sparing. The first ones are few: nobody knows yet how long they take.
   */
  private sparingJobs = jobsPerTurnMin;
  /** Jobs that were taken so far. */
  private taken = 0;

  /**
   * @param limits jobs that all streams together take in one turn, how long that may take, and the pauses between turns
   * @param sparing whether turns are to be short, with pauses between, because clients are there that ask for
   * few jobs at a time
   * @param nowMs a clock
   */
  constructor(
    private readonly limits: StreamLimits,
    private readonly sparing: () => boolean,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Jobs that a stream which asks for many may take in its share. */
  get jobsPerShare(): number {
    return Math.min(shallowJobsMax, this.jobsPerTurn);
  }

  private get jobsPerTurn(): number {
    return this.sparing() ? Math.floor(this.sparingJobs) : this.limits.streamJobsPerTurnMax;
  }

  /** Gives a stream a share, behind those that wait. It asks once for each share. */
  ask(stream: TurnTaker): void {
    this.waiting.push(stream);
    if (!this.scheduled) this.schedule();
  }

  private get pauseMs(): number {
    const { streamColdJobs, streamColdPauseMs, streamPauseMs } = this.limits;
    return this.taken < streamColdJobs ? streamColdPauseMs : streamPauseMs;
  }

  private schedule(): void {
    this.scheduled = true;
    if (this.sparing()) setTimeout(() => this.turn(), this.pauseMs);
    else setImmediate(() => this.turn());
  }

  private turn(): void {
    let head = 0;
    let jobs = 0;
    const beganMs = this.nowMs();
    for (const jobsMax = this.jobsPerTurn; head < this.waiting.length && jobs < jobsMax; head++) {
      jobs += Math.max(shareCostMin, this.waiting[head].takeShare());
    }
    this.learn(jobs, this.nowMs() - beganMs);
    this.waiting = this.waiting.slice(head);
    this.scheduled = false;
    if (this.waiting.length > 0) this.schedule();
  }

  /** So many jobs took so long: the next turn takes as many as fit its time. */
  private learn(jobs: number, tookMs: number): void {
    this.taken += jobs;
    const { streamTurnMs, streamJobsPerTurnMax } = this.limits;
    const fitting = Math.min((jobs * streamTurnMs) / tookMs, this.sparingJobs * growth, streamJobsPerTurnMax);
    this.sparingJobs = Math.max(jobsPerTurnMin, fitting);
  }
}
