import { readSync } from 'node:fs';
import { HeadReader, type CaptureHead } from '../../pcap/head-reader.js';
import type { ByteStream } from '../file/byte-reader.js';
import { failedFile, type FailedFile } from '../scan/capture-entry.js';
import { openCapture, readInOrder, type CaptureFile } from '../file/capture-file.js';
import { compressionOf, firstBytesMax, type Compression } from '../packed/compression.js';
import { FileProbe } from '../file/file-probe.js';
import { inflate } from '../packed/inflate-bound.js';
import { pourStream } from '../file/pour.js';
import { loadScanModule } from '../scan/scan-module.js';
import { TriremeError } from '../../common/errors.js';
import type { ListedFile } from './list-files.js';

/** What was seen of a file before any is scanned. */
export interface FileHead extends CaptureHead {
  readonly name: string;
  readonly found: boolean;
  readonly sizeBytes: number;
  readonly compression: Compression | null;
}

export interface FailedHead extends FailedFile {
  readonly name: string;
}

/** First bytes that are read; most captures have their first packet in them. The next portion is four times as long. */
const firstPortionBytes = 4096;
const portionBytesMax = 256 * 1024;

/** Looks at the start of every file, up to its first packet. */
export async function readHeads(
  files: readonly ListedFile[],
): Promise<{ readonly heads: FileHead[]; readonly failed: FailedHead[] }> {
  const heads: FileHead[] = [];
  const failed: FailedHead[] = [];
  const reader = new HeadReader(loadScanModule());
  const probe = new FileProbe();
  try {
    for (const { name, found } of files) {
      try {
        await probe.check(name, name);
        const file = openCapture(name, 'look');
        try {
          const head = readHead(bytesOf(file), reader);
          heads.push({ name, found, ...(head instanceof Promise ? await head : head) });
        } finally {
          file.close();
        }
      } catch (error) {
        failed.push({ name, ...failedFile(name, error) });
      }
    }
  } finally {
    reader.close();
  }
  return { heads, failed };
}

/** A file, or a part of one that holds the bytes of several. */
export interface HeadBytes {
  readonly fd: number;
  /** Where its first byte is. */
  readonly at: number;
  readonly sizeBytes: number;
}

export function bytesOf({ name, fd, sizeBytes }: CaptureFile): HeadBytes {
  if (sizeBytes === null)
    throw new TriremeError('FILE_UNREADABLE', `${name}: is a FIFO (a named pipe): --join reads files twice`);
  return { fd, at: 0, sizeBytes };
}

export type Head = Omit<FileHead, 'name' | 'found'>;

/** A promise only for what is packed: awaiting costs a turn of the event loop. */
export function readHead({ fd, at, sizeBytes }: HeadBytes, reader: HeadReader): Head | Promise<Head> {
  reader.begin();
  let portion = firstPortionBytes;
  for (let done = 0; !reader.done && done < sizeBytes; portion = Math.min(4 * portion, portionBytesMax)) {
    const space = reader.space();
    const bytes = readSync(fd, space, 0, Math.min(space.length, portion, sizeBytes - done), at + done);
    if (bytes === 0) break;
    // The first portion is longer than what tells a packing.
    const compression = done === 0 ? compressionOf(space.slice(0, Math.min(bytes, firstBytesMax))) : null;
    if (compression !== null) return readPacked(readInOrder(fd, sizeBytes, at), sizeBytes, compression, reader);
    done += bytes;
    reader.filled(bytes);
  }
  return { sizeBytes, compression: null, ...reader.end() };
}

async function readPacked(
  stream: ByteStream,
  sizeBytes: number,
  compression: Compression,
  reader: HeadReader,
): Promise<Head> {
  await pourStream(inflate(stream, compression).bytes, reader);
  return { sizeBytes, compression, ...reader.end() };
}
