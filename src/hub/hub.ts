import { randomInt, randomUUID } from 'node:crypto';
import type { Logger } from '../common/logging.js';
import { resultBytesDefault } from '../kinds/kind.js';
import { kinds } from '../kinds/registry.js';
import { auditsOf } from './audits-of.js';
import { attachService } from './attach/attach-service.js';
import { censusOf, type HubCensus } from './watch/census.js';
import { clusterService } from './watch/cluster-service.js';
import { Dispatcher } from './dispatch/dispatcher.js';
import { explainMethods } from './watch/explain-service.js';
import { hubOptionsDefault, type HubOptions } from './port/options.js';
import { Picker } from './picking/picker.js';
import type { PickingOptions } from './picking/options.js';
import { Roster } from './attach/roster.js';
import { realScheduler, type Scheduler } from './port/scheduler.js';
import { shareReports } from './shares/share-report.js';
import { snapshotHub } from './watch/snapshot.js';
import type { KindCapacity } from './port/hub.js';
import type { WatchedHub } from './watch/live/live.js';
import type { WorkerStream, WorkerStreamEvents } from './port/worker-stream.js';

/** A hub whose workers may also be attached by hand: tests attach streams that they script. */
export interface AttachableHub extends WatchedHub {
  attach(stream: WorkerStream): WorkerStreamEvents;
  /** What is held for the sake of jobs: simulations look whether it is nothing in the end. */
  census(): HubCensus;
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
  const audits = auditsOf(bounds, { dispatcher: () => dispatcher, roster: () => roster, scheduler }, log);
  const dispatcher = new Dispatcher(bounds, picker, scheduler, audits);
  const roster = new Roster(id, bounds, dispatcher, picker, scheduler, log);
  if (audits !== null) roster.listeners.add(() => audits.workersChanged());
  const { picks, optimum } = dispatcher.life;
  const { offered } = dispatcher;
  const explain = explainMethods(
    picks,
    (kind) => dispatcher.kindState(kind).counters.name,
    (kind) => offered.unitOf(kind),
  );
  let closing: Promise<void> | null = null;

  const told = {
    snapshot: () => snapshotHub(dispatcher, roster, picker),
    offeredKinds: () => dispatcher.offered.list(),
    shares: () => bounds.shares && shareReports(bounds.shares.all, scheduler.now()),
  };
  const hub: AttachableHub = {
    id,
    ...told,
    services: [attachService((stream) => roster.attach(stream), log), clusterService(told, explain)],
    picks,
    optimum,
    kindState: (kind) => dispatcher.kindState(kind),
    census: () => censusOf(dispatcher, picker),
    fleetSpeeds: () => picker.fleetSpeeds(),
    attach: (stream) => roster.attach(stream),
    submit: (kind, units, payload, timeoutSeconds, avoidWorker, sink, tag, pinned) =>
      dispatcher.submit(kind, units, payload, timeoutSeconds, avoidWorker, sink, tag, pinned),
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
    capacity: (kind) => {
      const able: KindCapacity[] = [];
      for (const { state, heartbeat, index, hello } of roster.workers) {
        if (state !== 'SERVING' || !hello.kinds.some((offer) => offer.kind === kind)) continue;
        able.push({ slots: heartbeat.slots, secondsPerUnit: picker.secondsPerUnit(index, kind) });
      }
      return able;
    },
    kindIndex: (kind, version) => dispatcher.offered.find(kind, version),
    kindTerms: (kind) => dispatcher.offered.offeredTerms(kind),
    quarantined: (worker) => dispatcher.byNumber.get(worker)?.state === 'QUARANTINED',
    workerName: (worker) => dispatcher.byNumber.get(worker)?.hello.name ?? '',
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
        dispatcher.endings.onIdle = () => {
          cancelTimer();
          resolve();
        };
      });
    }
    roster.closeAll();
  }

  return hub;
}
