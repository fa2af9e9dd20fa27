import type * as grpc from '@grpc/grpc-js';
import type { ServedService } from '../../common/grpc-server.js';
import {
  ClusterServiceService,
  type KindTotals,
  type LieEvidence,
  type ListKindsRequest,
  type ListKindsResponse,
  type ListSharesRequest,
  type ListSharesResponse,
  type ListWorkersRequest,
  type ListWorkersResponse,
  type OfferedKind as OfferedKindMessage,
  type WatchWorkersRequest,
  type WatchWorkersResponse,
  type WorkerInfo,
} from '../../gen/trireme/v1/worker.js';
import type { ExplainMethods } from './explain-service.js';
import type { WatchedHub } from './live/live.js';
import type { OfferedKind } from '../port/hub.js';
import type { Evidence, KindCounters, WorkerSnapshot } from '../port/snapshot.js';
import { notDoneOf } from './not-done.js';

const watchIntervalMsDefault = 1000;
/** A list is built for each watcher: more often than this and watching would cost more than working. */
const watchIntervalMsMin = 100;
/** Node's timers take 31 bits of milliseconds, and make 1 ms of more; an hour is as good as never. */
const watchIntervalMsMax = 3_600_000;

/** ClusterService over gRPC, from what the hub says of itself. */
export function clusterService(
  hub: Pick<WatchedHub, 'snapshot' | 'offeredKinds' | 'shares'>,
  explain: ExplainMethods,
): ServedService {
  return {
    definition: ClusterServiceService,
    implementation: {
      ...explain,
      listWorkers: (
        _call: grpc.ServerUnaryCall<ListWorkersRequest, ListWorkersResponse>,
        answer: grpc.sendUnaryData<ListWorkersResponse>,
      ): void => answer(null, { workers: hub.snapshot().workers.map(workerInfo) }),
      listKinds: (
        _call: grpc.ServerUnaryCall<ListKindsRequest, ListKindsResponse>,
        answer: grpc.sendUnaryData<ListKindsResponse>,
      ): void => answer(null, { kinds: hub.offeredKinds().map(kindInfo) }),
      listShares: (
        _call: grpc.ServerUnaryCall<ListSharesRequest, ListSharesResponse>,
        answer: grpc.sendUnaryData<ListSharesResponse>,
      ): void => {
        const shares = hub.shares();
        answer(null, { shared: shares !== null, clients: [...(shares ?? [])] });
      },
      watchWorkers: (call: grpc.ServerWritableStream<WatchWorkersRequest, WatchWorkersResponse>): void => {
        let held = false;
        const send = (): void => {
          // A watcher that does not read misses lists; they are not kept for it.
          if (held) return;
          const { workers, jobsWaiting, kinds } = hub.snapshot();
          held = !call.write({
            workers: workers.map(workerInfo),
            jobsWaiting,
            kinds: kinds.filter(({ submitted }) => submitted > 0).map(kindTotals),
          });
        };
        const asked = call.request.intervalMs || watchIntervalMsDefault;
        const intervalMs = Math.min(Math.max(asked, watchIntervalMsMin), watchIntervalMsMax);
        const timer = setInterval(send, intervalMs);
        const stop = (): void => clearInterval(timer);
        call.on('drain', () => (held = false));
        call.on('cancelled', stop);
        call.on('close', stop);
        call.on('error', stop);
        send();
      },
    },
  };
}

function kindTotals(counters: KindCounters): KindTotals {
  const { name, submitted, done } = counters;
  const notDone = Object.entries(notDoneOf(counters)).map(([reason, count]) => [reason, BigInt(count)]);
  return {
    name,
    submitted: BigInt(submitted),
    done: BigInt(done),
    notDone: Object.fromEntries(notDone) as Record<string, bigint>,
  };
}

function kindInfo({ number, terms, ...offered }: OfferedKind): OfferedKindMessage {
  return { kind: number, ...offered, terms: terms ?? undefined };
}

function workerInfo(worker: WorkerSnapshot): WorkerInfo {
  return {
    id: worker.id,
    name: worker.name,
    version: worker.version,
    address: worker.address,
    state: worker.state,
    slots: worker.slots,
    busy: worker.busy,
    queued: worker.queued,
    load: worker.load,
    outstanding: worker.outstanding,
    backlogSeconds: worker.backlogSeconds,
    windowSeconds: worker.windowSeconds,
    roundTripSeconds: worker.roundTripSeconds,
    lastHeartbeat: new Date(worker.lastHeartbeatMs).toISOString(),
    kinds: worker.kinds.map((kind) => ({ ...kind, done: BigInt(kind.done), failed: BigInt(kind.failed) })),
    cpuModel: worker.cpuModel,
    memoryBytes: worker.memoryBytes,
    host: worker.host,
    evidence: worker.evidence === null ? undefined : evidenceMessage(worker.evidence),
  };
}

function evidenceMessage({ kind, job, answer, othersAnswer, others, atMs }: Evidence): LieEvidence {
  return { kind, job, answer, othersAnswer, others: [...others], at: new Date(atMs).toISOString() };
}
