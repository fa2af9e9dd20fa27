import { newInflater } from './inflate-module.js';

/** Compressed bytes inflated at once. Deflate inflates at most 1,032 times, so one step gives at most 17 MB. */
export const stepBytes = 16 * 1024;

/** What one step gave: all bytes before the damage too. `unused`: bytes past the end of the deflate stream, null while it has not ended. */
export interface InflateStep {
  readonly bytes: Uint8Array | null;
  readonly unused: number | null;
  readonly damaged: boolean;
}

/** Raw deflate streams, one after the other, inflated in WebAssembly on this thread. */
export class RawInflater {
  private readonly wasm = newInflater();

  /** Begins another stream. */
  reset(): void {
    this.wasm.reset();
  }

  /** Inflates up to stepBytes. */
  step(input: Uint8Array): InflateStep {
    const wasm = this.wasm;
    new Uint8Array(wasm.memory.buffer, wasm.inputAt(), input.length).set(input);
    const pieces: Buffer[] = [];
    let status = wasm.inflate(input.length);
    for (;;) {
      pieces.push(Buffer.from(new Uint8Array(wasm.memory.buffer, wasm.outputAt(), wasm.outputBytes())));
      if (status !== wasm.OUTPUT_FULL.value) break;
      status = wasm.inflate(0);
    }
    const bytes = pieces.length > 1 ? Buffer.concat(pieces) : pieces[0];
    return {
      bytes: bytes.length > 0 ? bytes : null,
      unused: status === wasm.ENDED.value ? wasm.unusedBytes() : null,
      damaged: status === wasm.DAMAGED.value,
    };
  }
}
