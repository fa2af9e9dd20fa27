import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type CaptureEntry, failedFile, type FailedFile } from '../captures/scan/capture-entry.js';
import { openCapture, readInOrder, type CaptureFile } from '../captures/file/capture-file.js';
import { FileProbe } from '../captures/file/file-probe.js';
import { identityOf, joinedEndBytes } from '../captures/file/identity.js';
import {
  encodeJoinList,
  encodeLost,
  type JoinList,
  type ListedPart,
  type LostPart,
} from '../captures/join/join-list.js';
import type { ListedFile } from '../captures/join/list-files.js';
import { bytesOf } from '../captures/join/read-heads.js';
import { TriremeError } from '../common/errors.js';
import type { JoinedFailure, JoinedFiles } from '../pcap/report-types.js';
import { isFailure } from './entry.js';

/** Whether a file of the first list is not here any more by the second: a ring has turned meanwhile. */
export function hasLost(before: JoinList, now: JoinList): boolean {
  const here = new Set(now.parts.filter(({ seen: is }) => is !== null).map(({ name }) => name));
  return before.parts.some(({ name, seen: was }) => was !== null && !here.has(name));
}

/** What an upload sends: a file, or what stands for one. */
export type Uploaded = Pick<CaptureFile, 'name' | 'stream' | 'hasGrown'>;

/** Looks at the files of a joined capture, as a master is told of them. */
export async function listJoin(name: string, files: readonly ListedFile[]): Promise<JoinList> {
  const parts: ListedPart[] = [];
  const failed: JoinedFailure[] = [];
  const probe = new FileProbe();
  for (const { name: file, found } of files) {
    try {
      await probe.check(file, file);
      parts.push({ name: file, found, path: resolve(file), seen: seen(file) });
    } catch (error) {
      failed.push({ file, ...failedFile(file, error) });
    }
  }
  return { name, parts, failed };
}

/** Null: it is not here, and may be where the master is. */
function seen(name: string): ListedPart['seen'] {
  let file: CaptureFile;
  try {
    file = openCapture(name);
  } catch (error) {
    if ((TriremeError.from(error).cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return null;
    throw error;
  }
  try {
    const { fd, sizeBytes } = bytesOf(file);
    return { sizeBytes, endsSha256: identityOf(fd, sizeBytes, joinedEndBytes).endsSha256.toString('hex') };
  } finally {
    file.close();
  }
}

/** The list alone, for a master that sees the files. */
export function listOnly(list: JoinList): Uploaded {
  const head = encodeJoinList(list);

  async function* stream(): AsyncGenerator<Uint8Array> {
    yield head;
  }
  return { name: list.name, stream, hasGrown: () => false };
}

/** The list and behind it all files that are here, for a master that does not see them. */
export function listWithFiles({ name, parts, failed }: JoinList): Uploaded {
  const here = parts.filter((part) => part.seen !== null);
  const list: JoinList = {
    name,
    parts: [...here.map((part) => ({ ...part, path: '' })), ...parts.filter((part) => part.seen === null)],
    failed,
  };
  const head = encodeJoinList(list);
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield head;
    const lost: LostPart[] = [];
    for (const [sent, part] of here.entries()) {
      const failure = yield* wholeFile(part);
      if (failure !== null) lost.push({ sent, failure });
    }
    if (lost.length > 0) yield encodeLost(lost);
  }
  return { name, stream, hasGrown: () => false };
}

/** The entry of files that were sent: the master cannot know which of them have more bytes by now than were sent. */
export function withGrowth(entry: CaptureEntry & JoinedFiles, { parts }: JoinList): CaptureEntry & JoinedFiles {
  const sent = new Map(parts.map(({ name, seen }) => [name, seen?.sizeBytes ?? Infinity]));
  const files = entry.files?.map((row) => {
    if (isFailure(row) || row.error !== null) return row;
    const size = statSync(row.file, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= (sent.get(row.file) ?? Infinity)) return row;
    const { rest_bytes, truncated: _cut, truncated_offset: _at, error, ...facts } = row;
    return { ...facts, grew: true as const, rest_bytes, truncated: false, error };
  });
  if (files === undefined || entry.error === 'not-a-capture') return entry;
  return { ...entry, truncated: files.some((row) => !isFailure(row) && row.truncated), files };
}

/** Zeros stand for what cannot be read any more, in portions of so many bytes. */
const zeros = Buffer.alloc(64 * 1024);

/** As many bytes as the list says. Returns why some of them are none of the file's; null: all are. */
async function* wholeFile({ name, seen: told }: ListedPart): AsyncGenerator<Uint8Array, FailedFile | null> {
  const { sizeBytes } = told!;
  let done = 0;
  let failure: FailedFile | null = null;
  try {
    const file = openCapture(name);
    try {
      for await (const bytes of readInOrder(file.fd, sizeBytes)) {
        done += bytes.length;
        yield bytes;
      }
      file.hasGrown();
    } finally {
      file.close();
    }
    if (done < sizeBytes)
      throw new TriremeError(
        'FILE_CHANGED',
        `${name}: changed before it was sent (${sizeBytes} bytes then, ${done} now); wait for its writer`,
      );
  } catch (error) {
    failure = failedFile(name, error);
  }
  for (; done < sizeBytes; done += Math.min(zeros.length, sizeBytes - done)) yield zeros.subarray(0, sizeBytes - done);
  return failure;
}
