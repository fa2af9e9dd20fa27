import { Counter, Gauge, type Registry } from 'prom-client';
import type { QueueFront } from './queue-front.js';

/** Adds the metrics of the queue of a load balancer that has one. */
export function addQueueMetrics(registry: Registry, queue: QueueFront): void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: (queue: QueueFront) => number): void => {
    new Gauge({
      name: `trireme_lb_queue_${name}`,
      help,
      registers,
      collect() {
        this.set(value(queue));
      },
    });
  };
  gauge('usable', '1 while jobs can be taken from the queue, 0 while NATS keeps them', ({ trouble }) =>
    trouble === null ? 1 : 0,
  );
  gauge('jobs', 'Jobs in the queue at NATS, of any kind, those that run among them', ({ jobsQueued }) => jobsQueued);
  gauge('jobs_outstanding', 'Jobs of the queue that this load balancer has', ({ inFlight }) => inFlight);
  new Gauge({
    name: 'trireme_lb_queue_jobs_waiting',
    help: 'Jobs at NATS that no load balancer has, by kind; of kinds that workers offer',
    labelNames: ['kind'],
    registers,
    collect() {
      this.reset();
      for (const { kind, waiting } of queue.pulls.values()) this.set({ kind }, waiting);
    },
  });
  new Counter({
    name: 'trireme_lb_queue_deliveries_total',
    help: 'Deliveries from the queue, by outcome: done, dead (a dead letter), again (later), answered (from its record), left (to the load balancer that has it)',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries(queue.outcomes)) this.inc({ outcome }, count);
    },
  });
}
