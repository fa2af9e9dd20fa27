import { Counter, type Registry } from 'prom-client';
import type { Logger } from '../logging.js';
import { Offences } from '../offences.js';
import type { CallEnded } from './connect-handlers.js';

/** Why a request was refused or a caller cut off. Each word is a label of trireme_http_offences_total. */
export type HttpOffence = 'connections' | 'host' | 'origin' | 'slow-reader';

/** Counts the calls and the offences of the port of --http, and logs a few of each sort of the latter. */
export class HttpCounts {
  private readonly offences: Offences<HttpOffence>;
  private readonly calls = new Map<string, { method: string; code: string; count: number }>();

  constructor(log: Logger, nowMs?: () => number) {
    this.offences = new Offences(log, 'caller refused', nowMs);
  }

  readonly ended: CallEnded = (method, code) => {
    const key = `${method} ${code}`;
    let entry = this.calls.get(key);
    if (entry === undefined) this.calls.set(key, (entry = { method, code, count: 0 }));
    entry.count++;
  };

  offence(offence: HttpOffence, facts: Readonly<Record<string, unknown>>): void {
    this.offences.report(offence, { port: 'http', ...facts });
  }

  addMetrics(registry: Registry): void {
    const { calls } = this;
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
    this.offences.addMetric(
      registry,
      'trireme_http_offences_total',
      'Requests over HTTP refused and callers cut off, by reason (connections, host, origin, slow-reader)',
    );
  }
}
