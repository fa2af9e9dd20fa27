import { TriremeError } from '../../common/errors.js';
import type { RingWriter } from './byte-ring.js';

/**
 * Carries the bytes of a stream to a thread, never more ahead than the ring holds. The ring is the thread's and serves
 * one stream after another (one each would stay in memory until both threads collect their garbage, which a job thread
 * hardly ever does), so a pump that was stopped leaves it alone.
 */
export class SourcePump {
  private stopped = false;
  private onSpace: (() => void) | null = null;

  constructor(
    bytes: AsyncIterable<Uint8Array>,
    readonly ring: RingWriter,
  ) {
    ring.reset();
    void this.run(bytes);
  }

  /** The thread has read: there may be room again. */
  space(): void {
    this.onSpace?.();
    this.onSpace = null;
  }

  /** The job ended: nobody reads any more. */
  stop(): void {
    this.stopped = true;
    this.space();
  }

  private async run(bytes: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of bytes) {
        for (let at = 0; at < chunk.length;) {
          // Leaving the loop calls the source's return().
          if (this.stopped) return;
          at += this.ring.write(chunk.subarray(at));
          if (at < chunk.length) await new Promise<void>((resolve) => (this.onSpace = resolve));
        }
        if (this.stopped) return;
      }
      if (!this.stopped) this.ring.end();
    } catch (error) {
      if (!this.stopped) this.ring.fail(TriremeError.from(error));
    }
  }
}
