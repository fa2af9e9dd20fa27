import { TriremeError } from '../../common/errors.js';
import { RingWriter } from './byte-ring.js';
import { streamBytesMax } from './limits.js';

/** Carries the bytes of a stream to a thread, never more ahead than the ring holds. */
export class SourcePump {
  readonly ring = new RingWriter(streamBytesMax);
  #stopped = false;
  #onSpace: (() => void) | null = null;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    void this.#run(bytes);
  }

  /** The thread has read: there may be room again. */
  space(): void {
    this.#onSpace?.();
    this.#onSpace = null;
  }

  /** The job ended: nobody reads any more. */
  stop(): void {
    this.#stopped = true;
    this.space();
  }

  async #run(bytes: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of bytes) {
        for (let at = this.ring.write(chunk); at < chunk.length; at += this.ring.write(chunk.subarray(at))) {
          if (this.#stopped) return;
          await new Promise<void>((resolve) => (this.#onSpace = resolve));
        }
        // Leaving the loop calls the source's return().
        if (this.#stopped) return;
      }
      this.ring.end();
    } catch (error) {
      this.ring.fail(TriremeError.from(error));
    }
  }
}
