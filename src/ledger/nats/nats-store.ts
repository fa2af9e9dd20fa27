import {
  AckPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import { Kvm, type KV, type KvOptions } from '@nats-io/kv';
import { Objm, type ObjectStore } from '@nats-io/obj';
import { nanos, type NatsConnection } from '@nats-io/transport-node';
import { TriremeError } from '../../common/errors.js';
import {
  ensureConsumer,
  ensureStream,
  nullIfMissing,
  type ConsumerMaker,
  type StreamMaker,
} from '../../nats/streams.js';
import { ackWaitMs } from './lease-times.js';

/** Time for one request to NATS; then it is tried again, after retryMs. */
export const requestTimeoutMs = 3_000;

/** One pull waits so long at the server. */
export const pullMs = 2_000;

/** Chunks of an analysis that nobody ended are dropped after this time, or twice --keep if that is longer. */
const chunksKeptMsMin = 7 * 86_400_000;

/** Names at the server. */
const queueStream = 'trireme_queue';
export const queueSubject = 'trireme.queue';
const consumerName = 'masters';
const consumerConfig: ConsumerMaker = {
  durable_name: consumerName,
  ack_policy: AckPolicy.Explicit,
  ack_wait: nanos(ackWaitMs),
  max_ack_pending: 100_000,
};
const recordsBucket = 'trireme_analyses';
const chunksBucket = 'trireme_chunks';
const resultsBucket = 'trireme_results';

export interface StoreState {
  /** Streams, and the queue's consumer, that were not there and have been made. */
  readonly made: readonly string[];
  readonly streams: ReadonlyMap<string, StreamFacts>;
}

/** What the ledger keeps at NATS: who waits, what is known, and the bytes. */
export class NatsStore {
  private constructor(
    private readonly manager: JetStreamManager,
    readonly js: JetStreamClient,
    private readonly makers: readonly StreamMaker[],
    readonly records: KV,
    readonly chunks: ObjectStore,
    readonly results: ObjectStore,
  ) {}

  /**
   * Opens what is there and makes what is not.
   * @param replicas servers that keep each message
   * @throws TriremeError STATE_FAILED, such as when JetStream is not switched on
   */
  static async open(connection: NatsConnection, shown: string, replicas: number, keepMs: number): Promise<NatsStore> {
    try {
      const manager = await jetstreamManager(connection, { timeout: requestTimeoutMs });
      const js = jetstream(connection, { timeout: requestTimeoutMs });
      const kvm = new Kvm(js);
      const objm = new Objm(js);
      // Read at the leader alone: other replicas may be behind, or have lost what it has.
      const kvOptions: Partial<KvOptions> = { history: 1, ttl: keepMs, replicas, allow_direct: false };
      const bucket = (name: string, ttlMs: number): StreamMaker => ({
        name: `OBJ_${name}`,
        make: () => objm.create(name, { ttl: nanos(ttlMs), replicas }),
      });
      const queue = { name: queueStream, subjects: [queueSubject], retention: RetentionPolicy.Workqueue };
      const store = new NatsStore(
        manager,
        js,
        [
          {
            name: queueStream,
            make: () => manager.streams.add({ ...queue, num_replicas: replicas, max_age: nanos(keepMs) }),
          },
          { name: `KV_${recordsBucket}`, make: () => kvm.create(recordsBucket, kvOptions) },
          bucket(chunksBucket, Math.max(2 * keepMs, chunksKeptMsMin)),
          bucket(resultsBucket, keepMs),
        ],
        await kvm.open(recordsBucket, { allow_direct: false }),
        await objm.open(chunksBucket, false),
        await objm.open(resultsBucket, false),
      );
      await store.ensure();
      return store;
    } catch (error) {
      const { message, name } = error as Error;
      const hint = /jetstream.*not|no responders|503/i.test(`${message} ${name}`) ? ' (nats-server needs -js)' : '';
      throw new TriremeError('STATE_FAILED', `--state ${shown} cannot be used: ${message || name}${hint}`, {
        cause: error,
      });
    }
  }

  /** Makes what is not there any more, and says what is. @throws what NATS says against it */
  async ensure(): Promise<StoreState> {
    const made: string[] = [];
    const all = this.makers.map(async (maker) => {
      const { info, isNew } = await ensureStream(this.manager, maker);
      if (isNew) made.push(maker.name);
      return [maker.name, { created: info.created, lastSeq: info.state.last_seq }] as const;
    });
    const streams = new Map(await Promise.all(all));
    const { isNew } = await ensureConsumer(this.manager, queueStream, consumerConfig);
    if (isNew) made.push(`${queueStream} consumer`);
    return { made, streams };
  }

  /** The next analysis that waits; null: none came within pullMs, or before the signal. */
  async next(signal: AbortSignal): Promise<JsMsg | null> {
    const queue = await this.js.consumers.get(queueStream, consumerName);
    const messages = await queue.fetch({ max_messages: 1, expires: pullMs });
    const stop = (): void => void messages.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const message of messages) return message;
      return null;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Puts an analysis into the queue. @param unlike the same one is put there once within two minutes */
  async enqueue(id: string, unlike: string): Promise<void> {
    await this.js.publish(queueSubject, id, { msgID: unlike });
  }

  /** Ids of all analyses that are in the queue, whether a master has them or not. */
  async queuedIds(): Promise<Set<string>> {
    const ids = new Set<string>();
    for (let seq = 1; ;) {
      // The client's type knows one number or one subject; the server takes both together.
      const next = { seq, next_by_subj: queueSubject } as { readonly seq: number };
      const message = await this.manager.streams.getMessage(queueStream, next).catch(nullIfMissing);
      if (message === null) return ids;
      ids.add(message.string());
      seq = message.seq + 1;
    }
  }

  /** Whether the servers that keep the chunks have caught up with one another. */
  async chunksSettled(): Promise<boolean> {
    const { cluster } = await this.manager.streams.info(`OBJ_${chunksBucket}`);
    // One server alone has what is on its disk.
    if (cluster?.replicas === undefined) return true;
    return cluster.leader !== undefined && cluster.replicas.every(({ current, offline }) => current && !offline);
  }
}

/** What a stream says of itself. */
export interface StreamFacts {
  /** When it was made. */
  readonly created: string;
  /** Number of its last message; it only grows, unless what was acknowledged was lost. */
  readonly lastSeq: number;
}

/** What streams have lost between two looks at them, in words; null: nothing that can be seen. */
export function lossBetween(
  before: ReadonlyMap<string, StreamFacts>,
  now: ReadonlyMap<string, StreamFacts>,
): string | null {
  for (const [name, { created, lastSeq }] of now) {
    const known = before.get(name);
    if (known === undefined) continue;
    if (known.created !== created) return `${name} was removed and made anew`;
    if (lastSeq < known.lastSeq) return `${name} ends at message ${lastSeq}, and had ${known.lastSeq}`;
  }
  return null;
}
