import { ByteReader, type ByteStream } from '../../file/byte-reader.js';
import { gzipBegin, gzipMembers, type GzipPlace, type OpenMember } from '../gzip-stream.js';
import { boundBy, exceeds, inflateBoundDefault, type InflateBound } from '../inflate-bound.js';
import { inflated, type Inflated } from '../inflated.js';
import type { Parts } from '../parts/thread-parts.js';
import { stepBytes, windowBytes } from '../raw-inflater.js';
import type { MemberRun } from './member-run.js';

/**
 * Packed bytes of a member that a thread still inflates: twice those of bgzip. Longer ones are inflated in
 * order, or in parts.
 */
export const memberBytesMax = 128 * 1024;
/** Ranges or parts in a row that did not fit those before: then threads are in the way. */
export const redoneMax = 4;
/**
 * Packed bytes that are read in order at first where parts were of no use; twice as many each further time.
 */
const inOrderBytes = 4 * 1024 * 1024;

/** A gzip file, to be read in order, by ranges of many members, and by parts of one. */
export interface MemberSource {
  readonly sizeBytes: number;
  /** Packed bytes that must be left of a file for parts to pay. */
  readonly partsFromBytes: number;
  /**
   * The bytes from a place on, in pieces that end at multiples of pieceBytes, as those of the whole file do.
   */
  stream(from: number): ByteStream;
  readonly pieceBytes: number;
  /** The ranges from a place on, inflated a little ahead of who asks for them in order. */
  ranges(from: number): Ranges;
  parts(): Parts;
}

export interface Ranges {
  readonly count: number;
  endOf(number: number): number;
  /**
   * Its members, placed in the file, and their bytes; run is null where none was found. Null: there is no
   * memory for threads.
   * @throws TriremeError when a thread has failed otherwise
   */
  result(number: number): Promise<{ readonly run: MemberRun | null; readonly out: ArrayBuffer } | null>;
  /** The bytes of a range were taken. */
  release(out: ArrayBuffer): void;
  close(): void;
}

/**
 * Inflates a gzip file on several threads. Of many members, such as bgzip writes, each takes a range of the
 * file, looks for the first member in it, and checks all of them. Of a long member, each takes a part, and
 * looks for the first block in it. A range or part counts only if it begins where the one before has ended;
 * everything else is inflated in order from there, as on one core: so bytes and errors are the same.
 */
export function inflateMembers(
  source: MemberSource,
  onBytes: (packedBytes: number) => void = () => undefined,
  bound = inflateBoundDefault,
  /** Hears that there is no memory for threads. */
  onStarved: () => void = () => undefined,
): Inflated {
  const members = new MemberStream(source, onBytes, bound, onStarved);
  return boundBy(
    inflated(() => members.all()),
    () => members.packedBytes,
    bound,
  );
}

type Enough = (bit: number, open: OpenMember | null) => boolean;

class MemberStream {
  /** Packed bytes that were read, as who reads in order counts them. */
  packedBytes = 0;
  /** All before it is inflated. */
  private place: GzipPlace = gzipBegin;
  private bytes = 0;
  /** Long members are read in order to here at least, in packed bytes. */
  private inOrderTo = 0;
  private inOrderNext = inOrderBytes;
  private parts: Parts | null = null;

  constructor(
    private readonly source: MemberSource,
    private readonly onBytes: (packedBytes: number) => void,
    private readonly bound: InflateBound,
    private readonly onStarved: () => void,
  ) {}

  /** Returns the bytes behind the last member. */
  async *all(): AsyncGenerator<Uint8Array, number> {
    try {
      return yield* this.members();
    } finally {
      this.parts?.close();
    }
  }

  private async *members(): AsyncGenerator<Uint8Array, number> {
    const rest = yield* this.inOrder((bit, open) => open === null || this.splits(bit, open));
    if (rest !== null) return rest;
    if (this.place.open === null && this.position <= memberBytesMax) {
      const ended = yield* this.inRanges();
      if (ended !== null) return ended;
      return (yield* this.inOrder(null))!;
    }
    return yield* this.inParts();
  }

  /** In bytes. What is packed there may begin within the byte. */
  private get position(): number {
    return Math.floor(this.place.bit / 8);
  }

