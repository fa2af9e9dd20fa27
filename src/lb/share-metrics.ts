import { Counter, Gauge, type Registry } from 'prom-client';
import type { ShareReport } from '../hub/shares/share-report.js';

/** Adds what clients have of the workers. @param report of the clients that are named, and of the others as one */
export function addShareMetrics(registry: Registry, report: () => readonly ShareReport[]): void {
  const registers = [registry];
  const labelNames = ['client'];
  const gauge = (name: string, help: string, of: (one: ShareReport) => number): void =>
    void new Gauge({
      ...{ name, help, labelNames, registers },
      collect() {
        this.reset();
        for (const one of report()) this.set({ client: one.client }, of(one));
      },
    });
  gauge('trireme_share_weight', 'Weight of a client', ({ weight }) => weight);
  gauge('trireme_share_jobs_waiting', 'Jobs of a client that wait for a worker', ({ waiting }) => waiting);
  gauge('trireme_share_jobs_running', 'Jobs of a client that are with workers', ({ running }) => running);
  gauge('trireme_share_wanted', 'Share of full workers that is due to a client by its weight', ({ wanted }) => wanted);
  gauge('trireme_share_had', 'Share that a client had of the seconds of the last minute', ({ had }) => had);
  new Counter({
    name: 'trireme_share_seconds_total',
    help: 'Seconds that workers measured of the jobs of a client',
    ...{ labelNames, registers },
    collect() {
      this.reset();
      for (const { client, secondsTotal } of report()) this.inc({ client }, secondsTotal);
    },
  });
}
