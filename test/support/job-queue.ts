import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '../../src/nats/connect.js';
import type { JobRecord } from '../../src/nats/job-record.js';
import { JobStore, queueHead } from '../../src/nats/job-store.js';
import { natsUrl } from '../../src/nats/nats-url.js';
import { queueHeaders, queueNames, recordKey } from '../../src/nats/queue-names.js';
import type { NatsServer } from './nats-server.js';

/** What these servers are to a client: all of them. */
export const urlOf = (servers: readonly NatsServer[]): string =>
  `nats://${servers.map(({ url }) => url.replace('nats://', '')).join(',')}`;

export interface DeadLetter {
  readonly id: string;
  readonly error: string;
  readonly attempts: number;
  readonly payload: string;
}

/** A queue as a client of NATS sees it: it puts jobs and reads what became of them. */
export class QueueClient {
  readonly names = queueNames('trireme');

  private constructor(
    readonly connection: NatsConnection,
    readonly manager: JetStreamManager,
    private readonly store: JobStore,
  ) {}

  static async open(url: string, replicas = 1): Promise<QueueClient> {
    const connection = await connectNats(natsUrl(url), 'a test');
    const store = await JobStore.open(connection, queueNames('trireme'), replicas, 3_600_000);
    return new QueueClient(connection, await jetstreamManager(connection, { checkAPI: false }), store);
  }

  /** @returns false: NATS has it already */
  put(kind: string, payload: string, id?: string, more: Readonly<Record<string, string>> = {}): Promise<boolean> {
    return this.store.put(kind, Buffer.from(payload), queueHead({ [queueHeaders.id]: id, ...more }));
  }

  /** Without the client's bookkeeping: what anybody publishes. */
  async publish(kind: string, payload: string): Promise<number> {
    return (await jetstream(this.connection).publish(this.names.jobs(kind), payload)).seq;
  }

  async record(id: string): Promise<JobRecord | null> {
    return (await this.store.read(recordKey(id)))?.record ?? null;
  }

  /** How it ended; null: it has not. */
  async outcome(id: string): Promise<string | null> {
    const record = await this.record(id);
    if (record?.state === 'done') return record.result ?? `base64 ${record.resultBase64}`;
    return record?.state === 'dead' ? `dead: ${record.error.code}` : null;
  }

  /** All dead letters that there are. */
  async dead(): Promise<DeadLetter[]> {
    const found: DeadLetter[] = [];
    const { state } = await this.manager.streams.info(this.names.deadStream);
    for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq++) {
      const message = await this.manager.streams.getMessage(this.names.deadStream, { seq });
      if (message === null) continue;
      const head = (name: keyof typeof queueHeaders): string => message.header.get(queueHeaders[name]);
      found.push({
        ...{ id: head('job'), error: head('error'), attempts: Number(head('attempts')) },
        payload: message.string(),
      });
    }
    return found;
  }

  /** Jobs that wait or run. */
  async queued(): Promise<number> {
    return (await this.manager.streams.info(this.names.jobsStream)).state.messages;
  }
}

/**
 * Kinds of a folder for a queue: one whose jobs may run twice, and one whose jobs may not, both of which
 * write down what they begin.
 */
export class LoggedKinds {
  readonly log: string;

  constructor(readonly folder: string) {
    this.log = join(folder, 'begun.log');
    writeFileSync(this.log, '');
    const kind = (mayCopy: boolean): string => `
      const { appendFileSync } = require('node:fs');
      exports.kind = {
        ${mayCopy ? 'mayCopy: true, attempts: 2' : 'mayCopy: false'},
        async run(job) {
          const [id, order, ms] = job.text.split(' ');
          appendFileSync(${JSON.stringify(this.log)}, id + '\\n');
          if (order === 'throw') throw new Error('told to throw');
          if (order === 'sleep') await new Promise((resolve) => setTimeout(resolve, Number(ms)));
          return 'answer of ' + id;
        },
      };`;
    writeFileSync(join(folder, 'copied.kind.cjs'), kind(true));
    writeFileSync(join(folder, 'once.kind.cjs'), kind(false));
  }

  /** How often each has begun, by its id. */
  begun(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const id of readFileSync(this.log, 'utf8').split('\n'))
      if (id !== '') counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  }
}
