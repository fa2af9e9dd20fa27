import { Counter, Gauge, type Registry } from 'prom-client';
import type { BusyTime } from '../../explain/optimum.js';
import type { Live } from './live.js';
import type { HistoryKind } from './types.js';

/** Adds what the live page measures to a registry: the distance to the optimum, and who looks. */
export function addLiveMetrics(registry: Registry, live: Live): void {
  const registers = [registry];
  const ofKinds = (name: string, help: string, value: (kind: HistoryKind) => number | null): void => {
    new Gauge({
      name: `trireme_hub_${name}`,
      help,
      labelNames: ['kind'],
      registers,
      collect() {
        this.reset();
        for (const [kind, row] of live.latestByKind()) this.set({ kind }, value(row) ?? NaN);
      },
    });
  };
  const ofBusyTime = (name: string, help: string, value: (busy: BusyTime) => number): void => {
    new Gauge({
      name: `trireme_hub_${name}`,
      help,
      registers,
      collect() {
        const busy = live.busy();
        this.set(busy === null ? NaN : value(busy));
      },
    });
  };
  ofKinds('job_p50_seconds', 'Median latency of the jobs answered in the last second', (kind) => kind.p50Seconds);
  ofKinds('job_p99_seconds', '99th percentile of the latency in the last second', (kind) => kind.p99Seconds);
  ofKinds(
    'pooled_p99_seconds',
    'p99 latency of one ideal queue before all slots: a lower reference for trireme_hub_job_p99_seconds',
    (kind) => kind.pooledP99Seconds,
  );
  ofBusyTime(
    'busy_seconds',
    'Time in which a worker had a job, of the busy time that runs, or of the last one',
    (busy) => busy.seconds,
  );
  ofBusyTime(
    'busy_bound_seconds',
    'What all slots together would need for the work of that time: the bound of the makespan',
    (busy) => busy.boundSeconds,
  );
  new Gauge({
    name: 'trireme_admin_event_listeners',
    help: 'Browsers that listen to the live page',
    registers,
    collect() {
      this.set(live.events.size);
    },
  });
  new Counter({
    name: 'trireme_admin_listeners_dropped_total',
    help: 'Browsers whose event stream was ended because they did not read',
    registers,
    collect() {
      this.reset();
      this.inc(live.events.dropped);
    },
  });
}
