import { crc32 } from 'node:zlib';
import { newInflater } from '../inflate-module.js';
import { windowBytes } from '../raw-inflater.js';

/**
 * Packed bytes behind the end of a part that are read with it: its last block reaches so far, or the part is
 * for who reads in order.
 */
export const behindBytes = 512 * 1024;

/**
 * Packed bytes in which the first block of a part is searched, and behind which it may end at any block.
 * Blocks of gzip have 8 to 60 KiB. Stored ones, of which there may be megabytes, are not found, and then no
 * more time is lost.
 */
export const searchBytesMax = 128 * 1024;

/** Places that look like a block, and then are none. One in thousands is. */
export const triesMax = 3;

/** Where a part of a deflate stream has ended. */
export interface PartEnd {
  /** In bits from the begin of its first byte. */
  readonly bit: number;
  /** The stream has ended there; else a block has, and another one follows. */
  readonly last: boolean;
  /** It was decoded before what comes before it was known. */
  readonly guessed: boolean;
}

/**
 * Inflates parts of one deflate stream that lie in memory. What comes before a part need not be known yet: a
 * block's begin is searched, and bytes from before it stay open. A part is true only if it begins where the
 * part before it has ended.
 */
export class PartRunner {
  private readonly wasm = newInflater();
  private packedBytes = 0;
  private guess: { readonly start: number; readonly bit: number; readonly last: boolean } | null = null;

  /** Where so many packed bytes go, which may inflate to so many. Null: there is no memory for that. */
  room(packedBytes: number, inflatedBytes: number): Uint8Array | null {
    const { wasm } = this;
    this.guess = null;
    this.packedBytes = packedBytes;
    const at = wasm.partAt(packedBytes, inflatedBytes);
    return at === 0 ? null : new Uint8Array(wasm.memory.buffer, at, packedBytes);
  }

  /** Decodes from the first block on that is found, to the first that ends at `until` or behind it. */
  search(until: number): void {
    const { wasm } = this;
    const to = Math.min(searchBytesMax, this.packedBytes) * 8;
    for (let from = 0, tries = 0; tries < triesMax; tries++) {
      const start = wasm.findBlock(from, to) >>> 0;
      if (start === wasm.NONE.value >>> 0) return;
      const status = wasm.decodeSymbols(start, until * 8, (until + searchBytesMax) * 8);
      if (this.ended(status)) {
        this.guess = { start, bit: wasm.partBit() >>> 0, last: status === wasm.ENDED.value };
        return;
      }
      if (status !== wasm.DAMAGED.value) return;
      from = start + 1;
    }
  }

  /**
   * Says how the part ends, given where it begins and the 32 KiB before that: if that was not guessed, it is
   * decoded now. Null: it is not sound, or longer than it may be.
   */
  end(start: number, window: Uint8Array, until: number): PartEnd | null {
    const { wasm, guess } = this;
    this.bytes(wasm.windowAt(), windowBytes).set(window);
    if (guess?.start === start) return { bit: guess.bit, last: guess.last, guessed: true };
    if (start >= until * 8) return null;
    const status = wasm.decodeBytes(start, until * 8, (until + searchBytesMax) * 8);
    if (!this.ended(status)) return null;
    return { bit: wasm.partBit() >>> 0, last: status === wasm.ENDED.value, guessed: false };
  }

  /** The last 32 KiB, of what was before the part too. Valid until the next call. */
  window(): Uint8Array {
    return this.bytes(this.wasm.lastBytes(), windowBytes);
  }

  /** All bytes of the part, written to `out`. */
  finish(out: Uint8Array): { readonly length: number; readonly crc: number } {
    const { wasm } = this;
    wasm.knowAll();
    const bytes = this.bytes(wasm.partOutput(), wasm.partLength());
    out.set(bytes);
    return { length: bytes.length, crc: crc32(bytes) };
  }

  private ended(status: number): boolean {
    return status === this.wasm.BLOCK_ENDED.value || status === this.wasm.ENDED.value;
  }

  private bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.wasm.memory.buffer, at, length);
  }
}
