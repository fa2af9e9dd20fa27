import * as grpc from '@grpc/grpc-js';
import { CaptureAccess } from '../../src/captures/file/capture-access.js';
import { messageBytesMax } from '../../src/common/limits.js';
import { ScanChunkResult } from '../../src/gen/trireme/v1/capture.js';
import {
  JobStatus,
  WorkerHubClient,
  type HubMessage,
  type ResultBatch,
  type WorkerMessage,
} from '../../src/gen/trireme/v1/worker.js';
import { openChunk } from '../../src/worker/chunk-opener.js';
import { helloOf } from '../../src/worker/machine.js';
import { JobThreads } from '../../src/worker/threads/job-threads.js';

const [mineBitcoin, scanChunk] = [2, 100];

/** A worker that does its jobs on real threads, and then changes its answers to MINE_BITCOIN and SCAN_CHUNK. */
export class LyingWorker {
  private readonly kinds = new Map<number, number>();
  /** Lies told. */
  lies = 0;

  private constructor(
    private readonly threads: JobThreads,
    private readonly client: WorkerHubClient,
    private readonly call: grpc.ClientDuplexStream<WorkerMessage, HubMessage>,
  ) {}

  /** Attaches to a hub under this name. */
  static async start(hub: string, name: string, captures: string): Promise<LyingWorker> {
    const access = new CaptureAccess([captures]);
    let liar: LyingWorker | null = null;
    const threads = new JobThreads({
      slots: 1,
      onResults: (_hub, results) => liar?.answer(results),
      openSource: (_hub, _kind, payload, signal) => openChunk(payload, access, [], undefined, signal),
    });
    const kinds = await threads.start();
    const client = new WorkerHubClient(hub, grpc.credentials.createInsecure(), {
      'grpc.max_receive_message_length': messageBytesMax,
      'grpc.max_send_message_length': messageBytesMax,
    });
    const call = client.attach();
    const mine = (liar = new LyingWorker(threads, client, call));
    call.on('error', () => undefined);
    const welcomed = new Promise<void>((resolve) =>
      call.on('data', ({ message }: HubMessage) => {
        if (message?.$case === 'welcome') resolve();
        if (message?.$case === 'jobs') {
          message.value.job.forEach((job, at) => mine.kinds.set(job, message.value.kind[at]));
          threads.submit(0, message.value);
        }
        if (message?.$case === 'cancels') threads.cancel(0, message.value.job);
        if (message?.$case === 'recalls') threads.recall(0, message.value.job);
      }),
    );
    call.write({ message: { $case: 'hello', value: { ...helloOf(name, 1, kinds), protocol: 0 } } });
    await welcomed;
    mine.beats = setInterval(() => mine.beat(), 500);
    return mine;
  }

  private beats: NodeJS.Timeout | undefined;

  private beat(): void {
    const value = { slots: 1, busy: 0, queued: 0, load: 0, draining: false, backlogElsewhereSeconds: 0 };
    this.call.write({ message: { $case: 'heartbeat', value } });
  }

  async stop(): Promise<void> {
    clearInterval(this.beats);
    this.call.cancel();
    this.client.close();
    await this.threads.close();
  }

  private answer(results: ResultBatch): void {
    const parts: Buffer[] = [];
    let at = 0;
    results.job.forEach((job, index) => {
      const size = results.payloadSize[index];
      const answer = Buffer.from(results.payloads.subarray(at, at + size));
      // A job called back has a reason and no answer.
      const done = (results.status[index] ?? JobStatus.DONE) === JobStatus.DONE;
      parts.push(done ? this.changed(this.kinds.get(job), answer) : answer);
      at += size;
    });
    const payloads = Buffer.concat(parts);
    const value = { ...results, payloads, payloadSize: parts.map((part) => part.length) };
    this.call.write({ message: { $case: 'results', value } });
  }

  private changed(kind: number | undefined, answer: Buffer): Buffer {
    if (kind === mineBitcoin && answer.length === 64) {
      this.lies++;
      return Buffer.from('f00d'.repeat(16));
    }
    if (kind === scanChunk) {
      const result = ScanChunkResult.decode(answer);
      if (result.partial.length === 0) return answer;
      this.lies++;
      result.partial[result.partial.length - 1] ^= 1;
      return Buffer.from(ScanChunkResult.encode(result).finish());
    }
    return answer;
  }
}
