import { createInflateRaw, inflateRawSync, constants, type InflateRaw } from 'node:zlib';

/** Compressed bytes given to zlib at once. Deflate inflates at most 1,032 times, so one step gives at most 17 MB. */
export const stepBytes = 16 * 1024;

/** Compressed bytes of a deflate stream kept, so that damage in it can be found exactly; past this its last step is lost. */
const keptBytesMax = 1024 * 1024;

/** What one step gave. `unused`: bytes past the end of the deflate stream, null while it has not ended. */
export interface InflateStep {
  readonly bytes: Uint8Array | null;
  readonly unused: number | null;
  readonly damaged: boolean;
}

/** One raw deflate stream, inflated by node:zlib on libuv's threads, so that scanning goes on meanwhile. */
export class RawInflater {
  // The readable side never pushes back: a step is bounded by stepBytes, and it is drained after each.
  readonly #zlib: InflateRaw = createInflateRaw({ chunkSize: 128 * 1024, readableHighWaterMark: 2 ** 30 } as object);
  #kept: Uint8Array[] | null = [];
  #pushed = 0;
  #given = 0;

  #failed: () => void = () => undefined;

  constructor() {
    // A failing write never calls back; the event is all that tells.
    this.#zlib.on('error', () => this.#failed());
  }

  /** Inflates up to stepBytes. The input may be reused once the promise has settled. */
  step(input: Uint8Array): Promise<InflateStep> {
    this.#keep(input);
    this.#pushed += input.length;
    return new Promise((resolve) => {
      this.#failed = () => resolve(this.#salvage());
      this.#zlib.write(input, (error) => {
        if (error != null) return;
        const bytes = this.#drain();
        this.#given += bytes?.length ?? 0;
        // zlib takes all that it is offered until the deflate stream has ended.
        const unused = this.#pushed - this.#zlib.bytesWritten;
        resolve({ bytes, unused: unused > 0 ? unused : null, damaged: false });
      });
    });
  }

  close(): void {
    this.#zlib.destroy();
  }

  /** All that is buffered. A read() without a size gives it joined before Node 26, and one piece of it since. */
  #drain(): Buffer | null {
    const pieces: Buffer[] = [];
    for (let piece = this.#read(); piece !== null; piece = this.#read()) pieces.push(piece);
    return pieces.length > 1 ? Buffer.concat(pieces) : (pieces[0] ?? null);
  }

  #read(): Buffer | null {
    return this.#zlib.read() as Buffer | null;
  }

  #keep(input: Uint8Array): void {
    if (this.#kept === null) return;
    if (this.#pushed + input.length > keptBytesMax) this.#kept = null;
    else this.#kept.push(input.slice());
  }

  /** zlib drops what a failing step had given: inflate the longest good prefix again, where it was kept. */
  #salvage(): InflateStep {
    if (this.#kept === null) return { bytes: null, unused: null, damaged: true };
    const all = Buffer.concat(this.#kept);
    let good = this.#pushed - this.#kept[this.#kept.length - 1].length;
    let bad = all.length;
    let longest = prefix(all, good);
    while (bad - good > 1) {
      const middle = (good + bad) >>> 1;
      const bytes = prefix(all, middle);
      if (bytes === null) bad = middle;
      else [good, longest] = [middle, bytes];
    }
    return { bytes: longest?.subarray(this.#given) ?? null, unused: null, damaged: true };
  }
}

function prefix(all: Buffer, length: number): Buffer | null {
  try {
    return inflateRawSync(all.subarray(0, length), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return null;
  }
}
