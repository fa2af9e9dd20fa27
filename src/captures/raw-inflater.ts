import { inflateRawSync, constants } from 'node:zlib';
import { newInflater } from './inflate-module.js';

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

/** Raw deflate streams, one after the other, inflated in WebAssembly on this thread. */
export class RawInflater {
  private readonly wasm = newInflater();
  private kept: Uint8Array[] | null = [];
  private pushed = 0;
  private given = 0;

  /** Begins another stream. */
  reset(): void {
    this.wasm.reset();
    this.kept = [];
    this.pushed = 0;
    this.given = 0;
  }

  /** Inflates up to stepBytes. */
  step(input: Uint8Array): InflateStep {
    const wasm = this.wasm;
    this.keep(input);
    this.pushed += input.length;
    new Uint8Array(wasm.memory.buffer, wasm.inputAt(), input.length).set(input);
    const pieces: Buffer[] = [];
    let status = wasm.inflate(input.length);
    for (;;) {
      pieces.push(Buffer.from(new Uint8Array(wasm.memory.buffer, wasm.outputAt(), wasm.outputBytes())));
      if (status !== wasm.OUTPUT_FULL.value) break;
      status = wasm.inflate(0);
    }
    if (status === wasm.DAMAGED.value) return this.salvage();
    const bytes = pieces.length > 1 ? Buffer.concat(pieces) : pieces[0];
    this.given += bytes.length;
    const ended = status === wasm.ENDED.value;
    return { bytes: bytes.length > 0 ? bytes : null, unused: ended ? wasm.unusedBytes() : null, damaged: false };
  }

  private keep(input: Uint8Array): void {
    if (this.kept === null) return;
    if (this.pushed + input.length > keptBytesMax) this.kept = null;
    else this.kept.push(input.slice());
  }

  /** zlib drops what a failing step had given: inflate the longest good prefix again, where it was kept. */
  private salvage(): InflateStep {
    if (this.kept === null) return { bytes: null, unused: null, damaged: true };
    const all = Buffer.concat(this.kept);
    let good = this.pushed - this.kept[this.kept.length - 1].length;
    let bad = all.length;
    let longest = prefix(all, good);
    while (bad - good > 1) {
      const middle = (good + bad) >>> 1;
      const bytes = prefix(all, middle);
      if (bytes === null) bad = middle;
      else [good, longest] = [middle, bytes];
    }
    return { bytes: longest?.subarray(this.given) ?? null, unused: null, damaged: true };
  }
}

function prefix(all: Buffer, length: number): Buffer | null {
  try {
    return inflateRawSync(all.subarray(0, length), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return null;
  }
}
