import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { readRange } from './regular-file.js';

/** Bytes of each end of a file that its identity covers. */
export const identityEndBytes = 64 * 1024;
/** The same of a file of a joined capture: of thousands of files each, 64 KiB would be as much as some of them hold. */
export const joinedEndBytes = 4 * 1024;

/** What tells whether two machines see the same file. */
export interface FileIdentity {
  readonly sizeBytes: number;
  /** SHA-256 over the first and the last bytes; over the whole file when it is shorter than both together. */
  readonly endsSha256: Buffer;
}

/** Position and bytes of a piece of a file. */
type Piece = readonly [at: number, bytes: number];

function ends(sizeBytes: number, endBytes: number): Piece[] {
  if (sizeBytes <= 2 * endBytes) return [[0, sizeBytes]];
  return [
    [0, endBytes],
    [sizeBytes - endBytes, endBytes],
  ];
}

/** Identity of an open regular file of that size. A file that is shorter by now gives another hash, never an error. */
export function identityOf(fd: number, sizeBytes: number, endBytes = identityEndBytes): FileIdentity {
  const hash = createHash('sha256');
  for (const [at, bytes] of ends(sizeBytes, endBytes)) hash.update(readRange(fd, at, bytes));
  return { sizeBytes, endsSha256: hash.digest() };
}

/** The same without blocking the thread: whoever serves others does not know how long a file of theirs takes. */
export async function readIdentity(
  handle: FileHandle,
  sizeBytes: number,
  endBytes = identityEndBytes,
): Promise<FileIdentity> {
  return { sizeBytes, endsSha256: await hashOf(handle, ends(sizeBytes, endBytes)) };
}

async function hashOf(handle: FileHandle, pieces: readonly Piece[], first?: Buffer): Promise<Buffer> {
  const hash = createHash('sha256');
  if (first !== undefined) hash.update(first);
  for (const [at, bytes] of pieces) {
    const buffer = Buffer.allocUnsafe(bytes);
    for (let held = 0, read = 1; held < bytes && read > 0; held += read) {
      ({ bytesRead: read } = await handle.read(buffer, held, bytes - held, at + held));
      hash.update(buffer.subarray(held, held + read));
    }
  }
  return hash.digest();
}

/** Samples between the ends, and bytes of each: enough to meet most changes, few enough for a cold disk. */
const samples = 64;
const sampleBytes = 4096;

/**
 * Hex SHA-256 over both ends of a file and samples spread evenly between them: with size and time of change, what tells
 * whether a file is still the one that it was some time ago.
 */
export async function readSampleHash(handle: FileHandle, { sizeBytes, endsSha256 }: FileIdentity): Promise<string> {
  const inner = sizeBytes - 2 * identityEndBytes;
  const pieces = Array.from({ length: inner > 0 ? samples : 0 }, (_, i): Piece => {
    const at = identityEndBytes + Math.floor((inner * (i + 0.5)) / samples);
    return [at, Math.min(sampleBytes, sizeBytes - at)];
  });
  return (await hashOf(handle, pieces, endsSha256)).toString('hex');
}

export function sameIdentity(one: FileIdentity, other: FileIdentity): boolean {
  return one.sizeBytes === other.sizeBytes && one.endsSha256.equals(other.endsSha256);
}
