import * as grpc from '@grpc/grpc-js';
import { messageBytesMax } from '../common/limits.js';
import type { Logger } from '../common/logging.js';
import { formatHostPort, type HostPort } from '../common/options.js';
import { wholeIds } from '../common/job-ids.js';
import { openGrpcDialler, type GrpcDialler } from '../common/trust/grpc-dialler.js';
import { ChunkSourceClient } from '../gen/trireme/v1/capture.js';
import {
  WorkerHubClient,
  WorkerHubService,
  type CancelBatch,
  type Hello,
  type HubMessage,
  type JobBatch,
  type ResultBatch,
  type Welcome,
  type WorkerMessage,
} from '../gen/trireme/v1/worker.js';
import { BackOff } from '../common/back-off.js';
import { secretFor } from './machine.js';
import { Outbox } from './outbox.js';
import { decodeHubMessage, encodeWorkerMessage } from './stream-messages.js';

/**
 * Where a link stands. WAITING: for the next attempt. DIALLING: Hello is sent, Welcome is awaited. ATTACHED: jobs may
 * come. LEAVING: the stream is being ended on purpose. CLOSED: for good.
 */
export type LinkState = 'WAITING' | 'DIALLING' | 'ATTACHED' | 'LEAVING' | 'CLOSED';

/** What a link asks of its worker. `attachment` numbers the attachments of all links: jobs belong to one of them. */
export interface LinkOwner {
  readonly hello: Hello;
  /** The facts of a heartbeat to this attachment. */
  heartbeat(attachment: number): WorkerMessage;
  attached(link: HubLink): void;
  /** `batch.job` has whole ids here. */
  jobs(attachment: number, batch: JobBatch): void;
  cancels(attachment: number, jobs: readonly number[]): void;
  recalls(attachment: number, jobs: readonly number[]): void;
  detached(attachment: number): void;
}

/** A half-open connection is noticed within the sum of these two. */
const keepaliveTimeMs = 5_000;
const keepaliveTimeoutMs = 5_000;

/** A hub that does not welcome within this time is dialled anew. */
const welcomeTimeoutMsDefault = 10_000;

/** An attachment that held this long was a success: the next failure starts the back-off anew. */
const heldMs = 5_000;

/** A hub may not ask for heartbeats outside these: too often is a load, too seldom is no sign of life. */
const heartbeatIntervalMsMin = 50;
const heartbeatIntervalMsMax = 60_000;

const channelOptions: grpc.ClientOptions = {
  'grpc.max_send_message_length': messageBytesMax,
  'grpc.keepalive_time_ms': keepaliveTimeMs,
  'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
  // Each attempt is ours to time: no connection or back-off is shared with other links.
  'grpc.use_local_subchannel_pool': 1,
};

/**
 * Bytes of a range on their way at once. HTTP/2's default of 64 KiB would make each 64 KiB wait for a round trip of two
 * busy event loops; this much keeps a scan of 1 GB/s fed over several milliseconds.
 */
const sourceWindowBytes = 4 * 1024 * 1024;
const sourceChannelOptions: grpc.ClientOptions = {
  ...channelOptions,
  'grpc-node.flow_control_window': sourceWindowBytes,
};

let attachments = 0;

/** The line to one hub: dials, greets, sends heartbeats, and dials again for ever until it is closed. */
export class HubLink {
  state: LinkState = 'WAITING';
  /** Number of the present attachment, or 0. */
  attachment = 0;
  /** `H:P` */
  readonly address: string;
  private readonly log: Logger;
  private readonly backOff = new BackOff();
  private client: WorkerHubClient | null = null;
  private source: ChunkSourceClient | null = null;
  private call: grpc.ClientDuplexStream<WorkerMessage, HubMessage> | null = null;
  private outbox: Outbox | null = null;
  private timer: NodeJS.Timeout | null = null;
  private heartbeats: NodeJS.Timeout | null = null;
  private attachedAtMs = 0;
  private failures = 0;
  private closed: (() => void) | null = null;
  private retired = false;

  constructor(
    private readonly hub: HostPort,
    private readonly owner: LinkOwner,
    log: Logger,
    private readonly dialler: GrpcDialler = openGrpcDialler,
    private readonly welcomeTimeoutMs = welcomeTimeoutMsDefault,
  ) {
    this.address = formatHostPort(hub);
    this.log = log.child({ hub: this.address });
  }

  dial(): void {
    this.setState('DIALLING');
    this.client = new WorkerHubClient(this.address, this.dialler.credentials(this.hub.host), {
      ...channelOptions,
      ...this.dialler.options(this.hub.host),
    });
    const { path } = WorkerHubService.attach;
    const call = this.client.makeBidiStreamRequest(path, encodeWorkerMessage, decodeHubMessage);
    this.call = call;
    let over = false;
    const broke = (reason: string, inOrder = false): void => {
      if (over) return;
      over = true;
      this.broke(reason, inOrder);
    };
    call.on('data', (message: HubMessage) => {
      if (!over) this.hear(message);
    });
    call.on('drain', () => this.outbox?.drained());
    call.on('error', (error: grpc.ServiceError) => broke(this.dialler.explain(error)));
    // An error comes before the end of its stream: this is a hub that shuts down.
    call.on('end', () => broke('the hub ended the stream in order', true));
    const hello = { ...this.owner.hello, secret: secretFor(this.address) };
    call.write({ message: { $case: 'hello', value: hello } });
    this.timer = setTimeout(() => {
      broke(`no Welcome within ${this.welcomeTimeoutMs} ms`);
      call.cancel();
    }, this.welcomeTimeoutMs);
  }

