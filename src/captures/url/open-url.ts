import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicClock } from '../../common/clock.js';
import { TriremeError } from '../../common/errors.js';
import type { ByteStream } from '../file/byte-reader.js';
import { shownName } from '../file/capture-name.js';
import { parseCaptureUrl } from './capture-url.js';
import { discard, failureOf, httpGet, PassingFailure, type Answer } from './http-get.js';
import { openingStallMsMax, Patience, stallMsMax } from './patience.js';
import { contentRange, identityIn, tellsChanges, type UrlIdentity, type UrlSource } from './url-identity.js';
import { requestPart, unreadable } from './url-part.js';
import { doubtNote, type UrlPrefix } from './url-prefix.js';

/** Bytes that the opening reads: all that is needed to know the format and to plan the chunks. */
export const firstBytesMax = 1024 * 1024;

/** A capture whose server sends ranges of it, and says by ETag or date whether it is still the same. */
export interface RangedUrl {
  readonly ranged: true;
  readonly source: UrlSource;
  /** The first bytes, firstBytesMax of them or all. */
  readonly first: Uint8Array;
}

/** A capture that comes in one go or not at all. */
export interface WholeUrl {
  readonly ranged: false;
  /** Why it cannot be read in ranges, in words. */
  readonly why: string;
  /** Null: the server does not say. */
  readonly sizeBytes: number | null;
  /** All the bytes in order, once. */
  readonly bytes: ByteStream;
  /** Lets go of the answer; for who does not read it to its end. */
  close(): void;
}

export type OpenedUrl = RangedUrl | WholeUrl;

/**
 * Opens a capture on a web server or object store. Throws FILE_UNREADABLE, or PATH_REFUSED for a URL or a redirect that
 * the prefix does not allow.
 */
export async function openUrl(name: string, prefix: UrlPrefix | null): Promise<OpenedUrl> {
  const url = parseCaptureUrl(name);
  const shown = shownName(name);
  if (prefix !== null && !prefix.allows(url)) {
    throw new TriremeError('PATH_REFUSED', `${shown} is not below --allow-url ${prefix.text}${doubtNote(url)}`);
  }
  return patiently(shown, openingStallMsMax, async () => {
    const answer = await httpGet(url, prefix, { range: `bytes=0-${firstBytesMax - 1}` });
    const { status, headers } = answer;
    const range = contentRange(headers);
    if (status === 200) return whole(shown, answer, 'its server sends no ranges');
    if (status === 416 && range?.sizeBytes === 0) {
      discard(answer);
      return ranged(name, prefix, identityIn(headers, 0), new Uint8Array(0));
    }
    if (status !== 206) {
      discard(answer);
      throw unreadable(shown, status);
    }
    const identity = identityIn(headers, range?.sizeBytes ?? 0);
    if (range?.start !== 0 || !tellsChanges(identity)) {
      discard(answer);
      const why =
        range?.start !== 0 ? 'its server does not say its size' : 'its server sends neither ETag nor Last-Modified';
      const again = await httpGet(url, prefix, {});
      if (again.status === 200) return whole(shown, again, why);
      discard(again);
      throw unreadable(shown, again.status);
    }
    return ranged(name, prefix, identity, await bytesOf(answer, Math.min(identity.sizeBytes, firstBytesMax)));
  });
}

/**
 * Throws FILE_CHANGED when the capture is not as it was at the opening.
 * @param stallMs time for a server that does not answer
 */
export async function checkUrlUnchanged(source: UrlSource, stallMs = stallMsMax): Promise<void> {
  // An empty capture has no first byte to ask for; one that grew would answer it.
  if (source.identity.sizeBytes === 0) return;
  await patiently(shownName(source.url), stallMs, async () => discard(await requestPart(source, 0, 1)));
}

function ranged(name: string, prefix: UrlPrefix | null, identity: UrlIdentity, first: Uint8Array): RangedUrl {
  return { ranged: true, source: { url: name, prefix: prefix?.text ?? null, identity }, first };
}

function whole(shown: string, answer: Answer, why: string): WholeUrl {
  const length = Number(answer.headers['content-length'] ?? NaN);
  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of answer.body as AsyncIterable<Uint8Array>) yield piece;
    } catch (caught) {
      const { message } = failureOf(caught);
      throw new TriremeError('FILE_UNREADABLE', `${shown}: ${message}, and ${why}: it cannot be resumed; try again`);
    } finally {
      discard(answer);
    }
  }
  return {
    ranged: false,
    why,
    sizeBytes: Number.isSafeInteger(length) ? length : null,
    bytes: bytes(),
    close: () => discard(answer),
  };
}

async function bytesOf({ body }: Answer, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let held = 0;
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    const kept = piece.subarray(0, length - held);
    bytes.set(kept, held);
    held += kept.length;
  }
  if (held < length) throw new PassingFailure('the answer was cut short');
  return bytes;
}

async function patiently<Result>(shown: string, stallMs: number, attempt: () => Promise<Result>): Promise<Result> {
  const patience = new Patience(stallMs, stallMs, () => monotonicClock() * 1000);
  for (;;) {
    try {
      return await attempt();
    } catch (caught) {
      const error = failureOf(caught);
      const waitMs = error instanceof PassingFailure ? patience.failed() : null;
      if (waitMs !== null) await sleep(waitMs);
      else if (error instanceof TriremeError) throw error;
      else throw new TriremeError('FILE_UNREADABLE', `${shown}: ${error.message}`, { cause: error });
    }
  }
}
