import type { AttachedWorker } from './attached-worker.js';
import type { Dispatcher } from './dispatcher.js';
import type { Picker } from './picker.js';
import type { Roster } from './roster.js';
import type { HubSnapshot, WorkerSnapshot } from './types.js';

/** The state of a hub as plain data. */
export function snapshotHub(dispatcher: Dispatcher, roster: Roster, picker: Picker): HubSnapshot {
  return {
    workers: [...roster.workers].map((worker) => snapshotWorker(worker, picker)),
    jobsWaiting: dispatcher.waiting,
    jobsLive: dispatcher.table.live,
    kinds: [...dispatcher.kinds.values()].map(({ counters }) => ({ ...counters })),
    workersJoined: roster.joined,
    workersLost: roster.lost,
    workersCut: roster.cut,
    draining: dispatcher.draining,
  };
}

function snapshotWorker(worker: AttachedWorker, picker: Picker): WorkerSnapshot {
  const { hello, heartbeat, index } = worker;
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
    backlogSeconds: picker.backlogSeconds(index),
    windowSeconds: picker.windowSeconds(index),
    roundTripSeconds: picker.roundTripSeconds(index),
    picks: worker.picks,
    lastHeartbeatMs: worker.lastHeartbeatMs,
    kinds: hello.kinds.map(({ kind, name }) => ({
      kind,
      name,
      secondsPerUnit: picker.secondsPerUnit(index, kind),
      done: worker.done.get(kind) ?? 0,
      failed: worker.failed.get(kind) ?? 0,
    })),
  };
}
