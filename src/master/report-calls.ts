import { once } from 'node:events';
import { errorKinds, TriremeError, type ErrorCode } from '../common/errors.js';
import { startThread } from '../common/start-thread.js';
import { endsWithin, threadEndMsMax } from '../common/stuck-work.js';
import type { AskedReport, ReportPiece } from '../pcap/asked-report.js';

/** Reports that are made at once: each holds a thread, and the rows of its analysis as objects, some 100 MB at most. */
export const reportsMax = 4;

/**
 * Makes reports of finished analyses, each in a thread of its own: a long one takes a second, which the jobs
 * cannot wait.
 */
export class ReportCalls {
  private running = 0;

  /** @param threadModule what the thread runs, below src */
  constructor(private readonly threadModule: string) {}

  /**
   * The report in pieces; the next is made when it is asked for.
   * @throws TriremeError QUEUE_FULL; USAGE where this analysis has no such table
   */
  async *report(asked: AskedReport): AsyncGenerator<Uint8Array> {
    if (this.running >= reportsMax)
      throw new TriremeError('QUEUE_FULL', `${reportsMax} reports are made already (reportsMax): ask again later`, {
        facts: { value: this.running, bound: reportsMax, boundName: 'reportsMax' },
      });
    this.running++;
    const thread = startThread(this.threadModule, { workerData: asked });
    try {
      for (;;) {
        const heard = once(thread, 'message') as Promise<[ReportPiece]>;
        thread.postMessage('more');
        const [piece] = await heard;
        if (piece.event === 'end') return;
        if (piece.event === 'failed') {
          const code = Object.hasOwn(errorKinds, piece.code) ? (piece.code as ErrorCode) : 'INTERNAL';
          throw new TriremeError(code, piece.message);
        }
        yield piece.bytes;
      }
    } finally {
      await endsWithin(threadEndMsMax, thread.terminate());
      this.running--;
    }
  }
}
