import * as grpc from '@grpc/grpc-js';
import { idColumns, wholeIds } from '../../src/common/job-ids.js';
import { WorkerHubClient, type HubMessage, type Welcome, type WorkerMessage } from '../../src/gen/trireme/v1/worker.js';
import { helloOf } from './scripted-worker.js';

/** Time for something that a test waits for. */
const waitMsMax = 30_000;

/** A job as the worker was told of it. */
export interface HeldJob {
  readonly id: number;
  readonly kind: number;
  readonly incarnation: number;
}

/** A worker on a real stream that beats and answers nothing but what the test says. */
export class StandingWorker {
  readonly jobs: HeldJob[] = [];
  welcome: Welcome | null = null;
  /** Why the stream ended, or null. */
  ended: string | null = null;
  private readonly call: grpc.ClientDuplexStream<WorkerMessage, HubMessage>;
  private readonly client: WorkerHubClient;
  private readonly beats: NodeJS.Timeout;
  private draining = false;

  constructor(
    hub: string,
    name: string,
    private readonly protocol: number,
  ) {
    this.client = new WorkerHubClient(hub, grpc.credentials.createInsecure());
    this.call = this.client.attach();
    this.call.on('data', (message: HubMessage) => this.hear(message));
    this.call.on('error', (error: grpc.ServiceError) => (this.ended ??= error.details));
    this.call.on('end', () => (this.ended ??= ''));
    this.say({ $case: 'hello', value: helloOf({ name, workerId: name, protocol }) });
    this.beats = setInterval(() => this.beat(), 200);
  }

  /** It takes no more jobs, and keeps those that it has. */
  drain(): void {
    this.draining = true;
    this.beat();
  }

  /** Answers a job that it was given on this stream or on another one. */
  answer({ id, kind, incarnation }: HeldJob, text: string): void {
    const payloads = Buffer.from(text);
    const columns = { status: [], execSeconds: [1e-6], heldSeconds: [1e-6], payloadSize: [payloads.length], payloads };
    const named = this.protocol === 0 ? { kind: [], incarnation: 0 } : { kind: [kind], incarnation };
    this.say({ $case: 'results', value: { ...idColumns([id]), ...named, ...columns } });
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const until = performance.now() + waitMsMax;
    while (!condition()) {
      if (performance.now() > until) throw new Error(`${what} did not come within ${waitMsMax} ms (${this.ended})`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  stop(): void {
    clearInterval(this.beats);
    this.call.cancel();
    this.client.close();
  }

  private beat(): void {
    const value = { slots: 1, busy: 0, queued: 0, load: 0, draining: this.draining, backlogElsewhereSeconds: 0 };
    if (this.ended === null) this.say({ $case: 'heartbeat', value });
  }

  private say(message: WorkerMessage['message']): void {
    this.call.write({ message });
  }

  private hear({ message }: HubMessage): void {
    if (message?.$case === 'welcome') this.welcome = message.value;
    if (message?.$case !== 'jobs') return;
    const incarnation = this.welcome?.incarnation ?? 0;
    const ids = wholeIds(message.value.job, message.value.jobHigh);
    ids.forEach((id, at) => this.jobs.push({ id, kind: message.value.kind[at], incarnation }));
  }
}
