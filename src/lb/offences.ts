import type { Logger } from '../common/logging.js';
import { RateLimit } from '../common/rate-limit.js';
import type { ForeignProtocol } from './foreign-protocol.js';

/** Why a client was closed or refused. Each word is a label of trireme_lb_offences_total. */
export type Offence =
  'connections' | 'idle' | 'slow-sender' | 'slow-reader' | 'unknown-in-row' | 'bad-proxy-header' | ForeignProtocol;

/** Counts every offence and logs them, at most a few lines of each sort in ten seconds. */
export class Offences {
  readonly counts = new Map<Offence, number>();
  private readonly rate = new RateLimit();

  constructor(
    private readonly log: Logger,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  report(offence: Offence, facts: Readonly<Record<string, unknown>>): void {
    this.counts.set(offence, (this.counts.get(offence) ?? 0) + 1);
    const suppressed = this.rate.admit(offence, this.nowMs());
    if (suppressed !== undefined) this.log.warn({ offence, ...facts, suppressed }, 'client closed');
  }
}
