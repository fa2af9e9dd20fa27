import { TriremeError } from '../../common/errors.js';
import type { PayloadMessage } from './messages.js';
import { SourcePump } from './source-pump.js';
import type { GivenBatch, ThreadHandle } from './thread-handle.js';
import type { JobSource, SourceOpener } from './types.js';

/** A job that reads bytes, from the opening of its source on a reserved thread to its end. */
export class SourceJob {
  private readonly controller = new AbortController();
  private pump: SourcePump | null = null;
  /** OPENING while the source is looked for (nothing was given to the thread), RUNNING on the thread, then ENDED. */
  private state: 'OPENING' | 'RUNNING' | 'ENDED' = 'OPENING';

  /** refused hears, at most once, when there is no source or the job ended before it began. */
  constructor(
    private readonly thread: ThreadHandle,
    readonly batch: GivenBatch,
    open: SourceOpener,
    private readonly refused: (error: TriremeError) => void,
  ) {
    const payload = batch.jobs.payloads?.payload(0) ?? new Uint8Array(0);
    open(batch.hub.hub, batch.kind.number, payload, this.controller.signal).then(
      (source) => this.begin(source, payload),
      (error: unknown) => this.refuse(TriremeError.from(error)),
    );
  }

  /**
   * Tells the job to stop: it answers when it has. Before it began it is refused at once, however long the
   * opener takes.
   */
  cancel(): void {
    this.controller.abort();
    if (this.state === 'OPENING') return this.refuse(new TriremeError('CANCELLED', 'before it began'));
    this.thread.cancel(this.batch.hub, (job) => job === this.batch.jobs.job[0]);
    this.pump?.ring.ring();
  }

  /** The thread has read from the stream. */
  space(): void {
    this.pump?.space();
  }

  /** The job ended, or its thread did. */
  end(): void {
    this.controller.abort();
    if (this.state === 'OPENING') this.refuse(new TriremeError('WORKER_LOST', 'its thread ended before it began'));
    this.state = 'ENDED';
    this.pump?.stop();
  }

  private begin(source: JobSource, payload: Uint8Array): void {
    if (this.state !== 'OPENING') {
      if (source.type === 'stream') void source.bytes[Symbol.asyncIterator]().return?.();
      return;
    }
    this.state = 'RUNNING';
    this.thread.reserved = false;
    let message: PayloadMessage;
    if (source.type === 'file') message = { payload, source };
    else {
      this.pump = new SourcePump(source.bytes, this.thread.ring);
      message = { payload, source: { type: 'stream', ring: this.pump.ring.memory } };
    }
    this.thread.give(this.batch, message);
  }

  private refuse(error: TriremeError): void {
    if (this.state !== 'OPENING') return;
    this.state = 'ENDED';
    this.thread.reserved = false;
    this.refused(error);
  }
}
