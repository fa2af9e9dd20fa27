import type { AttachedWorker } from '../workers/attached-worker.js';
import type { Dispatcher } from '../dispatch/dispatcher.js';
import type { OfferedKinds } from '../workers/offered-kinds.js';
import type { Picker } from '../picking/picker.js';
import type { Roster } from '../attach/roster.js';
import type { HubSnapshot, WorkerSnapshot } from '../port/snapshot.js';

/** The state of a hub as plain data. */
export function snapshotHub(dispatcher: Dispatcher, roster: Roster, picker: Picker): HubSnapshot {
  return {
    workers: [...roster.workers].map((worker) => snapshotWorker(worker, picker, dispatcher.offered)),
    jobsWaiting: dispatcher.waiting,
    jobsLive: dispatcher.table.live,
    kinds: [...dispatcher.lines.kinds.values()].map(({ counters }) => ({ ...counters })),
    workersJoined: roster.joined,
    workersLost: roster.lost,
    workersCut: roster.cut,
    workersSuspended: dispatcher.stalls.suspensions,
    workersQuarantined: roster.quarantine.count,
    audits: Object.fromEntries(
      [...(dispatcher.audits?.counts ?? [])].map(([kind, counts]) => [
        dispatcher.kindState(kind).counters.name,
        { ...counts },
      ]),
    ),
    draining: dispatcher.draining,
  };
}

function snapshotWorker(worker: AttachedWorker, picker: Picker, offered: OfferedKinds): WorkerSnapshot {
  const { hello, heartbeat } = worker;
  const picture = picker.picture(worker.index);
  const costs = new Map(picture.kinds.map((costs) => [costs.kind, costs]));
  return {
    number: worker.number,
    id: hello.workerId,
    name: hello.name,
    version: hello.version,
    address: worker.stream.address,
    host: hello.host,
    cpuModel: hello.cpuModel,
    memoryBytes: hello.memoryBytes,
    cores: hello.cores,
    state: worker.state,
    slots: heartbeat.slots,
    busy: heartbeat.busy,
    queued: heartbeat.queued,
    load: heartbeat.load,
    outstanding: worker.jobs.length,
    backlogSeconds: picture.backlogSeconds,
    windowSeconds: picture.windowSeconds,
    roundTripSeconds: picture.roundTripSeconds,
    picks: worker.picks,
    evidence: worker.evidence,
    lastHeartbeatMs: worker.lastHeartbeatMs,
    kinds: hello.kinds.map(({ kind, name, terms }) => ({
      kind: offered.numbers[kind],
      name,
      version: terms?.version ?? '',
      fixedSeconds: costs.get(kind)?.fixedSeconds ?? 0,
      secondsPerUnit: costs.get(kind)?.secondsPerUnit ?? 0,
      unit: offered.unitOf(kind),
      done: worker.doneOf(kind),
      failed: worker.failedOf(kind),
    })),
  };
}
