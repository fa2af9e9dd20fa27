import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicClock } from '../../common/clock.js';
import { TriremeError } from '../../common/errors.js';
import { shownName } from '../file/capture-name.js';
import { discard, failureOf, PassingFailure, type Answer } from './http-get.js';
import { Patience, stallMsMax } from './patience.js';
import type { UrlSource } from './url-identity.js';
import { requestPart } from './url-part.js';

/**
 * Bytes of one request: large enough that its round trip is small beside it, small enough that a request that breaks or
 * is not wanted any more wastes little.
 */
const partBytes = 8 * 1024 * 1024;
/**
 * Bytes asked for past the planned end of a chunk, where its last record ends; more are asked for as they are needed.
 */
const tailBytes = 64 * 1024;

/** A request that is on its way or answered, and the range that it is for. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly answer: Promise<Answer>;
}

interface UrlStreamOptions {
  readonly signal?: AbortSignal;
  /** The time to give up before the first byte. */
  readonly openingStallMs?: number;
  /** The stream ends at `end`, so that each answer is read whole and its connection serves the next request. */
  readonly exact?: boolean;
}

/**
 * Bytes of a capture from a position to its end, in order. They are read in parts, one request each; the
 * request for the next part is sent while one is read, and its bytes wait in the sockets. What breaks is
 * asked for again from the first byte that is missing, until nothing has come for stallMsMax.
 * @param end where the reader expects to stop: past it little is asked for ahead; null: the end of the capture
 */
export async function* streamUrl(
  source: UrlSource,
  start: number,
  end: number | null,
  { signal, openingStallMs = stallMsMax, exact = false }: UrlStreamOptions = {},
): AsyncGenerator<Uint8Array> {
  const last = exact && end !== null ? end : source.identity.sizeBytes;
  const wantedEnd = Math.min(last, end === null ? last : end + tailBytes);
  const stop = new AbortController();
  const signals = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const patience = new Patience(openingStallMs, stallMsMax, () => monotonicClock() * 1000);
  const ask = (from: number): Part => {
    const to = from < wantedEnd ? Math.min(from + partBytes, wantedEnd) : from + tailBytes * 4;
    const partEnd = Math.min(to, last);
    const part = { start: from, end: partEnd, answer: requestPart(source, from, partEnd, signals) };
    // Heard when the part is read; a part that is never read fails in silence.
    part.answer.catch(() => undefined);
    return part;
  };
  let position = start;
  let next: Part | null = null;
  try {
    while (position < last) {
      const part: Part = next?.start === position ? next : ask(position);
      next = null;
      try {
        const { body } = await part.answer;
        if (part.end < wantedEnd) next = ask(part.end);
        for await (const bytes of body as AsyncIterable<Uint8Array>) {
          const kept = bytes.length > part.end - position ? bytes.subarray(0, part.end - position) : bytes;
          position += kept.length;
          yield kept;
          // After the reader has come back: its time is none of the server's.
          patience.moved();
        }
        if (position < part.end) throw new PassingFailure('the answer was cut short');
      } catch (caught) {
        const error = failureOf(caught);
        signal?.throwIfAborted();
        if (error instanceof TriremeError) throw error;
        if (next !== null) next.answer.then(discard, () => undefined);
        next = null;
        const waitMs = error instanceof PassingFailure ? patience.failed() : null;
        if (waitMs === null) throw gaveUp(source, position, error);
        await sleep(waitMs, undefined, { signal });
      }
    }
  } finally {
    stop.abort();
  }
}

function gaveUp(source: UrlSource, position: number, error: Error): TriremeError {
  return new TriremeError(
    'FILE_UNREADABLE',
    `${shownName(source.url)}: cannot be read at byte ${position}: ${error.message}`,
    { cause: error },
  );
}