  /**
   * Inflates from the place on, until it is enough (null: never). Null: then; else the bytes behind the last
   * member.
   */
  private async *inOrder(enough: Enough | null): AsyncGenerator<Uint8Array, number | null> {
    const { place } = this;
    const from = place.ended ? Math.ceil(place.bit / 8) : this.position;
    const reader = new ByteReader(this.packed(from), from);
    try {
      const members = gzipMembers(reader, place, enough);
      for (let next = await members.next(); ; next = await members.next()) {
        if (next.done === true) {
          if (typeof next.value === 'number') return next.value;
          this.place = next.value;
          return null;
        }
        this.bytes += next.value.length;
        yield next.value;
      }
    } finally {
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

  /**
   * The ranges behind the place. Null: the rest is for who reads in order; else the bytes behind the last
   * member.
   */
  private async *inRanges(): AsyncGenerator<Uint8Array, number | null> {
    const ranges = this.source.ranges(this.position);
    try {
      let redone = 0;
      for (let number = 0; number < ranges.count; number++) {
        const result = await ranges.result(number);
        if (result === null) {
          this.starve();
          return null;
        }
        const { run, out } = result;
        const to = ranges.endOf(number);
        if (this.position < to) redone++;
        while (this.position < to) {
          if (run !== null && run.start === this.position && this.isBounded(run.length)) {
            this.place = { ...gzipBegin, bit: run.end * 8 };
            this.told(run.end);
            this.bytes += run.length;
            redone = 0;
            yield new Uint8Array(out, 0, run.length);
            continue;
          }
          const goal = run !== null && run.start > this.position ? run.start : to;
          const rest = yield* this.inOrder((bit, open) => open === null && bit >= goal * 8);
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

  /** The rest of a file whose first member is long. Returns the bytes behind the last member. */
  private async *inParts(): AsyncGenerator<Uint8Array, number> {
    for (;;) {
      if (this.place.open !== null && !this.place.ended) yield* this.takeParts(this.parts!);
      const rest = yield* this.inOrder((bit, open) => open !== null && this.splits(bit, open));
      if (rest !== null) return rest;
    }
  }

  /** Parts from the place on, as long as each is true. */
  private async *takeParts(parts: Parts): AsyncGenerator<Uint8Array, void> {
    const { open, bit, window } = this.place;
    parts.begin({ bit, window: window! }, open!.length / (this.position - open!.dataAt));
    try {
      for (let redone = 0; redone < redoneMax;) {
        const part = await parts.next();
        if (part?.run == null || !this.isBounded(part.run.length)) break;
        const { run, out } = part;
        const bytes = new Uint8Array(out, 0, run.length);
        open!.join(run.crc, run.length);
        this.place = { bit: run.end, open, ended: run.last, window: windowBehind(this.place.window!, bytes) };
        this.told(this.position);
        this.bytes += run.length;
        yield bytes;
        parts.release(out);
        if (run.last) return;
        redone = run.guessed ? 0 : redone + 1;
        if (run.guessed) this.inOrderNext = inOrderBytes;
      }
    } finally {
      parts.stop();
    }
    if (parts.starved) return this.starve();
    this.inOrderTo = this.position + this.inOrderNext;
    this.inOrderNext *= 2;
  }

  /** The rest is inflated in order: the memory that threads had asked for is free again. */
  private starve(): void {
    this.inOrderTo = Infinity;
    this.parts?.close();
    this.onStarved();
  }

  /**
   * Whether parts may begin at this block of an open member: what distances reach was all inflated, steps of
   * input end where they do without parts, enough of the file is left, and the threads are there, which are
   * started when all else holds.
   */
  private splits(bit: number, open: OpenMember): boolean {
    const { pieceBytes, sizeBytes, partsFromBytes } = this.source;
    const at = Math.floor(bit / 8);
    const may =
      at >= this.inOrderTo &&
      sizeBytes - at >= partsFromBytes &&
      open.length >= windowBytes &&
      Math.floor(at / pieceBytes) > Math.floor(open.dataAt / pieceBytes) &&
      this.isBounded(0);
    if (!may) return false;
    this.parts ??= this.source.parts();
    if (this.parts.starved) this.starve();
    return this.parts.ready;
  }

  /**
   * Whether so many bytes more, and those of a step behind them, are within the bound all the way: what may
   * not be is inflated in order, which stops where one core does.
   */
  private isBounded(length: number): boolean {
    return !exceeds(this.bytes + length + stepBytes * inflatedMost, this.position, this.bound);
  }
}

/** Deflate inflates at most so many times. */
const inflatedMost = 1032;

function windowBehind(window: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (bytes.length >= windowBytes) return bytes.slice(-windowBytes);
  return Buffer.concat([window.subarray(bytes.length), bytes]);
}
