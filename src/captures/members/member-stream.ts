import { ByteReader, type ByteStream } from '../byte-reader.js';
import { gzipMembers } from '../gzip-stream.js';
import { boundBy, exceeds, inflateBoundDefault, type InflateBound } from '../inflate-bound.js';
import { inflated, type Inflated } from '../inflated.js';
import type { MemberRun } from './member-run.js';

/** Packed bytes of a member that a thread still inflates: twice those of bgzip. Longer ones are inflated in order. */
export const memberBytesMax = 128 * 1024;
/** Ranges in a row whose members did not fit those before: then it is no file of many members, and threads are in the way. */
export const redoneMax = 4;

/** A gzip file, to be read in order and by ranges. */
export interface MemberSource {
  /** The bytes from a place on, in pieces that end where those of the whole file do. */
  stream(from: number): ByteStream;
  /** The ranges from a place on, inflated a little ahead of who asks for them in order. */
  ranges(from: number): Ranges;
}

export interface Ranges {
  readonly count: number;
  endOf(number: number): number;
  /** Its members, placed in the file, and their bytes. Null: none was found. @throws TriremeError when a thread has failed */
  result(number: number): Promise<{ readonly run: MemberRun | null; readonly out: ArrayBuffer }>;
  /** The bytes of a range were taken. */
  release(out: ArrayBuffer): void;
  close(): void;
}

/**
 * Inflates a gzip file of many members, such as bgzip writes, on several threads. Each takes a range of the file, looks for the first
 * member in it, and checks all of them. A range counts only if it begins where the one before has ended; everything else is
 * inflated in order from there, as on one core: so bytes and errors are the same. A file whose first member is long is inflated in order.
 */
export function inflateMembers(
  source: MemberSource,
  onBytes: (packedBytes: number) => void = () => undefined,
  bound = inflateBoundDefault,
): Inflated {
  const members = new MemberStream(source, onBytes, bound);
  return boundBy(
    inflated(() => members.all()),
    () => members.packedBytes,
    bound,
  );
}

class MemberStream {
  /** Packed bytes that were read, as who reads in order counts them. */
  packedBytes = 0;
  /** All before it is inflated; a member has ended there. */
  private position = 0;
  private bytes = 0;

  constructor(
    private readonly source: MemberSource,
    private readonly onBytes: (packedBytes: number) => void,
    private readonly bound: InflateBound,
  ) {}

  /** Returns the bytes behind the last member. */
  async *all(): AsyncGenerator<Uint8Array, number> {
    const rest = yield* this.inOrder(() => true);
    if (rest !== null) return rest;
    if (this.position <= memberBytesMax) {
      const ended = yield* this.onThreads();
      if (ended !== null) return ended;
    }
    return (yield* this.inOrder(() => false))!;
  }

  /** Inflates from the position on, until a member has ended and that is enough. Null: then; else the bytes behind the last one. */
  private async *inOrder(enough: (position: number) => boolean): AsyncGenerator<Uint8Array, number | null> {
    const from = this.position;
    const reader = new ByteReader(this.packed(from), from);
    try {
      const members = gzipMembers(reader, from > 0, enough);
      for (let next = await members.next(); ; next = await members.next()) {
        if (next.done === true) return next.value;
        this.bytes += next.value.length;
        yield next.value;
      }
    } finally {
      this.position = reader.position;
      await reader.close();
    }
  }

  private async *packed(from: number): AsyncGenerator<Uint8Array> {
    let position = from;
    for await (const piece of this.source.stream(from)) {
      position += piece.length;
      this.told(position);
      yield piece;
    }
  }

  private told(packedBytes: number): void {
    this.packedBytes = packedBytes;
    this.onBytes(packedBytes);
  }

  /** The ranges behind the position. Null: the rest is for who reads in order; else the bytes behind the last member. */
  private async *onThreads(): AsyncGenerator<Uint8Array, number | null> {
    const ranges = this.source.ranges(this.position);
    try {
      let redone = 0;
      for (let number = 0; number < ranges.count; number++) {
        const { run, out } = await ranges.result(number);
        const to = ranges.endOf(number);
        if (this.position < to) redone++;
        while (this.position < to) {
          if (run !== null && run.start === this.position && this.isBounded(run.length)) {
            this.position = run.end;
            this.told(run.end);
            this.bytes += run.length;
            redone = 0;
            yield new Uint8Array(out, 0, run.length);
            continue;
          }
          const goal = run !== null && run.start > this.position ? run.start : to;
          const rest = yield* this.inOrder((position) => position >= goal);
          if (rest !== null) return rest;
        }
        ranges.release(out);
        if (redone >= redoneMax) return null;
      }
      return null;
    } finally {
      ranges.close();
    }
  }

  /** Whether so many bytes more are within the bound all the way: what may not be is inflated in order, which stops where one core does. */
  private isBounded(length: number): boolean {
    return !exceeds(this.bytes + length, this.position, this.bound);
  }
}
