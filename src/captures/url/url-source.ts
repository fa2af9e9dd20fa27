import type { UrlIdentity } from './url-identity.js';

/** All that a thread or a worker needs to read ranges of an opened capture: plain data that travels. */
export interface UrlSource {
  /** With its query: a secret where it is presigned. */
  readonly url: string;
  /** Requests and redirects stay below it; null: anywhere. */
  readonly prefix: string | null;
  /** What every answer must show. */
  readonly identity: UrlIdentity;
}
