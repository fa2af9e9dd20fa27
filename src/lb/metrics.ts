import { Counter, Gauge, type Metric, type Registry } from 'prom-client';
import type { KindState } from '../hub/jobs/kind-state.js';
import { bucketBoundsSeconds } from '../hub/jobs/latency-histogram.js';
import type { JobAdmission } from './job-admission.js';
import type { JobExemplar, JobExemplars } from './job-exemplars.js';
import type { ServedJobService } from './job-service.js';
import type { TcpFront } from './tcp-front.js';

/** Adds the metrics of the lb's own parts: clients, latencies, offences. The hub's are in src/hub/watch/metrics.ts. */
export function addLbMetrics(
  registry: Registry,
  front: TcpFront,
  jobs: ServedJobService,
  admission: Pick<JobAdmission, 'used'>,
  clientKinds: readonly KindState[],
  exemplars: JobExemplars,
): void {
  const registers = [registry];
  new Gauge({
    name: 'trireme_lb_connections',
    help: 'Open TCP connections, by framing',
    labelNames: ['framing'],
    registers,
    collect() {
      for (const [framing, count] of Object.entries(front.connectionCounts())) this.set({ framing }, count);
    },
  });
  new Counter({
    name: 'trireme_lb_connections_accepted_total',
    help: 'TCP connections accepted',
    registers,
    collect() {
      this.reset();
      this.inc(front.connectionsAccepted);
    },
  });
  new Gauge({
    name: 'trireme_lb_job_streams',
    help: 'Open RunJobs streams',
    registers,
    collect() {
      this.set(jobs.streams.size);
    },
  });
  new Gauge({
    name: 'trireme_lb_jobs_outstanding',
    help: 'Jobs of all clients that are with the hub',
    registers,
    collect() {
      this.set(admission.used);
    },
  });
  front.offences.addMetric(registry, 'trireme_lb_offences_total', 'Clients closed or refused, by reason');
  registry.registerMetric(latencyMetric(clientKinds, exemplars));
}

interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly exemplar?: JobExemplar;
}

/** Our histograms in the form in which a registry reads its own. */
function latencyMetric(kinds: readonly KindState[], exemplars: JobExemplars): Metric {
  const name = 'trireme_lb_job_seconds';
  const help = 'Seconds from the submit of a job to its result, by kind';
  const get = (): unknown => {
    const values: Sample[] = [];
    for (const { counters, latency: histogram } of kinds) {
      const labels = { kind: counters.name };
      let cumulative = 0;
      [...bucketBoundsSeconds, '+Inf'].forEach((le, bucket) => {
        cumulative += histogram.counts[bucket];
        const exemplar = exemplars.of(counters.name, bucket);
        values.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: cumulative, exemplar });
      });
      values.push({ metricName: `${name}_sum`, labels, value: histogram.sumSeconds });
      values.push({ metricName: `${name}_count`, labels, value: histogram.count });
    }
    return { name, help, type: 'histogram', values, aggregator: 'sum' };
  };
  return { name, help, type: 'histogram', labelNames: ['kind'], get } as unknown as Metric;
}
