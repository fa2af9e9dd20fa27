import type { MessagePort } from 'node:worker_threads';
import { TriremeError } from '../../common/errors.js';
import { wakeUp } from './messages.js';

/** Control words of a ring, before its bytes. Positions count bytes modulo 2^32. */
const Word = {
  /** Position up to which bytes were written; the reader sleeps on it. */
  WRITTEN: 0,
  /** Position up to which bytes were read. */
  READ: 1,
  /** 0: more comes; 1: the end; 2: the sender failed. */
  STATE: 2,
  /** Changes with every write, end and cancellation: what the reader really sleeps on. */
  BELL: 3,
  /** Length of the sender's error text, which stands in the ring from its start. */
  ERROR_BYTES: 4,
} as const;
const wordBytes = 64;

/** The main thread's side of a ring of bytes in shared memory. Never blocks. */
export class RingWriter {
  readonly memory: SharedArrayBuffer;
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;

  /** capacity in bytes, a power of two. */
  constructor(capacity: number) {
    this.memory = new SharedArrayBuffer(wordBytes + capacity);
    this.words = new Int32Array(this.memory, 0, wordBytes / 4);
    this.bytes = new Uint8Array(this.memory, wordBytes);
  }

  /** Empty again, for another stream. Neither the reader of the last one nor its sender may use it any more. */
  reset(): void {
    for (const word of [Word.WRITTEN, Word.READ, Word.STATE, Word.ERROR_BYTES]) Atomics.store(this.words, word, 0);
  }

  /** Writes as many of the bytes as there is room for and returns how many. */
  write(bytes: Uint8Array): number {
    const written = this.words[Word.WRITTEN];
    const held = (written - Atomics.load(this.words, Word.READ)) >>> 0;
    const count = Math.min(bytes.length, this.bytes.length - held);
    const at = (written >>> 0) % this.bytes.length;
    const first = Math.min(count, this.bytes.length - at);
    this.bytes.set(bytes.subarray(0, first), at);
    this.bytes.set(bytes.subarray(first, count), 0);
    Atomics.store(this.words, Word.WRITTEN, (written + count) | 0);
    this.ring();
    return count;
  }

  end(): void {
    Atomics.store(this.words, Word.STATE, 1);
    this.ring();
  }

  /** The sender failed: the reader throws this as soon as it looks. What it has not read is overwritten. */
  fail(error: TriremeError): void {
    const text = Buffer.from(`${error.code} ${error.message}`).subarray(0, this.bytes.length);
    this.bytes.set(text, 0);
    this.words[Word.ERROR_BYTES] = text.length;
    Atomics.store(this.words, Word.STATE, 2);
    this.ring();
  }

  /** Wakes the reader so that it looks whether it was cancelled. */
  ring(): void {
    Atomics.add(this.words, Word.BELL, 1);
    Atomics.notify(this.words, Word.BELL);
  }
}

/** The thread's side: blocks until bytes come. */
export class RingReader {
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly port: MessagePort;
  private readonly cancelled: () => boolean;
  /** Bytes handed out by the last read(), free again at the next one. */
  private lent = 0;

  constructor(memory: SharedArrayBuffer, port: MessagePort, cancelled: () => boolean) {
    this.words = new Int32Array(memory, 0, wordBytes / 4);
    this.bytes = new Uint8Array(memory, wordBytes);
    this.port = port;
    this.cancelled = cancelled;
  }

  /** The next bytes, in shared memory and valid until the next call; null at the end or when the job was cancelled. */
  read(): Uint8Array | null {
    if (this.lent > 0) {
      Atomics.add(this.words, Word.READ, this.lent);
      this.lent = 0;
      this.port.postMessage(wakeUp);
    }
    for (;;) {
      const bell = Atomics.load(this.words, Word.BELL);
      const state = Atomics.load(this.words, Word.STATE);
      if (this.cancelled()) return null;
      if (state === 2) throw this.error();
      const read = this.words[Word.READ];
      const held = (Atomics.load(this.words, Word.WRITTEN) - read) >>> 0;
      if (held > 0) {
        const at = (read >>> 0) % this.bytes.length;
        this.lent = Math.min(held, this.bytes.length - at);
        return this.bytes.subarray(at, at + this.lent);
      }
      if (state === 1) return null;
      Atomics.wait(this.words, Word.BELL, bell);
    }
  }

  private error(): TriremeError {
    const text = Buffer.from(this.bytes.subarray(0, this.words[Word.ERROR_BYTES])).toString();
    const space = text.indexOf(' ');
    return new TriremeError(text.slice(0, space) as TriremeError['code'], text.slice(space + 1));
  }
}
