import { collectDefaultMetrics, type Registry } from 'prom-client';

/**
 * Gauges among prom-client's own whose names end as those of counters do, so that tools take them for counters. The same is
 * told, by kind, by nodejs_active_handles, nodejs_active_requests and nodejs_active_resources.
 */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Adds what every Node program can tell of itself: CPU, memory, descriptors, garbage collection, event loop. */
export function addProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
}