  sendResults(results: ResultBatch): void {
    this.outbox?.add(results);
  }

  /** Tells the hub at once what a heartbeat would tell it later. */
  beat(): void {
    if (this.state === 'ATTACHED') this.outbox?.sendNow(this.owner.heartbeat(this.attachment));
  }

  /** Where this hub's files are read; its own connection, so that heartbeats do not wait behind the bytes. */
  chunkSource(): ChunkSourceClient {
    this.source ??= new ChunkSourceClient(this.address, this.dialler.credentials(this.hub.host), {
      ...sourceChannelOptions,
      ...this.dialler.options(this.hub.host),
    });
    return this.source;
  }

  /** Hands over the results that wait and ends the stream as a regular leave. */
  async leave(): Promise<void> {
    if (this.state !== 'ATTACHED') return this.close();
    await this.outbox?.empty();
    if (this.state !== 'ATTACHED') return this.close();
    this.setState('LEAVING');
    await new Promise<void>((resolve) => {
      this.closed = resolve;
      this.call?.end();
    });
  }

  /**
   * The hub is not announced any more: it is not dialled again. A stream that is open stays until the hub
   * ends it, because a hub that shuts down waits for its jobs, and one that only NATS cannot see is none the
   * worse.
   */
  retire(): void {
    this.retired = true;
    if (this.state !== 'ATTACHED') this.close();
  }

  /** It is announced again. */
  keep(): void {
    this.retired = false;
  }

  /** Ends everything at once. */
  close(): void {
    if (this.state === 'CLOSED') return;
    this.setState('CLOSED');
    this.hangUp();
    this.closed?.();
  }

  private hear({ message }: HubMessage): void {
    switch (message?.$case) {
      case 'welcome':
        if (this.state === 'DIALLING') this.welcomed(message.value);
        return;
      case 'jobs':
        message.value.job = wholeIds(message.value.job, message.value.jobHigh);
        if (this.attachment !== 0) this.owner.jobs(this.attachment, message.value);
        return;
      case 'cancels':
        if (this.attachment !== 0) this.owner.cancels(this.attachment, jobsOf(message.value));
        return;
      case 'recalls':
        if (this.attachment !== 0) this.owner.recalls(this.attachment, jobsOf(message.value));
    }
  }

  private welcomed(welcome: Welcome): void {
    if (this.timer !== null) clearTimeout(this.timer);
    const { call } = this;
    this.attachment = ++attachments;
    this.attachedAtMs = performance.now();
    this.failures = 0;
    const partBytesMax = welcome.resultPartBytesMax || 64 * 1024;
    this.outbox = new Outbox((message) => call?.write(message) ?? false, partBytesMax, welcome.incarnation);
    this.setState('ATTACHED');
    this.log.info({ hubId: welcome.hubId, hubVersion: welcome.version }, 'attached');
    const intervalMs = Math.min(Math.max(welcome.heartbeatIntervalMs, heartbeatIntervalMsMin), heartbeatIntervalMsMax);
    this.beat();
    this.heartbeats = setInterval(() => this.beat(), intervalMs);
    this.owner.attached(this);
  }

  private broke(reason: string, inOrder: boolean): void {
    const { state, attachment } = this;
    if (state === 'CLOSED') return;
    this.hangUp();
    if (attachment !== 0) {
      this.attachment = 0;
      if (performance.now() - this.attachedAtMs >= heldMs) this.backOff.reset();
      this.owner.detached(attachment);
    }
    if (state === 'LEAVING' || this.retired) {
      this.setState('CLOSED');
      this.closed?.();
      return;
    }
    const retryInMs = Math.round(this.backOff.nextMs());
    // A hub that is away for hours must not fill the log: the first failure is news, the others are detail.
    const news = inOrder ? 'info' : 'warn';
    const level = state === 'ATTACHED' || this.failures++ === 0 ? news : 'debug';
    this.log[level]({ reason, retryInMs }, state === 'ATTACHED' ? 'detached' : 'cannot attach');
    this.setState('WAITING');
    this.timer = setTimeout(() => this.dial(), retryInMs);
  }

  private hangUp(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.heartbeats !== null) clearInterval(this.heartbeats);
    this.timer = this.heartbeats = this.outbox = null;
    this.call?.cancel();
    this.call = null;
    this.client?.close();
    this.source?.close();
    this.client = this.source = null;
  }

  private setState(state: LinkState): void {
    this.log.debug({ from: this.state, to: state }, 'link state');
    this.state = state;
  }
}

function jobsOf({ job, jobHigh }: CancelBatch): number[] {
  return wholeIds(job, jobHigh);
}
