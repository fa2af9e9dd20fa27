import { Counter, type Registry } from 'prom-client';
import type { Logger } from '../logging.js';
import { RateLimit } from '../rate-limit.js';

/** The port that refused. */
export type RefusingPort = 'grpc' | 'tcp' | 'admin' | 'http';

/**
 * Why. `certificate`: it is missing, expired or of another authority. `tls`: no handshake came about. `late`:
 * the AUTH line did not come in time. `role`: the credential is known and may not do this. Each word is a
 * label of trireme_refusals_total.
 */
export type RefusalReason = 'no-token' | 'wrong-token' | 'certificate' | 'tls' | 'late' | 'role';

/**
 * Counts callers that were refused for their credentials, and logs a few of each sort; what they presented is not kept.
 */
export class Refusals {
  readonly counts = new Map<string, { port: RefusingPort; reason: RefusalReason; count: number }>();
  private readonly rate = new RateLimit();

  constructor(
    private readonly log: Logger,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  report(port: RefusingPort, reason: RefusalReason, facts: Readonly<Record<string, unknown>>): void {
    const key = `${port} ${reason}`;
    let entry = this.counts.get(key);
    if (entry === undefined) this.counts.set(key, (entry = { port, reason, count: 0 }));
    entry.count++;
    const suppressed = this.rate.admit(key, this.nowMs());
    if (suppressed !== undefined) this.log.warn({ port, reason, ...facts, suppressed }, 'refused');
  }

  addMetrics(registry: Registry): void {
    const { counts } = this;
    new Counter({
      name: 'trireme_refusals_total',
      help: 'Callers refused for their credentials, by port and reason',
      labelNames: ['port', 'reason'],
      registers: [registry],
      collect() {
        this.reset();
        for (const { port, reason, count } of counts.values()) this.inc({ port, reason }, count);
      },
    });
  }
}
