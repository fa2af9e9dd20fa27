import type { IncomingMessage } from 'node:http';
import { TriremeError } from '../errors.js';
import { receivedMessageBytesMax } from '../limits.js';
import type { ReceiveBudget, Reservation } from '../receive-budget.js';
import { atMost } from '../stuck-work.js';
import type { HttpLimits } from './limits.js';

/**
 * The body of one request, as far as there is room for it. What it holds of the budget it gives back on `release`, when
 * the call is over. Who reads it stops at receivedMessageBytesMax.
 */
export class RequestBody implements AsyncIterable<Uint8Array> {
  private reservation: Reservation | null = null;
  private taken = 0;

  /** @param streamed it has many messages, of which each is handled before the next */
  constructor(
    private readonly request: IncomingMessage,
    private readonly streamed: boolean,
    private readonly budget: ReceiveBudget,
    private readonly limits: Pick<HttpLimits, 'senderTimeoutMs' | 'streamedMessageBytesMax'>,
  ) {}

  release(): void {
    this.reservation?.release();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const { request, streamed, limits, budget } = this;
    const header = request.headers['content-length'];
    const length = header === undefined ? null : Number(header);
    if (streamed) await this.reserve(limits.streamedMessageBytesMax);
    else if (length !== null && !budget.isFree(length)) await this.reserve(Math.min(length, receivedMessageBytesMax));
    const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
    let endMs = performance.now() + this.timeoutMs(length ?? 0);
    for (;;) {
      if (streamed) endMs = performance.now() + limits.senderTimeoutMs;
      const { done, value } = await within(chunks.next(), endMs - performance.now(), () => this.stalled());
      if (done === true) return;
      this.taken += value.length;
      // Nobody has said how long it is.
      if (this.reservation === null && !budget.isFree(this.taken)) {
        await this.reserve(receivedMessageBytesMax);
        endMs = performance.now() + this.timeoutMs(receivedMessageBytesMax);
      }
      yield value;
    }
  }

  private timeoutMs(length: number): number {
    const { senderTimeoutMs } = this.limits;
    return Math.max(senderTimeoutMs, this.budget.isFree(length) ? 0 : this.budget.messageTimeoutMs(length));
  }

  private async reserve(bytes: number): Promise<void> {
    const { remoteAddress, remotePort } = this.request.socket;
    const granted = new Promise<void>((resolve) => {
      this.reservation = this.budget.reserve(bytes, `${remoteAddress}:${remotePort}`, resolve);
    });
    const { senderTimeoutMs } = this.limits;
    await within(granted, senderTimeoutMs, () => {
      const what = `there was no room for a message of ${bytes} bytes in ${senderTimeoutMs} ms`;
      return new TriremeError('QUEUE_FULL', `${what}: ask again later`, {
        facts: { value: bytes, bound: senderTimeoutMs, boundName: 'senderTimeoutMs' },
      });
    });
  }

  private stalled(): TriremeError {
    const { senderTimeoutMs } = this.limits;
    const what = `the rest of the request did not come in time (${this.taken} bytes of it came)`;
    return new TriremeError('DEADLINE_PASSED', `${what}: send it faster`, {
      facts: { value: this.taken, bound: senderTimeoutMs, boundName: 'senderTimeoutMs' },
    });
  }
}

/** @throws what `late` makes, when the work takes longer */
async function within<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  const done = await atMost(Math.max(0, ms), work);
  if (done === null) throw late();
  return done;
}
