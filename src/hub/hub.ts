import { randomInt, randomUUID } from 'node:crypto';
import type { Logger } from '../common/logging.js';
import { resultBytesDefault } from '../kinds/kind.js';
import { kinds } from '../kinds/registry.js';
import { auditsOf } from './audit/audits-of.js';
import { attachService } from './attach-service.js';
import { censusOf, type HubCensus } from './census.js';
import { clusterService } from './cluster-service.js';
import { Dispatcher } from './dispatcher.js';
import type { Optimum } from './explain/optimum.js';
import type { PickLog } from './explain/pick-log.js';
import { explainMethods } from './explain/service.js';
import { hubOptionsDefault, type HubOptions } from './options.js';
import type { KindState } from './kind-state.js';
import { Picker, type FleetSpeed } from './picking/picker.js';
import type { PickingOptions } from './picking/options.js';
import { Roster } from './roster.js';
import { realScheduler, type Scheduler } from './scheduler.js';
import { snapshotHub } from './snapshot.js';
import type { Hub } from './types.js';
import type { WorkerStream, WorkerStreamEvents } from './worker-stream.js';

/** A hub whose workers may also be attached by hand: tests attach streams that they script. */
export interface AttachableHub extends Hub {
  attach(stream: WorkerStream): WorkerStreamEvents;
  /** What the live page and the metrics read beside snapshots. */
  readonly picks: PickLog;
  /** Jobs submitted and not answered. */
  readonly jobsLive: number;
  readonly optimum: Optimum;
  /** Made at its first mention, and kept. */
  kindState(kind: number): KindState;
  /** What is held for the sake of jobs: simulations look whether it is nothing in the end. */
  census(): HubCensus;
  /** What all workers together could do now. */
  fleetSpeeds(): FleetSpeed[];
}

/** Makes a hub; it serves workers once its services are served. */
export function createHub(
  log: Logger,
  options: Partial<HubOptions> = {},
  scheduler: Scheduler = realScheduler,
  picking: Partial<PickingOptions> = {},
): AttachableHub {
  const id = randomUUID();
  const kindNames = new Map(
    kinds()
      .all()
      .map(({ number, name }) => [number, name]),
  );
  const bounds: HubOptions = {
    ...hubOptionsDefault,
    kindNames,
    auditSeed: randomInt(2 ** 32),
    incarnation: randomInt(1, 2 ** 32),
    shortIdFirst: randomInt(2 ** 32),
    auditOf: (kind) => kinds().get(kind)?.audit,
    resultBytesOf: (kind) => kinds().get(kind)?.resultBytesMax ?? resultBytesDefault,
    ...options,
  };
  const picker = new Picker({ ...picking, jobsOutstandingMax: bounds.jobsOutstandingMax });
  const dispatcher = new Dispatcher(bounds, picker, scheduler);
  const roster = new Roster(id, bounds, dispatcher, picker, scheduler, log);
  const explain = explainMethods(dispatcher.picks, (kind) => dispatcher.kindState(kind).counters.name);
  dispatcher.audits = auditsOf(bounds, dispatcher, roster, scheduler, log);
  let closing: Promise<void> | null = null;

  const hub: AttachableHub = {
    id,
    services: [attachService((stream) => roster.attach(stream), log), clusterService(() => hub.snapshot(), explain)],
    picks: dispatcher.picks,
    optimum: dispatcher.optimum,
    kindState: (kind) => dispatcher.kindState(kind),
    census: () => censusOf(dispatcher, picker),
    fleetSpeeds: () => picker.fleetSpeeds(),
    attach: (stream) => roster.attach(stream),
    submit: (kind, units, payload, timeoutSeconds, avoidWorker, sink, tag) =>
      dispatcher.submit(kind, units, payload, timeoutSeconds, avoidWorker, sink, tag),
    cancel: (job) => dispatcher.cancel(job),
    get jobsLive() {
      return dispatcher.table.live;
    },
    get jobsWaiting() {
      return dispatcher.waiting;
    },
    widenWindows: (seconds) => picker.widenWindows(seconds),
    workersReady: (kind) => {
      let ready = 0;
      for (const worker of roster.workers) {
        if (worker.state !== 'SERVING') continue;
        if (kind === undefined || worker.hello.kinds.some((offer) => offer.kind === kind)) ready++;
      }
      return ready;
    },
    workerName: (worker) => dispatcher.byNumber.get(worker)?.hello.name ?? '',
    snapshot: () => snapshotHub(dispatcher, roster, picker),
    onWorkersChanged: (listener) => {
      roster.listeners.add(listener);
      return () => roster.listeners.delete(listener);
    },
    close: (graceMs) => (closing ??= close(graceMs)),
  };

  async function close(graceMs: number): Promise<void> {
    dispatcher.draining = true;
    if (dispatcher.table.live > 0) {
      await new Promise<void>((resolve) => {
        const cancelTimer = scheduler.after(graceMs / 1000, () => {
          log.warn({ jobsLive: dispatcher.table.live, graceMs }, 'jobs cut off at the end of the grace time');
          dispatcher.failAll();
        });
        dispatcher.onIdle = () => {
          cancelTimer();
          resolve();
        };
      });
    }
    roster.closeAll();
  }

  return hub;
}
