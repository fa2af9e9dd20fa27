import {
  AckPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  DiscardPolicy,
  type Consumer,
  type ConsumerInfo,
  type JetStreamClient,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import { headers, millis, nanos, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { decodeRecord, encodeRecord, type JobRecord } from './job-record.js';
import { isConflict, pause } from './nats-link.js';
import type { QueueNames } from './queue-names.js';
import { ensureConsumer, ensureStream, type StreamMaker } from './streams.js';

/** Time for one request to NATS; then it is tried again. */
const requestTimeoutMs = 3_000;

/** Bytes of the longest payload of any kind, and as much for its headers as a server takes by default. */
export const queuedBytesMax = 4 * 2 ** 20 + 64 * 1024;

/**
 * Bytes of jobs that wait or run, of records, and of dead letters. Past them NATS refuses what comes, and
 * nothing is dropped.
 */
const streamBytesMax = { jobs: 2 ** 30, records: 2 ** 30, dead: 2 ** 28 };

/** A dead letter is kept so long for somebody to look at. */
const deadKeptMs = 30 * 86_400_000;

/** A job that is put again with an id is dropped by NATS within this time; later ones are answered from its record. */
const duplicateWindowMs = 120_000;

/** Jobs of a kind that load balancers have, or that are delayed. */
const ackPendingMax = 100_000;

/**
 * Before a stream that was removed is made anew: nats-server 2.9 removes the files of the old one after it
 * has said that it did.
 */
const remakePauseMs = 1_500;

/** A record, and the number of its write. */
export interface FoundRecord {
  readonly record: JobRecord;
  readonly revision: number;
}

/** What a queue consists of now. */
export interface StoreState {
  /** What was not there and has been made. */
  readonly made: readonly string[];
  /** When the bucket of records was made, in ms since 1970, and how long it keeps each. */
  readonly recordsSinceMs: number;
  readonly recordsKeptMs: number;
  /** Jobs that wait or run. */
  readonly jobs: number;
}

/** A queue of jobs at NATS: a work queue, the records of its jobs, and its dead letters. */
export class JobStore {
  /** All of it was there. */
  private wasThere = false;

  private constructor(
    private readonly manager: JetStreamManager,
    private readonly js: JetStreamClient,
    private readonly names: QueueNames,
    private readonly makers: readonly StreamMaker[],
    private readonly records: KV,
  ) {}

  /**
   * @param replicas servers that keep each message
   * @param keepMs how long records are kept
   */
  static async open(
    connection: NatsConnection,
    names: QueueNames,
    replicas: number,
    keepMs: number,
  ): Promise<JobStore> {
    const manager = await jetstreamManager(connection, { timeout: requestTimeoutMs, checkAPI: false });
    const js = jetstream(connection, { timeout: requestTimeoutMs });
    const kvm = new Kvm(js);
    const { records, jobsStream, deadStream } = names;
    const stream = (config: Partial<StreamConfig> & { readonly name: string }): StreamMaker => ({
      name: config.name,
      make: () => manager.streams.add({ num_replicas: replicas, discard: DiscardPolicy.New, ...config }),
    });
    const bucket = { history: 1, ttl: keepMs, max_bytes: streamBytesMax.records, replicas, allow_direct: false };
    return new JobStore(
      manager,
      js,
      names,
      [
        // First: a record is older than the bucket only if that was made anew.
        { name: `KV_${records}`, make: () => kvm.create(records, bucket) },
        stream({
          name: jobsStream,
          subjects: [names.jobs('*')],
          retention: RetentionPolicy.Workqueue,
          max_bytes: streamBytesMax.jobs,
          max_msg_size: queuedBytesMax,
          duplicate_window: nanos(duplicateWindowMs),
        }),
        stream({
          name: deadStream,
          subjects: [names.dead('*', '*')],
          max_bytes: streamBytesMax.dead,
          max_age: nanos(deadKeptMs),
        }),
      ],
      // Read at the leader alone: other replicas may be behind.
      await kvm.open(records, { allow_direct: false }),
    );
  }

  /** Makes what is not there, and says what is. @throws what NATS says against it */
  async ensure(): Promise<StoreState> {
    const made: string[] = [];
    let [recordsSinceMs, recordsKeptMs, jobs] = [0, Infinity, 0];
    for (const maker of this.makers) {
      const { info, isNew } = await ensureStream(this.manager, {
        name: maker.name,
        make: async () => {
          if (this.wasThere) await pause(remakePauseMs);
          return maker.make();
        },
      });
      if (isNew) made.push(maker.name);
      if (maker === this.makers[0]) {
        recordsSinceMs = Date.parse(info.created);
        recordsKeptMs = info.config.max_age === 0 ? Infinity : millis(info.config.max_age);
      }
      if (maker === this.makers[1]) jobs = info.state.messages;
    }
    this.wasThere = true;
    return { made, recordsSinceMs, recordsKeptMs, jobs };
  }

  /** The consumer of a kind, which is made where it is not there. @param ackWaitMs the wait that it is to have */
  async ensureConsumer(kind: string, ackWaitMs: number): Promise<ConsumerInfo> {
    const { info } = await ensureConsumer(this.manager, this.names.jobsStream, {
      durable_name: kind,
      filter_subject: this.names.jobs(kind),
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ackWaitMs),
      max_ack_pending: ackPendingMax,
      max_deliver: -1,
    });
    return info;
  }

  /** The load balancer that came last says how long the wait is. */
  async setAckWait(kind: string, ackWaitMs: number): Promise<void> {
    await this.manager.consumers.update(this.names.jobsStream, kind, { ack_wait: nanos(ackWaitMs) });
  }

  consumer(kind: string): Promise<Consumer> {
    return this.js.consumers.get(this.names.jobsStream, kind);
  }

  /** Puts a job into the queue. @returns false: a job of this id is there already, or was within duplicateWindowMs */
  async put(kind: string, payload: Uint8Array, head: MsgHdrs): Promise<boolean> {
    const { duplicate } = await this.js.publish(this.names.jobs(kind), payload, { headers: head });
    return !duplicate;
  }

  async read(key: string): Promise<FoundRecord | null> {
    const entry = await this.records.get(key);
    if (entry?.operation !== 'PUT') return null;
    return { record: decodeRecord(entry.value, key), revision: entry.revision };
  }

  /**
   * Writes a record if the last write is the one that is known; null: if there is none.
   * @returns the number of this write @throws a conflict, or what NATS says against it
   */
  write(key: string, record: JobRecord, known: number | null): Promise<number> {
    const value = encodeRecord(record);
    return known === null ? this.records.create(key, value) : this.records.update(key, value, known);
  }

  /** Publishes a dead letter, once: one that is there already stays as it is. */
  async bury(kind: string, key: string, payload: Uint8Array, head: MsgHdrs): Promise<void> {
    try {
      await this.js.publish(this.names.dead(kind, key), payload, {
        headers: head,
        expect: { lastSubjectSequence: 0 },
      });
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}

/** Headers of a message. Values have no line breaks: those would begin another header. */
export function queueHead(values: Readonly<Record<string, string | undefined>>): MsgHdrs {
  const head = headers();
  for (const [name, value] of Object.entries(values))
    if (value !== undefined) head.set(name, value.replaceAll(/[\r\n]+/g, ' '));
  return head;
}
