import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { errorKinds, TriremeError, type ErrorCode } from '../common/errors.js';
import type { InflateOutcome } from '../captures/inflated.js';
import type { ChunkResult } from '../pcap/types.js';
import type { MergeData, MergeNews, MergeOffer } from './merge-messages.js';

/** The merging thread of one analysis, seen from the master's main thread. */
export class Merge {
  private readonly thread: Worker;
  private over = false;

  constructor(data: MergeData, onNews: (news: MergeNews) => void, onFailure: (error: TriremeError) => void) {
    this.thread = new Worker(join(__dirname, 'merge-thread.js'), { workerData: data });
    const fail = (error: TriremeError): void => {
      if (!this.over) onFailure(error);
    };
    this.thread.on('message', (news: MergeNews) => {
      if (this.over) return;
      if (news.news === 'failed') {
        const code = Object.hasOwn(errorKinds, news.code) ? (news.code as ErrorCode) : 'INTERNAL';
        fail(new TriremeError(code, news.message));
      } else onNews(news);
    });
    this.thread.on('error', (error) =>
      fail(new TriremeError('INTERNAL', `the merging thread failed: ${error.message}`, { cause: error })),
    );
    this.thread.on('exit', (code) => fail(new TriremeError('INTERNAL', `the merging thread ended with code ${code}`)));
  }

  offer(result: ChunkResult, outcome: InflateOutcome): void {
    const message: MergeOffer = { result, outcome };
    this.thread.postMessage(message, [result.partial.buffer as ArrayBuffer]);
  }

  /** Ends the thread, and with it all that the analysis holds. */
  async close(): Promise<void> {
    this.over = true;
    await this.thread.terminate();
  }
}
