import { Counter, type Registry } from 'prom-client';
import type { Logger } from '../logging.js';
import { RateLimit } from '../rate-limit.js';
import type { CallEnded } from './connect-handlers.js';

/** Why a request was refused or a caller cut off. Each word is a label of trireme_http_offences_total. */
export type HttpOffence = 'connections' | 'host' | 'origin' | 'slow-reader';

/** Counts the calls and the offences of the port of --http, and logs a few of each sort of the latter. */
export class HttpCounts {
  private readonly offences = new Map<HttpOffence, number>();
  private readonly calls = new Map<string, { method: string; code: string; count: number }>();
  private readonly rate = new RateLimit();

  constructor(
    private readonly log: Logger,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  readonly ended: CallEnded = (method, code) => {
    const key = `${method} ${code}`;
    let entry = this.calls.get(key);
    if (entry === undefined) this.calls.set(key, (entry = { method, code, count: 0 }));
    entry.count++;
  };

  offence(offence: HttpOffence, facts: Readonly<Record<string, unknown>>): void {
    this.offences.set(offence, (this.offences.get(offence) ?? 0) + 1);
    const suppressed = this.rate.admit(offence, this.nowMs());
    if (suppressed !== undefined) this.log.warn({ port: 'http', offence, ...facts, suppressed }, 'caller refused');
  }

  addMetrics(registry: Registry): void {
    const { offences, calls } = this;
    new Counter({
      name: 'trireme_http_calls_total',
      help: 'Calls that came over HTTP and reached a service, by method and how they ended (OK, or a code of Connect)',
      labelNames: ['method', 'code'],
      registers: [registry],
      collect() {
        this.reset();
        for (const { method, code, count } of calls.values()) this.inc({ method, code }, count);
      },
    });
    new Counter({
      name: 'trireme_http_offences_total',
      help: 'Requests over HTTP refused and callers cut off, by reason (connections, host, origin, slow-reader)',
      labelNames: ['reason'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [reason, count] of offences) this.inc({ reason }, count);
      },
    });
  }
}
