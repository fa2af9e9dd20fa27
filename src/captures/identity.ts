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

/** Samples between the ends, and bytes of each: enough to meet most changes, few enough for a cold disk. */
const samples = 64;
const sampleBytes = 4096;

/**
 * Hex SHA-256 over both ends of a file and samples spread evenly between them: with size and time of change, what tells
 * whether a file is still the one that it was some time ago.
 */
export function sampleHashOf(fd: number, sizeBytes: number): string {
  const hash = createHash('sha256').update(identityOf(fd, sizeBytes).endsSha256);
  const inner = sizeBytes - 2 * identityEndBytes;
  for (let i = 0; i < samples && inner > 0; i++) {
    const at = identityEndBytes + Math.floor((inner * (i + 0.5)) / samples);
    hash.update(readRange(fd, at, Math.min(sampleBytes, sizeBytes - at)));
  }
  return hash.digest('hex');
}

export function sameIdentity(one: FileIdentity, other: FileIdentity): boolean {
  return one.sizeBytes === other.sizeBytes && one.endsSha256.equals(other.endsSha256);
}
