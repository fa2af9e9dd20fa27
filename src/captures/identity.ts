import { createHash } from 'node:crypto';
import { readRange } from './read-range.js';

/** Bytes of each end of a file that its identity covers. */
export const identityEndBytes = 64 * 1024;

/** What tells whether two machines see the same file. */
export interface FileIdentity {
  readonly sizeBytes: number;
  /** SHA-256 over the first and the last 64 KiB; over the whole file when it is shorter than both together. */
  readonly endsSha256: Buffer;
}

/** Identity of an open regular file of that size. A file that is shorter by now gives another hash, never an error. */
export function identityOf(fd: number, sizeBytes: number): FileIdentity {
  const hash = createHash('sha256');
  if (sizeBytes <= 2 * identityEndBytes) {
    hash.update(readRange(fd, 0, sizeBytes));
  } else {
    hash.update(readRange(fd, 0, identityEndBytes));
    hash.update(readRange(fd, sizeBytes - identityEndBytes, identityEndBytes));
  }
  return { sizeBytes, endsSha256: hash.digest() };
}

export function sameIdentity(one: FileIdentity, other: FileIdentity): boolean {
  return one.sizeBytes === other.sizeBytes && one.endsSha256.equals(other.endsSha256);
}
