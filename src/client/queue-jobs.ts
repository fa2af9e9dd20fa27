import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { createInbox, type NatsConnection } from '@nats-io/transport-node';
import { TriremeError } from '../common/errors.js';
import type { TaggedResult } from '../gen/trireme/v1/job.js';
import { namedKind } from '../kinds/versions.js';
import { connectNats } from '../nats/connect.js';
import { answerOf } from '../nats/job-record.js';
import { JobStore, queueHead } from '../nats/job-store.js';
import { pause } from '../nats/nats-link.js';
import { natsName, type NatsSettings } from '../nats/nats-url.js';
import { queueHeaders, queueNames, recordKey } from '../nats/queue-names.js';
import { failed, type RunPort, type Task } from './run-jobs.js';

/**
 * A job is looked for again after this time, where no answer to it was heard: its load balancer or NATS was lost, say.
 */
const lookMs = 2_000;

/** For so long a put is tried: servers elect a leader meanwhile, and a queue that is not there does not come. */
const putMsMax = 10_000;

/** Between two tries. */
const againMs = 500;

export interface QueueRun {
  readonly nats: NatsSettings;
  readonly prefix: string;
  /** Ids begin so; undefined: unlike any other. A single job has it as its id. */
  readonly id?: string;
  readonly single: boolean;
  readonly delayMs: number;
  /** Ids are told instead of answers. */
  readonly detach: boolean;
}

type QueuePort = Pick<RunPort, 'name' | 'jobsMax' | 'signal' | 'nowMs' | 'ended'>;

/**
 * Puts a job for each task into a queue at NATS, and hears what becomes of it. This module brings the NATS
 * client: it is loaded late, only where there is a queue.
 */
export async function queueJobs(
  run: QueueRun,
  tasks: AsyncIterable<Task> | Iterable<Task>,
  port: QueuePort,
): Promise<void> {
  const connection = await connectNats(run.nats, 'trireme run');
  try {
    await new QueuedRun(run, port, connection, await JobStore.open(connection, queueNames(run.prefix), 1, 0)).all(
      tasks,
    );
  } finally {
    await connection.close();
  }
}

class QueuedRun {
  private readonly inbox = createInbox();
  private readonly heard = new Map<string, () => void>();
  private readonly running = new Set<Promise<void>>();
  private readonly id: string;
  private failure: unknown = null;

  constructor(
    private readonly run: QueueRun,
    private readonly port: QueuePort,
    private readonly connection: NatsConnection,
    private readonly store: JobStore,
  ) {
    this.id = run.id ?? randomUUID();
    // Each job in flight listens: Node would warn of more than ten.
    setMaxListeners(port.jobsMax, port.signal);
    connection.subscribe(`${this.inbox}.*`, {
      callback: (_error, { subject }) => this.heard.get(subject.slice(subject.lastIndexOf('.') + 1))?.(),
    });
  }

  async all(tasks: AsyncIterable<Task> | Iterable<Task>): Promise<void> {
    for await (const task of tasks) {
      while (this.running.size >= this.port.jobsMax) await Promise.race(this.running);
      if (this.failure !== null || this.port.signal.aborted) break;
      const job: Promise<void> = this.one(task)
        .catch((error: unknown) => void (this.failure ??= error))
        .finally(() => this.running.delete(job));
      this.running.add(job);
    }
    await Promise.all(this.running);
    if (this.failure !== null) throw this.failure;
  }

  private async one(task: Task): Promise<void> {
    const startedMs = this.port.nowMs();
    const id = this.run.single ? this.id : `${this.id}-${task.seq}`;
    const tag = BigInt(task.seq);
    const result = task.fault === null ? await this.resultOf(task, id, tag) : failed(tag, task.fault);
    if (result === null) return;
    const tookMs = this.port.nowMs() - startedMs;
    await this.port.ended({ task, startedMs, tookMs, result });
  }

  /** What becomes of a job; null: nobody waits for it any more. */
  private async resultOf(task: Task, id: string, tag: bigint): Promise<TaggedResult | null> {
    const fault = await this.put(task, id);
    if (fault !== null) return failed(tag, fault);
    if (this.run.detach) return { ...failed(tag, ''), result: id };
    while (!this.port.signal.aborted && this.failure === null) {
      // NATS may be away; its client goes on trying.
      const record = (await this.store.read(recordKey(id)).catch(() => null))?.record;
      if (record?.state === 'done') {
        const { worker, execSeconds, attempts } = record;
        return { tag, result: '', resultBytes: answerOf(record), error: '', worker, execSeconds, attempts };
      }
      if (record?.state === 'dead')
        return failed(tag, `${record.error.code}: ${record.error.message}`, record.attempts);
      await this.news(task);
    }
    return null;
  }

  /** @returns why NATS takes this one never; null: it has it, or nobody waits for it any more */
  private async put({ seq, payload }: Task, id: string): Promise<string | null> {
    const { nats, prefix, delayMs, detach } = this.run;
    const { name, version } = namedKind(this.port.name);
    const head = queueHead({
      [queueHeaders.id]: id,
      [queueHeaders.version]: version || undefined,
      [queueHeaders.reply]: detach ? undefined : `${this.inbox}.${seq}`,
      [queueHeaders.notBefore]: delayMs === 0 ? undefined : new Date(Date.now() + delayMs).toISOString(),
    });
    for (const endMs = performance.now() + putMsMax; !this.port.signal.aborted; await pause(againMs)) {
      try {
        await this.store.put(name, payload, head);
        return null;
      } catch (error) {
        // Refused for what it is, or for who puts it: that does not pass.
        const { message } = error as Error;
        if (message.includes('max_payload')) {
          const most = this.connection.info?.max_payload;
          return `LIMIT_REACHED: its payload of ${payload.length} bytes is over ${most} with its headers (max_payload of NATS)`;
        }
        const final = /permissions violation|maximum|exceed/i.test(message);
        if (!final && performance.now() < endMs) continue;
        const hint = final ? message : `no queue '${prefix}' answers; 'trireme lb --queue' makes it`;
        throw new TriremeError(final ? 'NOT_ALLOWED' : 'UNREACHABLE', `${natsName(nats)}: ${hint}`, { cause: error });
      }
    }
    return null;
  }

  /** Resolves when an answer is heard, or it is time to look, or nobody waits any more. */
  private news({ seq }: Task): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        this.heard.delete(String(seq));
        this.port.signal.removeEventListener('abort', over);
        resolve();
      };
      const timer = setTimeout(over, lookMs);
      this.heard.set(String(seq), over);
      this.port.signal.addEventListener('abort', over);
    });
  }
}
