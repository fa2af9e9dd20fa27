import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What libzstd exports, as compiled by the package zstddec (size_t and pointers are 32 bits). */
interface ZstdExports {
  readonly memory: WebAssembly.Memory;
  malloc(bytes: number): number;
  free(at: number): void;
  ZSTD_createDCtx(): number;
  ZSTD_freeDCtx(context: number): number;
  ZSTD_DStreamOutSize(): number;
  ZSTD_decompressStream(context: number, output: number, input: number): number;
}

/** ZSTD_inBuffer and ZSTD_outBuffer: a pointer, a size and a position. */
const bufferBytes = 12;
/**
 * Bytes of the stream put into the decoder's memory at once: those of a block, which is decoded once all of
 * it is there.
 */
const inputBytes = 128 * 1024;
/** A result above this, taken as unsigned, is an error code (ZSTD_isError of zstd_errors.h). */
const resultMax = 2 ** 32 - 120;
/**
 * An instance that has grown beyond this is not used again: WebAssembly memory never shrinks. Its least is 16
 * MiB.
 */
const idleBytesMax = 32 * 1024 * 1024;

let compiled: WebAssembly.Module | undefined;
let idle: ZstdExports | null = null;

function acquire(): ZstdExports {
  const instance = idle;
  idle = null;
  if (instance !== null) return instance;
  compiled ??= new WebAssembly.Module(readFileSync(join(__dirname, 'zstd.wasm')));
  const env = { emscripten_notify_memory_growth: (): void => undefined };
  return new WebAssembly.Instance(compiled, { env }).exports as unknown as ZstdExports;
}

/** The data contradicts the format or its checksum. */
export class ZstdDamage extends Error {}

/**
 * libzstd on one stream of frames. The package's own loop is not used: it gives nothing for ever once it has
 * met damage, and what it had allocated stays allocated, so that damaged captures would fill the memory of a
 * worker that lives long. `close` gives everything back, whatever came before.
 */
export class ZstdDecoder {
  private readonly zstd = acquire();
  private readonly context = this.zstd.ZSTD_createDCtx();
  private readonly outputBytes = this.zstd.ZSTD_DStreamOutSize();
  private readonly input = this.zstd.malloc(inputBytes);
  private readonly output = this.zstd.malloc(this.outputBytes);
  private readonly buffers = this.zstd.malloc(2 * bufferBytes);
  private closed = false;

  /**
   * Decodes the next bytes of the stream and yields what comes of them, valid until it is asked on. Throws
   * ZstdDamage.
   */
  *decode(piece: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < piece.length; at += inputBytes) yield* this.decodeSome(piece.subarray(at, at + inputBytes));
  }

  private *decodeSome(piece: Uint8Array): Generator<Uint8Array> {
    const { zstd, context, input, output, outputBytes, buffers } = this;
    new Uint8Array(zstd.memory.buffer, input, piece.length).set(piece);
    const [inAt, outAt] = [buffers, buffers + bufferBytes];
    for (let [taken, full] = [0, false]; taken < piece.length || full;) {
      this.words(inAt).set([input, piece.length, taken]);
      this.words(outAt).set([output, outputBytes, 0]);
      const result = zstd.ZSTD_decompressStream(context, outAt, inAt) >>> 0;
      if (result > resultMax) throw new ZstdDamage(`zstd error ${2 ** 32 - result}`);
      const before = taken;
      taken = this.words(inAt)[2];
      const made = this.words(outAt)[2];
      if (made > 0) yield new Uint8Array(zstd.memory.buffer, output, made);
      // More may be ready than fitted: it comes without further input.
      full = made === outputBytes;
      const stuck = made === 0 && taken === before && taken < piece.length;
      if (stuck) throw new ZstdDamage('the decoder makes no progress');
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    const { zstd, context, input, output, buffers } = this;
    zstd.ZSTD_freeDCtx(context);
    zstd.free(input);
    zstd.free(output);
    zstd.free(buffers);
    if (zstd.memory.buffer.byteLength <= idleBytesMax) idle = zstd;
  }

  /** Memory may move when it grows, so views are made anew. */
  private words(at: number): Uint32Array {
    return new Uint32Array(this.zstd.memory.buffer, at, 3);
  }
}
