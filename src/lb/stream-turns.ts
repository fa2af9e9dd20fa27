import type { LbLimits } from './limits.js';

/** A RunJobs stream that has jobs which wait. */
export interface TurnTaker {
  /**
   * Takes jobs of its own, one share of a turn, and asks for another share when some are left.
   * @returns how many it took
   */
  takeShare(): number;
}

/** What a share costs that takes no job, in jobs: it looked for some. */
const shareCostMin = 16;

/** RunJobs streams with jobs that wait take turns: a share each, as many shares as a turn of the event loop may take. */
export class StreamTurns {
  private waiting: TurnTaker[] = [];
  private scheduled = false;

  /**
   * @param limits jobs that all streams together take in one turn, and the pause between turns
   * @param sparing whether to pause between turns, because clients are there that ask for few jobs at a time
   */
  constructor(
    private readonly limits: Pick<LbLimits, 'streamJobsPerTurnMax' | 'streamPauseMs'>,
    private readonly sparing: () => boolean,
  ) {}

  /** Gives a stream a share, behind those that wait. It asks once for each share. */
  ask(stream: TurnTaker): void {
    this.waiting.push(stream);
    if (!this.scheduled) this.schedule();
  }

  private schedule(): void {
    this.scheduled = true;
    if (this.sparing()) setTimeout(() => this.turn(), this.limits.streamPauseMs);
    else setImmediate(() => this.turn());
  }

  private turn(): void {
    let head = 0;
    for (let jobs = 0; head < this.waiting.length && jobs < this.limits.streamJobsPerTurnMax; head++) {
      jobs += Math.max(shareCostMin, this.waiting[head].takeShare());
    }
    this.waiting = this.waiting.slice(head);
    this.scheduled = false;
    if (this.waiting.length > 0) this.schedule();
  }
}
