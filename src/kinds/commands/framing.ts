/**
 * How a process that lives for many jobs hears and answers them. `lines`: one line each way. `frames`: the
 * length in 4 bytes, big-endian, and as many bytes. A length with its top bit set is said by the process
 * alone: the bytes are why the job failed.
 */
export type Framing = 'lines' | 'frames';

/** What a process said. */
export type Said =
  | { readonly type: 'result'; readonly bytes: Buffer }
  | { readonly type: 'failure'; readonly reason: string }
  /** It works: the job's time begins anew. */
  | { readonly type: 'alive' }
  /** More bytes than an answer may have. What follows cannot be told from it. */
  | { readonly type: 'too-long'; readonly bytes: number };

/** The length of a frame that is a sign of life, without bytes. */
const aliveLength = 0xffff_ffff;
export const aliveFrame = Buffer.alloc(4, 0xff);
const failureBit = 0x8000_0000;
const headBytes = 4;
const newline = 0x0a;

/** A frame as a process reads or writes it. @param failed whether the bytes are why a job failed */
export function frameOf(bytes: Uint8Array, failed = false): Buffer {
  const frame = Buffer.allocUnsafe(headBytes + bytes.length);
  frame.writeUInt32BE(failed ? bytes.length + failureBit : bytes.length, 0);
  frame.set(bytes, headBytes);
  return frame;
}

/** What is written to a process for a job, or in words why this cannot be. */
export function asked(framing: Framing, payload: Uint8Array): Buffer | string {
  if (framing === 'frames') return frameOf(payload);
  if (payload.includes(newline)) return 'its payload holds a line break, which serve: lines cannot carry';
  return Buffer.concat([payload, Buffer.of(newline)]);
}

/** Puts together what a process says, however its bytes are cut. */
export class FramingReader {
  private chunks: Buffer[] = [];
  private bytes = 0;

  /** @param bytesMax of one answer; more of a line, or a longer frame, is `too-long` */
  constructor(
    private readonly framing: Framing,
    private readonly bytesMax: number,
  ) {}

  /** True while bytes are here that no whole answer was made of. */
  get unfinished(): boolean {
    return this.bytes > 0;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.chunks.push(chunk);
    this.bytes += chunk.length;
  }

  /** The next thing said; null: not all of it is here. */
  next(): Said | null {
    return this.framing === 'lines' ? this.line() : this.frame();
  }

  private line(): Said | null {
    let before = 0;
    for (const chunk of this.chunks) {
      const at = chunk.indexOf(newline);
      if (at >= 0) {
        if (before + at > this.bytesMax) return { type: 'too-long', bytes: before + at };
        const line = this.take(before + at + 1);
        return { type: 'result', bytes: line.subarray(0, before + at) };
      }
      before += chunk.length;
    }
    return before > this.bytesMax ? { type: 'too-long', bytes: before } : null;
  }

  private frame(): Said | null {
    if (this.bytes < headBytes) return null;
    if (this.chunks[0].length < headBytes) this.chunks = [Buffer.concat(this.chunks)];
    const length = this.chunks[0].readUInt32BE(0);
    if (length === aliveLength) {
      this.take(headBytes);
      return { type: 'alive' };
    }
    const failed = length >= failureBit;
    const bytes = failed ? length - failureBit : length;
    if (bytes > this.bytesMax) return { type: 'too-long', bytes };
    if (this.bytes < headBytes + bytes) return null;
    const body = this.take(headBytes + bytes).subarray(headBytes);
    return failed ? { type: 'failure', reason: body.toString('utf8') } : { type: 'result', bytes: body };
  }

  private take(count: number): Buffer {
    const all = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
    const rest = all.subarray(count);
    this.chunks = rest.length === 0 ? [] : [rest];
    this.bytes = rest.length;
    return all.subarray(0, count);
  }
}
