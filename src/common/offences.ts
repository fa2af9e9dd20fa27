import { Counter, type Registry } from 'prom-client';
import type { Logger } from './logging.js';
import { RateLimit } from './rate-limit.js';

/**
 * Counts why callers of one port were refused or cut off, and logs it, at most a few lines of each sort in ten seconds.
 */
export class Offences<Reason extends string> {
  readonly counts = new Map<Reason, number>();
  private readonly rate = new RateLimit();

  /** @param message what a line of the log says */
  constructor(
    private readonly log: Logger,
    private readonly message: string,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  report(offence: Reason, facts: Readonly<Record<string, unknown>>): void {
    this.counts.set(offence, (this.counts.get(offence) ?? 0) + 1);
    const suppressed = this.rate.admit(offence, this.nowMs());
    if (suppressed !== undefined) this.log.warn({ offence, ...facts, suppressed }, this.message);
  }

  addMetric(registry: Registry, name: string, help: string): void {
    const { counts } = this;
    new Counter({
      name,
      help,
      labelNames: ['reason'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [reason, count] of counts) this.inc({ reason }, count);
      },
    });
  }
}
