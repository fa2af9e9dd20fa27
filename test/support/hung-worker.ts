import * as grpc from '@grpc/grpc-js';
import { WorkerHubClient, type Hello, type HubMessage, type WorkerMessage } from '../../src/gen/trireme/v1/worker.js';
import { helloOf } from '../../src/worker/machine.js';

/** What a real worker of this build offers, and what it measured. */
const kinds = [
  { kind: 1, name: 'GET_TIME', secondsPerUnit: 5e-8 },
  { kind: 2, name: 'MINE_BITCOIN', secondsPerUnit: 2e-5 },
  { kind: 100, name: 'SCAN_CHUNK', secondsPerUnit: 1e-11 },
  { kind: 101, name: 'MINE_SECONDS', secondsPerUnit: 8e-5 },
];

/** A worker that attaches over a socket, sends its heartbeats on time and answers no job, as one whose disk hangs. */
export class HungWorker {
  /** Jobs that it was given. */
  jobs = 0;
  /** Null while its stream is open, else what ended it. */
  ended: string | null = null;
  private beats: NodeJS.Timeout | undefined;

  private constructor(
    private readonly client: WorkerHubClient,
    private readonly call: grpc.ClientDuplexStream<WorkerMessage, HubMessage>,
  ) {}

  /** Attaches to a hub under this name. */
  static async start(hub: string, name: string, slots: number, changes: Partial<Hello> = {}): Promise<HungWorker> {
    const client = new WorkerHubClient(hub, grpc.credentials.createInsecure());
    const call = client.attach();
    const worker = new HungWorker(client, call);
    call.on('error', (error: Error) => (worker.ended ??= error.message));
    call.on('end', () => (worker.ended ??= 'the hub ended the stream'));
    const welcomed = new Promise<void>((resolve, reject) => {
      call.on('error', reject);
      call.on('data', ({ message }: HubMessage) => {
        if (message?.$case === 'jobs') worker.jobs += message.value.job.length;
        if (message?.$case !== 'welcome') return;
        worker.beats = setInterval(() => worker.beat(slots), message.value.heartbeatIntervalMs);
        resolve();
      });
    });
    call.write({ message: { $case: 'hello', value: { ...helloOf(name, slots, kinds), ...changes } } });
    await welcomed;
    return worker;
  }

  stop(): void {
    clearInterval(this.beats);
    this.call.cancel();
    this.client.close();
  }

  private beat(slots: number): void {
    const value = { slots, busy: 0, queued: 0, load: 0, draining: false, backlogElsewhereSeconds: 0 };
    this.call.write({ message: { $case: 'heartbeat', value } });
  }
}
