import type { PartNews } from './part-news.js';
import { behindBytes, type PartEnd, type PartRunner } from './part-runner.js';

/** A part of the packed file, and where its bytes go. */
export interface PartPlan {
  /** Parts that follow each other are 0, 1, and so on. */
  readonly number: number;
  readonly from: number;
  readonly to: number;
  readonly out: ArrayBuffer;
}

/** A part that is true, if the one before it is. */
export interface PartRun {
  /** In the file, in bits. */
  readonly end: number;
  /** The deflate stream has ended there. */
  readonly last: boolean;
  /** It was decoded before what comes before it was known. */
  readonly guessed: boolean;
  /** Bytes that it inflates to, and their CRC-32. */
  readonly length: number;
  readonly crc: number;
}

/**
 * Inflates a part, hears where it begins, and tells as soon as possible where the next one does. Null: it is
 * not sound, or too long.
 * @param read fills memory with what is at a place in the file; fewer bytes: the file has become shorter
 */
export function runPart(
  runner: PartRunner,
  { number, from, to, out }: PartPlan,
  sizeBytes: number,
  news: Pick<PartNews, 'isTold' | 'wait' | 'tell'>,
  read: (at: number, bytes: Uint8Array) => number,
): PartRun | null {
  const room = runner.room(Math.min(sizeBytes, to + behindBytes) - from, out.byteLength);
  const isRead = room !== null && read(from, room) === room.length;
  if (isRead && !news.isTold(number)) runner.search(to - from);
  const start = news.wait(number);
  if (start !== null && start.bit >= to * 8) {
    // A block of the part before reaches over all of this one.
    news.tell(number + 1, start);
    return { end: start.bit, last: false, guessed: false, length: 0, crc: 0 };
  }
  let end: PartEnd | null = null;
  if (isRead && start !== null && start.bit >= from * 8)
    end = runner.end(start.bit - from * 8, start.window, to - from);
  const next = end === null ? null : from * 8 + end.bit;
  news.tell(number + 1, next === null || end!.last ? null : { bit: next, window: runner.window() });
  return end === null ? null : { ...end, end: next!, ...runner.finish(new Uint8Array(out)) };
}
