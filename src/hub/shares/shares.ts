import { Share, type ShareTerms } from './share.js';

/**
 * What a client is owed at most beside what it has with workers, in seconds of work: more would let one whose workers
 * were away for long keep all others waiting when they are back.
 */
export const owedSecondsMax = 10;

/**
 * Start-time fair queuing over seconds of work. The virtual time of a client is the seconds that workers measured of
 * its jobs, and those predicted of the jobs that they have now, over its weight; the client with the least of it is
 * next. One that comes back goes on from the virtual time of those that were served meanwhile: what it left unused is
 * used, and what it used while nobody else wanted it costs it nothing. Pure: time is passed in.
 */
export class Shares {
  readonly all: Share[] = [];
  /** Those with jobs that wait. */
  readonly waiting: Share[] = [];
  /** Virtual time of the client served last, by what was measured: predictions that prove wrong leave no trace. */
  private served = 0;

  add(name: string, terms: ShareTerms, now: number): Share {
    const share = new Share(this.all.length, name, terms, now);
    this.all.push(share);
    return share;
  }

  /**
   * Other terms from now on. What it is ahead or behind in seconds of work it stays, and not in virtual time of its old
   * weight.
   */
  change(share: Share, terms: ShareTerms): void {
    share.settled = this.served + ((share.settled - this.served) * share.terms.weight) / terms.weight;
    share.terms = terms;
  }

  /** A job of the client begins to wait. */
  queued(share: Share): void {
    if (share.waiting++ > 0) return;
    this.waiting.push(share);
    share.catchUp(this.served);
  }

  /** One of its jobs waits no more. */
  left(share: Share): void {
    if (--share.waiting === 0) this.waiting.splice(this.waiting.indexOf(share), 1);
  }

  /** A worker is given a job of the client that is predicted to take so long. */
  given(share: Share, seconds: number, now: number): void {
    const owedMax = share.waiting === 0 ? 0 : owedSecondsMax + share.pendingSeconds;
    share.catchUp(this.served - owedMax / share.terms.weight);
    this.served = Math.max(this.served, share.settled);
    share.running++;
    share.pendingSeconds += seconds;
    share.spend(seconds, now);
  }

  /** What was given has ended, and took so long. */
  settle(share: Share, predicted: number, seconds: number, now: number): void {
    share.running--;
    share.pendingSeconds = share.running === 0 ? 0 : Math.max(0, share.pendingSeconds - predicted);
    share.settled += seconds / share.terms.weight;
    share.secondsTotal += seconds;
    share.lastMinute.add(seconds, now);
    share.spend(seconds - predicted, now);
  }

  /** Jobs of all clients, each as often as it is counted: 0 when none is live. */
  get jobs(): number {
    return this.all.reduce((sum, { live, running, waiting }) => sum + live + running + waiting, 0);
  }

  /** Seconds until a client that its bound holds up may go on; Infinity: none with waiting jobs is held up. */
  waitSeconds(now: number): number {
    let least = Infinity;
    for (const share of this.waiting) {
      const seconds = share.waitSeconds(now);
      if (share.throttled) least = Math.min(least, seconds);
    }
    return least;
  }
}
