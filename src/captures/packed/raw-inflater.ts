import { type InflateExports, newInflater } from './inflate-module.js';

/**
 * Compressed bytes inflated at once. Deflate inflates at most 1,032 times, so one step gives at most 17 MB.
 */
export const stepBytes = 16 * 1024;

/** Bytes that distances reach back. */
export const windowBytes = 32 * 1024;

/** What one step gave: all bytes before the damage too. */
export interface InflateStep {
  readonly bytes: Uint8Array | null;
  /** Bytes of input past the end of the deflate stream; null: it has not ended. */
  readonly unused: number | null;
  readonly damaged: boolean;
  /** Bits of input behind the end of the block where the step was to end; null: it was not. */
  readonly paused: number | null;
}

/** One that nobody uses: each reserves address space, some 10 GB of it, until the collector finds it. */
let idle: InflateExports | null = null;

/**
 * Raw deflate streams, one after the other, inflated in WebAssembly on this thread. To be closed, and not
 * used after that.
 */
export class RawInflater {
  private readonly wasm = idle ?? newInflater();

  constructor() {
    idle = null;
  }

  close(): void {
    idle = this.wasm;
  }

  /** Begins another stream. */
  reset(): void {
    this.wasm.reset();
  }

  /**
   * Goes on with a stream at a block, behind these bytes. So many bits of the first byte of input come before
   * the block.
   */
  resume(window: Uint8Array, bits: number): void {
    const at = this.wasm.resume(bits);
    new Uint8Array(this.wasm.memory.buffer, at, windowBytes).set(window);
  }

  /** The last 32 KiB that came of a stream that gave as many. */
  window(): Uint8Array {
    const { wasm } = this;
    return new Uint8Array(wasm.memory.buffer, wasm.outputAt() + wasm.outputBytes() - windowBytes, windowBytes).slice();
  }

  /**
   * Inflates up to stepBytes.
   * @param pauses asked at the end of each block but the last, with the bits of input behind it: whether the
   * step is to end there
   */
  step(input: Uint8Array, pauses: ((unusedBits: number) => boolean) | null = null): InflateStep {
    const { wasm } = this;
    new Uint8Array(wasm.memory.buffer, wasm.inputAt(), input.length).set(input);
    wasm.pauseAtBlocks(pauses === null ? 0 : 1);
    const pieces: Buffer[] = [];
    let paused: number | null = null;
    let status = wasm.inflate(input.length);
    for (;;) {
      pieces.push(Buffer.from(new Uint8Array(wasm.memory.buffer, wasm.outputAt(), wasm.outputBytes())));
      if (status === wasm.BLOCK_ENDED.value) {
        const unusedBits = wasm.unusedBytes() * 8 + wasm.unusedBits();
        if (pauses!(unusedBits)) {
          paused = unusedBits;
          break;
        }
      } else if (status !== wasm.OUTPUT_FULL.value) break;
      status = wasm.inflate(0);
    }
    const bytes = pieces.length > 1 ? Buffer.concat(pieces) : pieces[0];
    return {
      bytes: bytes.length > 0 ? bytes : null,
      unused: status === wasm.ENDED.value ? wasm.unusedBytes() : null,
      damaged: status === wasm.DAMAGED.value,
      paused,
    };
  }
}
