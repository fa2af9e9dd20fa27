import {
  AckPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  type Consumer,
  type JetStreamClient,
} from '@nats-io/jetstream';
import { Kvm, type KV, type KvOptions } from '@nats-io/kv';
import { Objm, type ObjectStore } from '@nats-io/obj';
import { nanos, type NatsConnection } from '@nats-io/transport-node';
import { TriremeError } from '../../common/errors.js';
import { ackWaitMs, chunksKeptMsMin, requestTimeoutMs } from './limits.js';

/** Names at the server. */
const stream = 'trireme_queue';
export const queueSubject = 'trireme.queue';
const consumerName = 'masters';
const recordsBucket = 'trireme_analyses';
const chunksBucket = 'trireme_chunks';
const resultsBucket = 'trireme_results';

/** What the ledger keeps at NATS: who waits, what is known, and the bytes. */
export interface NatsStore {
  readonly js: JetStreamClient;
  readonly queue: Consumer;
  readonly records: KV;
  readonly chunks: ObjectStore;
  readonly results: ObjectStore;
  /** Whether the servers that keep the chunks have caught up with one another. */
  chunksSettled(): Promise<boolean>;
}

/**
 * Opens what is there and makes what is not.
 * @param replicas servers that keep each message
 * @throws TriremeError STATE_FAILED, such as when JetStream is not switched on
 */
export async function openNatsStore(
  connection: NatsConnection,
  shown: string,
  replicas: number,
  keepMs: number,
): Promise<NatsStore> {
  try {
    const manager = await jetstreamManager(connection, { timeout: requestTimeoutMs });
    const js = jetstream(connection, { timeout: requestTimeoutMs });
    await openOrMake(
      () => manager.streams.info(stream),
      () =>
        manager.streams.add({
          name: stream,
          subjects: [queueSubject],
          retention: RetentionPolicy.Workqueue,
          num_replicas: replicas,
          max_age: nanos(keepMs),
        }),
    );
    await openOrMake(
      () => manager.consumers.info(stream, consumerName),
      () =>
        manager.consumers.add(stream, {
          durable_name: consumerName,
          ack_policy: AckPolicy.Explicit,
          ack_wait: nanos(ackWaitMs),
          max_ack_pending: 100_000,
        }),
    );
    const kvm = new Kvm(js);
    const kvOptions: Partial<KvOptions> = { history: 1, ttl: keepMs, replicas };
    const records = await openOrMake(
      () => openKnown(manager.streams.info(`KV_${recordsBucket}`), () => kvm.open(recordsBucket)),
      () => kvm.create(recordsBucket, kvOptions),
    );
    const objm = new Objm(js);
    const bucket = (name: string, ttlMs: number): Promise<ObjectStore> =>
      openOrMake(
        () => openKnown(manager.streams.info(`OBJ_${name}`), () => objm.open(name)),
        () => objm.create(name, { ttl: nanos(ttlMs), replicas }),
      );
    return {
      js,
      queue: await js.consumers.get(stream, consumerName),
      records,
      chunks: await bucket(chunksBucket, Math.max(2 * keepMs, chunksKeptMsMin)),
      results: await bucket(resultsBucket, keepMs),
      chunksSettled: async () => {
        const { cluster } = await manager.streams.info(`OBJ_${chunksBucket}`);
        // One server alone has what is on its disk.
        if (cluster?.replicas === undefined) return true;
        return cluster.leader !== undefined && cluster.replicas.every(({ current, offline }) => current && !offline);
      },
    };
  } catch (error) {
    const { message, name } = error as Error;
    const hint = /jetstream.*not|no responders|503/i.test(`${message} ${name}`) ? ' (nats-server needs -js)' : '';
    throw new TriremeError('STATE_FAILED', `--state ${shown} cannot be used: ${message || name}${hint}`, {
      cause: error,
    });
  }
}

async function openKnown<T>(info: Promise<unknown>, open: () => Promise<T>): Promise<T> {
  await info;
  return open();
}

/** Several masters start at once: who comes second finds it made. */
async function openOrMake<T>(open: () => Promise<T>, make: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch {
    try {
      return await make();
    } catch (failure) {
      return open().catch(() => {
        throw failure;
      });
    }
  }
}
