import { randomBytes } from 'node:crypto';
import type { Consumer, JsMsg } from '@nats-io/jetstream';
import { millis, nanos, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { BackOff } from '../../common/back-off.js';
import type { Logger } from '../../common/logging.js';
import { atMost } from '../../common/stuck-work.js';
import type { Kind } from '../../kinds/kind.js';
import { connectNats } from '../../nats/connect.js';
import { JobStore } from '../../nats/job-store.js';
import { NatsLink, pause } from '../../nats/nats-link.js';
import { natsName } from '../../nats/nats-url.js';
import { queueHeaders, queueNames, recordKey, type QueueNames } from '../../nats/queue-names.js';
import { WakeList } from '../job-admission.js';
import type { JobServicePort } from '../job-service-port.js';
import { SilentHolders, type Holder } from './decisions.js';
import { KindPull, type PullPort } from './kind-pull.js';
import type { QueueSettings } from './options.js';
import { idOf, QueueJob } from './queue-job.js';
import type { QueueOutcome, QueuePort } from './queue-port.js';

/** So often it is looked whether streams, bucket and consumers are there, and how many jobs wait. */
const checkMs = 3_000;

/** After NATS has not taken what must be written, no job is taken for so long. */
const refusedMsMin = 5_000;

/** Time for another load balancer to say whether it has a job. */
const askMsMax = 1_000;

/** Time for what was published last to leave, at the end. */
const flushMsMax = 1_000;

/** Signs of life within the time after which NATS gives a job to another load balancer: two may be lost. */
const signsPerWait = 3;

/** Bytes of a message that every NATS takes, until ours says what it takes. */
const messageBytesDefault = 2 ** 20;

/** What the queue needs of its load balancer. */
type FrontPort = Pick<JobServicePort, 'hub' | 'admission' | 'asked' | 'payloads' | 'share'>;

/**
 * Takes jobs from a queue at NATS and has the hub's workers run them, as one more client of the load
 * balancer. While NATS is away the others are served, what runs goes on, and what has ended is written when
 * it is back. This module brings the NATS client: it is loaded late, only where there is a queue.
 */
export class QueueFront implements QueuePort, PullPort {
  readonly id = randomBytes(8).toString('hex');
  readonly held = { jobs: 0, bytes: 0 };
  readonly outcomes: Record<QueueOutcome, number> = { done: 0, dead: 0, again: 0, answered: 0, left: 0 };
  /** Why nothing can be taken or written at the moment; null: nothing keeps it. */
  trouble: string | null = 'the queue is not open yet';
  closing = false;
  over = false;
  /** Jobs in the queue, those that run among them, as NATS said last. */
  jobsQueued = 0;
  /** Bytes of the payloads that were taken. */
  bytes = 0;
  readonly pulls = new Map<string, KindPull>();
  private readonly names: QueueNames;
  private readonly shown: string;
  private readonly jobs = new Map<string, QueueJob>();
  private readonly silent = new SilentHolders();
  /** Jobs that are asked for and have not come. */
  private reserved = 0;
  private connection: NatsConnection | null = null;
  private link: NatsLink | null = null;
  private opened: JobStore | null = null;
  private recordsSinceMs = 0;
  private recordsKeptMs = Infinity;
  private readonly changes = new WakeList();
  private looking: Promise<void> | null = null;
  /** The shortest wait of any consumer: another load balancer may have set it. */
  private ackWaitMs: number;
  /** Monotonic ms at which NATS did last not take what must be written. */
  private refusedMs = -Infinity;
  private checkTimer: NodeJS.Timeout | undefined;
  private signTimer: NodeJS.Timeout | undefined;
  private readonly stopWatching: () => void;

  constructor(
    private readonly port: FrontPort,
    private readonly ownKinds: readonly Pick<Kind, 'number' | 'name'>[],
    private readonly settings: QueueSettings,
    private readonly log: Logger,
  ) {
    this.names = queueNames(settings.prefix);
    this.shown = natsName(settings.nats);
    this.ackWaitMs = settings.ackWaitMs;
    this.stopWatching = port.hub.onWorkersChanged(() => void this.look());
    void this.open();
  }

  /** Jobs that were taken and have not ended. */
  get inFlight(): number {
    return this.jobs.size;
  }

  /** Takes no job any more; those that were taken go on. */
  drain(): void {
    this.closing = true;
    this.stopWatching();
    for (const pull of this.pulls.values()) pull.stop();
  }

  /** Waits until what has ended is written, at most so long, and lets NATS go. */
  async close(ms: number): Promise<void> {
    this.drain();
    const endMs = performance.now() + Math.max(ms, flushMsMax);
    while (this.jobs.size > 0 && performance.now() < endMs) await this.change(endMs - performance.now());
    this.over = true;
    clearInterval(this.checkTimer);
    clearTimeout(this.signTimer);
    if (this.connection === null) return;
    // Requests that have no answer keep the process for their whole time.
    const last = Promise.all([this.looking, this.connection.flush()]);
    await atMost(
      flushMsMax,
      last.catch(() => undefined),
    );
    await this.connection.close().catch(() => undefined);
  }

  // What jobs of the queue use.

  get hub(): FrontPort['hub'] {
    return this.port.hub;
  }

  get admission(): FrontPort['admission'] {
    return this.port.admission;
  }

  get asked(): FrontPort['asked'] {
    return this.port.asked;
  }

  get payloads(): FrontPort['payloads'] {
    return this.port.payloads;
  }

  get share(): FrontPort['share'] {
    return this.port.share;
  }

  get prefix(): string {
    return this.settings.prefix;
  }

  get store(): JobStore {
    return this.opened as JobStore;
  }

  get messageBytesMax(): number {
    return this.connection?.info?.max_payload ?? messageBytesDefault;
  }

  async ask(lb: string, key: string): Promise<Holder> {
    // An earlier delivery of it here came to nothing.
    if (lb === this.id) return 'gone';
    try {
      const answer = await (this.connection as NatsConnection).request(this.names.holder(lb), key, {
        timeout: askMsMax,
      });
      this.silent.heard(lb);
      return answer.string() === 'yes' ? 'has' : 'gone';
    } catch {
      return this.silent.silent(lb, performance.now());
    }
  }

  recordLost(kind: string, { headers, timestampNanos, info }: JsMsg): boolean {
    const sentMs = Number(timestampNanos / 1_000_000n);
    const dueMs = Date.parse(headers?.get(queueHeaders.notBefore) ?? '');
    const expired = Date.now() - Math.max(sentMs, dueMs || 0) > this.recordsKeptMs;
    const delivered = info.deliveryCount > 1 || sentMs < (this.pulls.get(kind)?.consumerSinceMs ?? 0);
    return delivered && (expired || sentMs < this.recordsSinceMs);
  }

  took(kind: string, seconds: number): void {
    this.pulls.get(kind)?.took(seconds);
  }

  publish(subject: string, data: Uint8Array, head: MsgHdrs): void {
    try {
      this.connection?.publish(subject, data, { headers: head });
    } catch (error) {
      this.log.debug({ subject, reason: String(error) }, 'an answer was not published');
    }
  }

  refused(error: unknown): void {
    if (this.link === null || this.link.trouble !== null) return;
    this.refusedMs = performance.now();
    this.tell(this.link.explain(error));
  }

  // What requests for jobs use.

  get free(): number {
    return this.trouble === null ? Math.max(0, this.settings.jobsMax - this.jobs.size - this.reserved) : 0;
  }

  capacity(kind: string): { readonly slots: number; readonly payloadBytesMax: number } {
    const { hub } = this;
    const own = this.ownKinds.find(({ name }) => name === kind)?.number;
    const index = own ?? hub.kindIndex(kind, '');
    const slots = index === undefined ? 0 : hub.capacity(index).reduce((sum, each) => sum + each.slots, 0);
    const terms = index === undefined || own !== undefined ? null : hub.kindTerms(index);
    return { slots, payloadBytesMax: terms?.payloadBytesMax ?? 0 };
  }

  consumer(kind: string): Promise<Consumer> {
    return this.store.consumer(kind);
  }

  reserve(count: number): void {
    this.reserved += count;
    if (count < 0) this.changes.wake();
  }

  failed(error: unknown): void {
    this.log.debug({ reason: String(error) }, 'no jobs could be asked for');
    void this.look();
  }

  change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.changes.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  take(message: JsMsg): void {
    const key = recordKey(idOf(message));
    const running = this.jobs.get(key);
    // NATS was away, or somebody has put it again: it is answered once, for both.
    if (running !== undefined) return running.adopt(message);
    const kind = message.subject.slice(message.subject.lastIndexOf('.') + 1);
    const job = new QueueJob(this, kind, message);
    const pull = this.pulls.get(kind);
    this.jobs.set(key, job);
    this.bytes += job.bytes;
    if (pull !== undefined) pull.inFlight++;
    const ended = (): void => {
      this.jobs.delete(key);
      this.bytes -= job.bytes;
      if (pull !== undefined) pull.inFlight--;
      this.changes.wake();
    };
    job
      .run()
      .then(
        (outcome) => {
          this.outcomes[outcome]++;
          if (outcome === 'dead') this.log.debug({ kind, id: job.id }, 'a job has become a dead letter');
        },
        (error: unknown) => {
          this.outcomes.again++;
          this.refused(error);
          job.nak();
        },
      )
      .finally(ended);
  }

  /** Connects, however long it takes. */
  private async open(): Promise<void> {
    const { nats, keepMs } = this.settings;
    const backOff = new BackOff();
    while (!this.closing) {
      try {
        const connection = await connectNats(nats, 'trireme lb queue');
        if (this.closing) return await connection.close();
        this.connection = connection;
        this.link = new NatsLink(connection, this.shown, (connected) => this.linked(connected));
        connection.subscribe(this.names.holder(this.id), {
          callback: (_error, message) => void message.respond(this.jobs.has(message.string()) ? 'yes' : 'no'),
        });
        this.opened = await JobStore.open(connection, this.names, nats.servers.length >= 3 ? 3 : 1, keepMs);
        break;
      } catch (error) {
        this.tell((error as Error).message);
        await pause(backOff.nextMs());
      }
    }
    if (this.closing) return;
    this.checkTimer = setInterval(() => void this.look(), checkMs);
    this.sign();
    await this.look();
  }

  /** Tells NATS of the jobs that are here. */
  private sign(): void {
    for (const job of this.jobs.values()) job.alive();
    this.signTimer = setTimeout(() => this.sign(), this.ackWaitMs / signsPerWait);
  }

  private linked(connected: boolean): void {
    this.refusedMs = -Infinity;
    if (!connected) this.tell(this.link?.trouble ?? null);
    else void this.look();
  }

  /** Looks now, or waits for the look that is under way. */
  private look(): Promise<void> {
    return (this.looking ??= this.lookNow().finally(() => (this.looking = null)));
  }

  private async lookNow(): Promise<void> {
    if (this.closing || this.opened === null || this.link?.trouble !== null) return;
    try {
      const { made, recordsSinceMs, recordsKeptMs, jobs } = await this.opened.ensure();
      if (made.length > 0) this.log.info({ made, nats: this.shown }, 'the queue was not there and has been made');
      [this.recordsSinceMs, this.recordsKeptMs] = [recordsSinceMs, recordsKeptMs];
      this.jobsQueued = jobs;
      const waits: number[] = [];
      for (const kind of this.offered()) waits.push(await this.openKind(kind));
      this.ackWaitMs = Math.min(this.settings.ackWaitMs, ...waits);
      if (performance.now() - this.refusedMs > refusedMsMin) this.tell(null);
    } catch (error) {
      this.refused(error);
    }
  }

  /** Names of the kinds that some worker offers now. */
  private offered(): Set<string> {
    const { hub } = this;
    const own = this.ownKinds.filter(({ number }) => hub.workersReady(number) > 0);
    const others = hub.offeredKinds().filter(({ terms }) => terms !== null);
    return new Set([...own, ...others].map(({ name }) => name));
  }

  /** @returns after how many ms NATS gives its jobs away */
  private async openKind(kind: string): Promise<number> {
    const { ackWaitMs } = this.settings;
    const isNew = !this.pulls.has(kind);
    const pull = this.pulls.get(kind) ?? new KindPull(kind, this);
    const info = await this.store.ensureConsumer(kind, ackWaitMs);
    pull.consumerSinceMs = Date.parse(info.created);
    pull.waiting = info.num_pending;
    if (!isNew) return millis(info.config.ack_wait ?? nanos(ackWaitMs));
    if (info.config.ack_wait !== nanos(ackWaitMs)) await this.store.setAckWait(kind, ackWaitMs);
    this.pulls.set(kind, pull);
    void pull.run().finally(() => this.pulls.delete(kind));
    return ackWaitMs;
  }

  private tell(trouble: string | null): void {
    if (trouble === this.trouble || this.over) return;
    this.trouble = trouble;
    if (trouble === null) this.log.info({ nats: this.shown }, 'jobs are taken from the queue');
    else this.log.warn({ trouble }, 'the queue cannot be used; clients are served all the same');
    this.changes.wake();
  }
}
