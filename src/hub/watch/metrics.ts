import { Counter, Gauge, type Registry } from 'prom-client';
import type { Hub } from '../port/hub.js';
import type { HubSnapshot, KindCounters, WorkerSnapshot } from '../port/snapshot.js';
import { failureCounts } from './not-done.js';

/** One scrape asks for a dozen metrics; within this time they all read the same snapshot. */
const snapshotAgeMsMax = 100;

const outcomes = ['done', ...failureCounts] as const;

/** Adds a hub's metrics to a registry. Values are read from a snapshot when scraped; jobs cost nothing here. */
export function addHubMetrics(registry: Registry, hub: Hub): void {
  let latest: HubSnapshot | undefined;
  let takenMs = -Infinity;
  const snapshot = (): HubSnapshot => {
    const nowMs = performance.now();
    if (latest === undefined || nowMs - takenMs > snapshotAgeMsMax) {
      latest = hub.snapshot();
      takenMs = nowMs;
    }
    return latest;
  };
  const registers = [registry];

  const gauge = (name: string, help: string, value: (state: HubSnapshot) => number): void => {
    new Gauge({
      name: `trireme_hub_${name}`,
      help,
      registers,
      collect() {
        this.set(value(snapshot()));
      },
    });
  };
  const counter = (name: string, help: string, value: (state: HubSnapshot) => number): void => {
    new Counter({
      name: `trireme_hub_${name}_total`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(value(snapshot()));
      },
    });
  };
  const kindCounter = (name: string, help: string, value: (kind: KindCounters) => number): void => {
    new Counter({
      name: `trireme_hub_${name}_total`,
      help,
      labelNames: ['kind'],
      registers,
      collect() {
        this.reset();
        for (const kind of snapshot().kinds) this.inc({ kind: kind.name }, value(kind));
      },
    });
  };
  const workerGauge = (name: string, help: string, value: (worker: WorkerSnapshot) => number): void => {
    new Gauge({
      name: `trireme_worker_${name}`,
      help,
      labelNames: ['worker', 'id'],
      registers,
      collect() {
        this.reset();
        for (const worker of snapshot().workers) this.set({ worker: worker.name, id: worker.id }, value(worker));
      },
    });
  };

  type KindOfWorker = WorkerSnapshot['kinds'][number];
  /** Of each kind on each worker, where there is a value. */
  const kindGauge = (name: string, help: string, value: (kind: KindOfWorker) => number | null): void => {
    new Gauge({
      name: `trireme_worker_${name}`,
      help,
      labelNames: ['worker', 'id', 'kind'],
      registers,
      collect() {
        this.reset();
        for (const worker of snapshot().workers)
          for (const kind of worker.kinds) {
            const told = value(kind);
            if (told !== null) this.set({ worker: worker.name, id: worker.id, kind: kind.name }, told);
          }
      },
    });
  };

  gauge('jobs_waiting', 'Jobs that wait for a worker that may take them', (state) => state.jobsWaiting);
  gauge('jobs_live', 'Jobs submitted and not answered', (state) => state.jobsLive);
  counter('workers_joined', 'Workers that have joined', (state) => state.workersJoined);
  counter('workers_lost', 'Workers that were lost', (state) => state.workersLost);
  counter('suspensions', 'Workers suspended because they answered no job', (state) => state.workersSuspended);
  counter('quarantines', 'Workers found lying', (state) => state.workersQuarantined);
  counter('workers_cut', 'Workers cut off because they broke the protocol', (state) => state.workersCut);
  kindCounter('jobs_submitted', 'Jobs submitted, by kind', (kind) => kind.submitted);
  kindCounter('picks', 'Jobs given to a worker, first attempts and later ones', (kind) => kind.picks);
  kindCounter('copies', 'Jobs given to one more worker while theirs took too long', (kind) => kind.copies);
  kindCounter('probes', 'Jobs given to a suspended worker as well, to see if it answers', (kind) => kind.probes);
  kindCounter('copies_won', 'Copies whose answer came first', (kind) => kind.copiesWon);
  kindCounter('copies_wasted_seconds', 'Seconds spent on jobs that another answered', (kind) => kind.wastedSeconds);
  kindCounter('recalls', 'Jobs asked back from a worker that took too long', (kind) => kind.recalls);
  kindCounter('retries', 'Attempts after the first', (kind) => kind.retries);
  kindCounter('not_run', 'Jobs that a worker gave back without running them', (kind) => kind.notRun);
  kindCounter('duplicates', 'Results for a job that was answered already', (kind) => kind.duplicates);
  new Counter({
    name: 'trireme_hub_jobs_total',
    help: 'Jobs that have ended, by kind and outcome',
    labelNames: ['kind', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const kind of snapshot().kinds)
        for (const outcome of outcomes) this.inc({ kind: kind.name, outcome }, kind[outcome]);
    },
  });
  new Counter({
    name: 'trireme_hub_audits_total',
    help: 'Answers chosen for an audit, by kind and what became of it',
    labelNames: ['kind', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const [kind, counts] of Object.entries(snapshot().audits))
        for (const [outcome, count] of Object.entries(counts)) this.inc({ kind, outcome }, count);
    },
  });
  new Gauge({
    name: 'trireme_hub_workers',
    help: 'Workers by state',
    labelNames: ['state'],
    registers,
    collect() {
      this.reset();
      for (const state of ['SERVING', 'SILENT', 'SUSPENDED', 'DRAINING', 'QUARANTINED']) this.set({ state }, 0);
      for (const worker of snapshot().workers) this.inc({ state: worker.state });
    },
  });
  workerGauge('slots', 'Jobs that the worker runs at once', (worker) => worker.slots);
  workerGauge('busy', 'Jobs that the worker says it runs', (worker) => worker.busy);
  workerGauge('outstanding', 'Jobs given and not answered', (worker) => worker.outstanding);
  workerGauge('backlog_seconds', 'Expected seconds of those jobs', (worker) => worker.backlogSeconds);
  workerGauge('window_seconds', 'Seconds of work that the hub would have it hold', (worker) => worker.windowSeconds);
  workerGauge('round_trip_seconds', 'Round trip to the worker', (worker) => worker.roundTripSeconds);
  workerGauge('picks', 'Jobs given to the worker since it joined', (worker) => worker.picks);
  kindGauge('cost_seconds', 'Expected seconds of one unit of a kind on a worker', (kind) => kind.secondsPerUnit);
  kindGauge(
    'fixed_cost_seconds',
    'Expected seconds of a job beside those of its units, of kinds whose jobs have a size',
    ({ fixedSeconds }) => (fixedSeconds > 0 ? fixedSeconds : null),
  );
}
