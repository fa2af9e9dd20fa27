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

  /** @param jobsPerTurnMax jobs that all streams together take in one turn of the event loop */
  constructor(private readonly jobsPerTurnMax: number) {}

  /** Gives a stream a share, behind those that wait. It asks once for each share. */
  ask(stream: TurnTaker): void {
    this.waiting.push(stream);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.turn());
  }

  private turn(): void {
    let head = 0;
    for (let jobs = 0; head < this.waiting.length && jobs < this.jobsPerTurnMax; head++) {
      jobs += Math.max(shareCostMin, this.waiting[head].takeShare());
    }
    this.waiting = this.waiting.slice(head);
    this.scheduled = this.waiting.length > 0;
    if (this.scheduled) setImmediate(() => this.turn());
  }
}
