import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Place {
  readonly value: number;
}

/** What assembly/lz4.ts exports. */
interface Lz4Exports {
  readonly memory: WebAssembly.Memory;
  readonly OUTPUT_FULL: Place;
  readonly BLOCK_ENDED: Place;
  readonly BLOCK_CUT: Place;
  readonly DAMAGED: Place;
  beginFrame(checksum: boolean): void;
  room(bytes: number): number;
  beginBlock(bytes: number, stored: boolean, independent: boolean): void;
  decode(): number;
  outputAt(): number;
  outputBytes(): number;
  inputHash(bytes: number): number;
  contentHash(): number;
}

/** An instance that has grown beyond this is not used again: WebAssembly memory never shrinks. A block of 4 MiB fits in. */
const idleBytesMax = 8 * 1024 * 1024;

let compiled: WebAssembly.Module | undefined;
let idle: Lz4Exports | null = null;

function acquire(): Lz4Exports {
  const instance = idle;
  idle = null;
  if (instance !== null) return instance;
  compiled ??= new WebAssembly.Module(readFileSync(join(__dirname, '..', 'captures', 'lz4.wasm')));
  return new WebAssembly.Instance(compiled).exports as unknown as Lz4Exports;
}

/** How a block ended: as it should, inside a sequence, or with a reference to what is not there. */
export type BlockEnd = 'ended' | 'cut' | 'damaged';

/** Blocks of LZ4, decoded in WebAssembly on this thread. To be closed; used for one stream at a time. */
export class Lz4Decoder {
  private readonly lz4 = acquire();
  private closed = false;

  /** Begins a frame. `checksum`: contentHash() will be asked. */
  beginFrame(checksum: boolean): void {
    this.lz4.beginFrame(checksum);
  }

  /** Where so many bytes of input go; valid until the next call of anything here. */
  input(bytes: number): Uint8Array {
    const at = this.lz4.room(bytes);
    if (at === 0) throw new RangeError(`no memory for an LZ4 block of ${bytes} bytes`);
    return new Uint8Array(this.lz4.memory.buffer, at, bytes);
  }

  /** XXH32 of the first bytes of the input. */
  inputHash(bytes: number): number {
    return this.lz4.inputHash(bytes) >>> 0;
  }

  /** XXH32 of all that the frame has given. */
  contentHash(): number {
    return this.lz4.contentHash() >>> 0;
  }

  /**
   * Decodes the first bytes of the input as a block, or takes them as they are. `independent`: no block before it is referred
   * to. Yields pieces of at most 320 KiB, each valid until the next is asked for.
   */
  *block(bytes: number, stored: boolean, independent: boolean): Generator<Uint8Array, BlockEnd> {
    const { lz4 } = this;
    lz4.beginBlock(bytes, stored, independent);
    for (;;) {
      const result = lz4.decode();
      const made = lz4.outputBytes();
      if (made > 0) yield new Uint8Array(lz4.memory.buffer, lz4.outputAt(), made);
      if (result === lz4.BLOCK_ENDED.value) return 'ended';
      if (result === lz4.BLOCK_CUT.value) return 'cut';
      if (result === lz4.DAMAGED.value) return 'damaged';
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.lz4.memory.buffer.byteLength <= idleBytesMax) idle = this.lz4;
  }
}
