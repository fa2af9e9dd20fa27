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
  taken(): void;
  inputHash(bytes: number): number;
  contentHash(): number;
}

/**
 * An instance that has grown beyond this is not used again: WebAssembly memory never shrinks. A block of 4
 * MiB fits in.
 */
const idleBytesMax = 8 * 1024 * 1024;

let compiled: WebAssembly.Module | undefined;
let idle: Lz4Exports | null = null;

function acquire(): Lz4Exports {
  const instance = idle;
  idle = null;
  if (instance !== null) return instance;
  compiled ??= new WebAssembly.Module(readFileSync(join(__dirname, 'lz4.wasm')));
  return new WebAssembly.Instance(compiled).exports as unknown as Lz4Exports;
}

/** How a block ended: as it should, inside a sequence, or with a reference to what is not there. */
export type BlockEnd = 'ended' | 'cut' | 'damaged';

/** Blocks of LZ4, decoded in WebAssembly on this thread. To be closed; used for one stream at a time. */
export class Lz4Decoder {
  private readonly lz4 = acquire();
  private readonly endOf = this.ends();
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
   * The first bytes of the input are a block, or bytes to be taken as they are. `independent`: none before it
   * is referred to.
   */
  beginBlock(bytes: number, stored: boolean, independent: boolean): void {
    this.lz4.beginBlock(bytes, stored, independent);
  }

  /**
   * Decodes the block on, to its end or until there is no more room for output, which is then to be taken.
   */
  decode(): BlockEnd | 'full' {
    return this.endOf[this.lz4.decode()];
  }

  /** Bytes of output that wait to be taken. */
  get outputBytes(): number {
    return this.lz4.outputBytes();
  }

  /** The output that waits, at most 320 KiB, valid until taken(). */
  output(): Uint8Array {
    return new Uint8Array(this.lz4.memory.buffer, this.lz4.outputAt(), this.lz4.outputBytes());
  }

  /** The output was used. */
  taken(): void {
    this.lz4.taken();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.lz4.memory.buffer.byteLength <= idleBytesMax) idle = this.lz4;
  }

  private ends(): Readonly<Record<number, BlockEnd | 'full'>> {
    const { OUTPUT_FULL, BLOCK_ENDED, BLOCK_CUT, DAMAGED } = this.lz4;
    return {
      [OUTPUT_FULL.value]: 'full',
      [BLOCK_ENDED.value]: 'ended',
      [BLOCK_CUT.value]: 'cut',
      [DAMAGED.value]: 'damaged',
    };
  }
}
