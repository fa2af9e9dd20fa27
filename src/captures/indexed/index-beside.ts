import { closeSync, fstatSync, openSync } from 'node:fs';
import { decodeIndex, encodeIndex, indexBytesMaxOf, type IndexedFile } from '../../pcap/pieces/index-bytes.js';
import type { PieceIndex } from '../../pcap/pieces/piece-index.js';
import { standardInput, type CaptureFile } from '../file/capture-file.js';
import { identityOf } from '../file/identity.js';
import { notRegular, openFlags, readRange } from '../file/regular-file.js';

/** The index of a capture lies beside it. */
export const indexName = (capture: string): string => `${capture}.tridx`;

/** What there is beside a capture: an index, words about one that cannot be used, or nothing. */
export type Beside = { readonly index: PieceIndex } | { readonly note: string } | null;

export function indexBeside(file: CaptureFile): Beside {
  if (file.sizeBytes === null || file.name === standardInput) return null;
  const name = indexName(file.name);
  const bytes = bytesOf(name, indexBytesMaxOf(file.sizeBytes));
  return bytes === null ? null : usableIndex(name, bytes, indexedFileOf(file.fd, file.sizeBytes));
}

/**
 * What the bytes of an index are good for.
 * @param bytes or in words why they cannot be read
 * @param now what the capture is by now
 */
export function usableIndex(name: string, bytes: Buffer | string, now: IndexedFile): NonNullable<Beside> {
  const ignored = (why: string) => ({ note: `${name} is ignored: ${why}; make it anew with trireme index` });
  if (typeof bytes === 'string') return ignored(bytes);
  const decoded = decodeIndex(bytes);
  if (typeof decoded === 'string') return ignored(decoded);
  const difference = differenceOf(decoded.file, now);
  return difference === null ? { index: decoded.index } : ignored(difference);
}

/** Null: there is none. A text: why it cannot be read. */
function bytesOf(name: string, bytesMax: number): Buffer | string | null {
  let fd: number;
  try {
    fd = openSync(name, openFlags);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENAMETOOLONG' ? null : `it cannot be read (${code})`;
  }
  try {
    const stats = fstatSync(fd);
    const what = notRegular(stats);
    if (what !== null) return `it is ${what}`;
    if (stats.size > bytesMax) return tooLong(stats.size, bytesMax);
    return readRange(fd, 0, stats.size);
  } finally {
    closeSync(fd);
  }
}

/** Why an index of so many bytes is not read. */
export function tooLong(bytes: number, bytesMax: number): string {
  return `it has ${bytes} bytes, over the ${bytesMax} of an index of this capture`;
}

function indexedFileOf(fd: number, sizeBytes: number): IndexedFile {
  const { mtimeNs } = fstatSync(fd, { bigint: true });
  return {
    sizeBytes,
    mtimeNs: mtimeNs.toString(),
    endsSha256: identityOf(fd, sizeBytes).endsSha256.toString('hex'),
  };
}

function differenceOf(indexed: IndexedFile, now: IndexedFile): string | null {
  if (indexed.sizeBytes !== now.sizeBytes)
    return `it is of ${indexed.sizeBytes} bytes, and the capture has ${now.sizeBytes}`;
  if (indexed.mtimeNs !== now.mtimeNs) return 'the capture was written to, or copied, after it was made';
  return indexed.endsSha256 === now.endsSha256 ? null : 'the capture is another one';
}

/** An index of an open file as the bytes of FILE.tridx. */
export function indexBytesFor(file: CaptureFile, index: PieceIndex): Buffer {
  return encodeIndex({ file: indexedFileOf(file.fd, file.sizeBytes!), index });
}
