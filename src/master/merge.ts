import type { Worker } from 'node:worker_threads';
import { errorKinds, TriremeError, type ErrorCode } from '../common/errors.js';
import { startThread } from '../common/start-thread.js';
import { endsWithin, threadEndMsMax } from '../common/stuck-work.js';
import type { InflateOutcome } from '../captures/packed/inflated.js';
import type { ChunkResult } from '../pcap/types.js';
import type { MergeData, MergeEvent, MergeRequest } from './merge-messages.js';

/**
 * Merging threads that wait for their next analysis, and the size of a capture whose thread may: it keeps its memory.
 */
const mergeThreadsIdleMax = 2;
const mergeThreadKeptBytesMax = 16 * 1024 * 1024;

/** Threads that wait for their next analysis: to start one costs more than to merge a small capture. */
const idle: Worker[] = [];

/** Ends the threads that wait. */
export async function endIdleMergeThreads(): Promise<void> {
  await endsWithin(threadEndMsMax, Promise.all(idle.splice(0).map((thread) => thread.terminate())));
}

/** The merging thread of one analysis, seen from the master's main thread. */
export class Merge {
  private readonly thread: Worker;
  private complete = false;

  constructor(
    private readonly data: MergeData,
    private readonly onEvent: (event: MergeEvent) => void,
    private readonly onFailure: (error: TriremeError) => void,
  ) {
    this.thread = idle.pop() ?? startThread('master/merge-thread.js');
    this.thread.removeAllListeners();
    this.thread.on('message', (event: MergeEvent) => this.hear(event));
    this.thread.on('error', (error) =>
      onFailure(new TriremeError('INTERNAL', `the merging thread failed: ${error.message}`, { cause: error })),
    );
    this.thread.on('exit', (code) =>
      onFailure(new TriremeError('INTERNAL', `the merging thread ended with code ${code}`)),
    );
    this.post({ request: 'start', data });
  }

  offer(result: ChunkResult, outcome: InflateOutcome): void {
    this.post({ request: 'offer', offer: { result, outcome } }, [result.partial.buffer as ArrayBuffer]);
  }

  /** Ends it, and with it all that the analysis holds; a thread that is done and small waits for the next one. */
  async close(): Promise<void> {
    this.thread.removeAllListeners();
    // A thread of a large capture holds the tables of it; a new one begins with none.
    const kept = this.complete && this.data.sizeBytes <= mergeThreadKeptBytesMax && idle.length < mergeThreadsIdleMax;
    if (kept) {
      // Should it die while it waits, no analysis is harmed.
      this.thread.on('error', () => undefined);
      this.thread.on('exit', () => {
        const at = idle.indexOf(this.thread);
        if (at !== -1) idle.splice(at, 1);
      });
      idle.push(this.thread);
    } else await endsWithin(threadEndMsMax, this.thread.terminate());
  }

  private hear(event: MergeEvent): void {
    if (event.type === 'failed') {
      const code = Object.hasOwn(errorKinds, event.code) ? (event.code as ErrorCode) : 'INTERNAL';
      this.onFailure(new TriremeError(code, event.message));
      return;
    }
    if (event.type === 'complete') this.complete = true;
    this.onEvent(event);
  }

  private post(request: MergeRequest, transfer: ArrayBuffer[] = []): void {
    this.thread.postMessage(request, transfer);
  }
}
