import { TriremeError } from '../../common/errors.js';

/** What tells that two answers of a server are about the same bytes. Empty texts: the server does not say. */
export interface UrlIdentity {
  readonly sizeBytes: number;
  readonly etag: string;
  readonly lastModified: string;
}

/** Headers of an answer, by lower-case name. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The range that an answer holds: `bytes 0-99/1000`, or `bytes *\/1000` (start null) where nothing could be satisfied.
 */
export interface ContentRange {
  readonly start: number | null;
  readonly sizeBytes: number;
}

/** Null for what is not the range of a resource whose size is known. */
export function contentRange(headers: Headers): ContentRange | null {
  const match = /^bytes\s+(?:(\d{1,15})-\d{1,15}|\*)\/(\d{1,15})$/i.exec(headerOf(headers, 'content-range'));
  return match === null
    ? null
    : { start: match[1] === undefined ? null : Number(match[1]), sizeBytes: Number(match[2]) };
}

export function identityIn(headers: Headers, sizeBytes: number): UrlIdentity {
  return { sizeBytes, etag: headerOf(headers, 'etag'), lastModified: headerOf(headers, 'last-modified') };
}

/** Whether an identity can tell a changed capture from the same one: a size alone cannot. */
export function tellsChanges({ etag, lastModified }: UrlIdentity): boolean {
  return etag !== '' || lastModified !== '';
}

/**
 * Headers that make a server refuse (412) when the capture is another one by now. A weak ETag never matches
 * there; it is compared in the answer.
 */
export function conditionsFor({ etag, lastModified }: UrlIdentity): Record<string, string> {
  if (etag !== '' && !etag.startsWith('W/')) return { 'if-match': etag };
  return lastModified === '' ? {} : { 'if-unmodified-since': lastModified };
}

/** What differs, in words; null: it is the same capture. */
export function differenceOf(then: UrlIdentity, now: UrlIdentity): string | null {
  if (then.sizeBytes !== now.sizeBytes) return `it had ${then.sizeBytes} bytes and has ${now.sizeBytes} now`;
  if (then.etag !== now.etag) return `its ETag was ${then.etag || 'none'} and is ${now.etag || 'none'} now`;
  if (then.lastModified !== now.lastModified) {
    return `it was last modified ${then.lastModified || 'at no time told'}, and now ${now.lastModified || 'at none'}`;
  }
  return null;
}

export function changed(shown: string, how: string): TriremeError {
  return new TriremeError(
    'FILE_CHANGED',
    `${shown}: changed while it was read: ${how}; wait for its writer, or fetch it first`,
  );
}

function headerOf(headers: Headers, name: string): string {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value)?.slice(0, 256) ?? '';
}

/** All that a thread or a worker needs to read ranges of an opened capture: plain data that travels. */
export interface UrlSource {
  /** With its query: a secret where it is presigned. */
  readonly url: string;
  /** Requests and redirects stay below it; null: anywhere. */
  readonly prefix: string | null;
  /** What every answer must show. */
  readonly identity: UrlIdentity;
}
