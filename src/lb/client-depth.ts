/** What clients asked counts for so long, at least, and for twice as long at most. */
const memoryMs = 1_000;

/**
 * A client that asks for no more at a time is waiting for these jobs, whoever else is there: they are let
 * through whatever the hub's queue, and go before those of others.
 */
export const shallowJobsMax = 64;

/**
 * How deep the pipelines of the clients are: for how many seconds of work the one who asks for least is ahead. Where
 * everybody asks for a tenth of a second's work at once, a job waits that long whatever the balancer does; as soon as
 * one client has a few jobs under way, every millisecond that a job waits behind others is one that this client sees.
 *
 * It knows the least number of jobs that any client had asked for when it asked for more, and how many clients there
 * were, over the last one to two seconds. Time is passed in.
 */
export class ClientDepth {
  private epoch = 1;
  private sinceMs: number;
  private leastNow = Infinity;
  private clients = 0;
  private leastBefore = Infinity;
  private clientsBefore = 0;

  constructor(nowMs: number) {
    this.sinceMs = nowMs;
  }

  /**
   * A client asks.
   * @param outstanding all that it has asked for and has no answer to
   * @param mark what this returned for the same client the last time, 0 the first time: so that it counts once
   */
  asked(outstanding: number, mark: number, nowMs: number): number {
    this.turn(nowMs);
    if (outstanding < this.leastNow) this.leastNow = outstanding;
    if (mark !== this.epoch) this.clients++;
    return this.epoch;
  }

  /** Seconds, when all clients together get `ratePerSecond` jobs done; 0 when a client asks for few or nobody asks. */
  seconds(ratePerSecond: number, nowMs: number): number {
    const least = this.least(nowMs);
    if (least <= shallowJobsMax || least === Infinity) return 0;
    return (least * Math.max(this.clients, this.clientsBefore)) / ratePerSecond;
  }

  /** Jobs, the least that any client had asked for when it asked for more; Infinity when nobody did lately. */
  least(nowMs: number): number {
    this.turn(nowMs);
    return Math.min(this.leastNow, this.leastBefore);
  }

  private turn(nowMs: number): void {
    const elapsedMs = nowMs - this.sinceMs;
    if (elapsedMs < memoryMs) return;
    const fresh = elapsedMs < 2 * memoryMs;
    this.leastBefore = fresh ? this.leastNow : Infinity;
    this.clientsBefore = fresh ? this.clients : 0;
    this.leastNow = Infinity;
    this.clients = 0;
    this.epoch++;
    this.sinceMs = nowMs;
  }
}
