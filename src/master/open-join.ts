import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { stat, type FileHandle } from 'node:fs/promises';
import type { CaptureAccess } from '../captures/file/capture-access.js';
import { failedFile } from '../captures/scan/capture-entry.js';
import { joinedEndBytes, readIdentity } from '../captures/file/identity.js';
import { decodeJoinList, readJoinList, readLost, type ListedPart } from '../captures/join/join-list.js';
import { unreadable } from '../captures/file/regular-file.js';
import { TriremeError } from '../common/errors.js';
import { inParallel } from '../common/in-parallel.js';
import type { JoinedFailure } from '../pcap/report-types.js';
import type { OpenCapture } from './open-capture.js';
import { ofPart, PartReader } from './part-reader.js';

/** Files of a joined capture that are looked at together: Node has few threads for files, and others need them too. */
const joinOpenMax = 8;

/** A file of a joined capture as the master found it. */
export interface JoinedPart {
  readonly name: string;
  readonly found: boolean;
  /** Resolved; empty: its bytes are in the upload. */
  readonly path: string;
  /** Where it begins in what ChunkSource serves: first the upload, then the files one after the other. */
  readonly offset: number;
  readonly sizeBytes: number;
  readonly endsSha256: Buffer;
  /** When it was last changed, ns since 1970; 0: it is in the upload. */
  readonly modifiedNs: bigint;
  /** It had more bytes than sizeBytes when the master opened it. */
  readonly grown?: boolean;
}

export interface JoinedCapture {
  /** Of the entry; empty: made from the names of the files. */
  readonly name: string;
  readonly parts: readonly JoinedPart[];
  readonly failed: readonly JoinedFailure[];
}

/**
 * Opens a joined capture by the upload that lists its files.
 * @param kept the list alone, where an earlier master has kept it and the upload is elsewhere
 * @param again it was opened before, with all files that the client has: one that is gone since is a failure
 * @throws TriremeError USAGE for no such list; FILE_UNREADABLE and PATH_REFUSED where the master does not see
 *   a file that the client has, so that the bytes are uploaded too
 */
export async function openJoin(
  access: CaptureAccess,
  path: string,
  kept: Uint8Array | null = null,
  again = false,
): Promise<OpenCapture> {
  const opening = kept === null ? await access.open(path) : null;
  const handle = opening?.handle ?? null;
  try {
    const bytes = kept ?? (await access.whileItAnswers(path, () => readJoinList(handle!)));
    const list = decodeJoinList(bytes);
    const end = bytes.length;
    const size = handle === null ? end : (await handle.stat()).size;
    const sentBytes = list.parts.reduce((sum, { path: at, seen }) => sum + (at === '' ? seen!.sizeBytes : 0), 0);
    if (end + sentBytes > size)
      throw new TriremeError('USAGE', `the upload ends within its files, at ${size} of ${end + sentBytes} bytes`);
    const lost = handle === null ? new Map<number, never>() : await readLost(handle, end + sentBytes, size);
    const looked = await inParallel(list.parts, joinOpenMax, async (part) =>
      part.path === '' ? null : lookAt(access, part, again),
    );
    const failed = [...list.failed];
    const parts: JoinedPart[] = [];
    const gone: ListedPart[] = [];
    let inside = end;
    let sent = 0;
    let offset = size;
    for (const [i, { name, found, seen }] of list.parts.entries()) {
      const look = looked[i];
      if (look === null) {
        const { sizeBytes, endsSha256 } = seen!;
        const ends = Buffer.from(endsSha256, 'hex');
        const failure = lost.get(sent++);
        if (failure !== undefined) failed.push({ file: name, ...failure });
        else parts.push({ name, found, path: '', offset: inside, sizeBytes, endsSha256: ends, modifiedNs: 0n });
        inside += sizeBytes;
      } else if ('error' in look) {
        failed.push({ file: name, ...look });
        if (seen !== null) gone.push(list.parts[i]);
      } else {
        parts.push({ name, found, ...look, offset });
        offset += look.sizeBytes;
      }
    }
    const joined = { name: list.name, parts, failed };
    // A list that is all there is of the upload is worth keeping: with it any master can go on.
    const upload = { path: opening?.real ?? path, handle, sizeBytes: size, list: end === size ? bytes : null };
    return opened(access, upload, joined, gone, offset);
  } catch (error) {
    handle?.close().catch(() => undefined);
    throw error;
  }
}

interface Upload {
  readonly path: string;
  readonly handle: FileHandle | null;
  readonly sizeBytes: number;
  /** All of it, where it is nothing but a list of files. */
  readonly list: Uint8Array | null;
}

function opened(
  access: CaptureAccess,
  { path, handle, sizeBytes: spoolBytes, list }: Upload,
  joined: JoinedCapture,
  /** Files that were there when it was opened first, and are part of what it is. */
  gone: readonly ListedPart[],
  sourceBytes: number,
): OpenCapture {
  const { parts } = joined;
  const reader = new PartReader(access, handle, spoolBytes, parts);
  const latest = parts.reduce((most, { modifiedNs }) => (modifiedNs > most ? modifiedNs : most), 0n);
  const all = [
    ...parts.map(({ name, sizeBytes, endsSha256 }) => ({ name, sizeBytes, ends: endsSha256.toString('hex') })),
  ];
  for (const { name, seen } of gone) all.push({ name, sizeBytes: seen!.sizeBytes, ends: seen!.endsSha256 });
  all.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    path,
    bytes: { at: 'join', fd: handle?.fd ?? -1, first: Buffer.alloc(0), joined },
    joinList: list,
    sizeBytes: Math.max(1, positionsOf(all)),
    sourceBytes,
    spoolBytes,
    identity: { sizeBytes: BigInt(spoolBytes), endsSha256: Buffer.alloc(32) },
    modified: latest.toString(),
    // When the newest file is gone, nobody knows when the last one was changed.
    grown: gone.length > 0 || parts.some(({ grown }) => grown === true),
    // Without times: those of files that are still written go on.
    content: () => Promise.resolve(createHash('sha256').update(JSON.stringify(all)).digest('hex')),
    readAt: (data, position) => reader.read(data, position),
    nameAt: (position) => reader.nameAt(position),
    checkUnchanged: async (failed = new Set()) => {
      const counted = parts.filter(({ name, path: where }) => where !== '' && !failed.has(name));
      await inParallel(counted, joinOpenMax, (part) => checkPart(access, part));
    },
    close: () => {
      reader.close();
      handle?.close().catch(() => undefined);
    },
  };
}

/** Positions that a chunk of these files takes in the order of all: an empty file has one too. */
export function positionsOf(files: readonly { readonly sizeBytes: number }[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + Math.max(1, sizeBytes), 0);
}

type Look = Pick<JoinedPart, 'path' | 'sizeBytes' | 'endsSha256' | 'modifiedNs' | 'grown'>;

/** What is under the name of a file. One that the client does not see either is a failure, and the others go on. */
async function lookAt(
  access: CaptureAccess,
  { name, path, seen }: ListedPart,
  again: boolean,
): Promise<Look | Omit<JoinedFailure, 'file'>> {
  try {
    const { real, handle } = await access.open(path);
    try {
      return await access.whileItAnswers(path, async () => {
        const { size, mtimeNs } = await handle.stat({ bigint: true });
        // One that is still written counts to the size that the client saw.
        const sizeBytes = Math.min(seen?.sizeBytes ?? Infinity, Number(size));
        const { endsSha256 } = await readIdentity(handle, sizeBytes, joinedEndBytes);
        if (seen === null || (seen.sizeBytes === sizeBytes && seen.endsSha256 === endsSha256.toString('hex')))
          return { path: real, sizeBytes, endsSha256, modifiedNs: mtimeNs, grown: size > BigInt(sizeBytes) };
        throw again
          ? new TriremeError('FILE_CHANGED', `${name}: another file has come in its place (size or ends differ)`)
          : new TriremeError(
              'FILE_UNREADABLE',
              `${path}: the master sees another file under this name (size or ends differ): upload it`,
            );
      });
    } finally {
      handle.close().catch(() => undefined);
    }
  } catch (error) {
    if (again) return failedFile(name, ofPart(error, { name, path }));
    if (seen !== null) throw error;
    const failure = failedFile(name, error);
    return { ...failure, error_detail: `${name}: no such file here, nor on the master: ${failure.error_detail}` };
  }
}

/** Its way was resolved at the opening, and nothing but the way is asked. */
async function checkPart(access: CaptureAccess, { name, path, sizeBytes, modifiedNs }: JoinedPart): Promise<void> {
  let now: BigIntStats;
  try {
    now = await access.whileItAnswers(path, () => stat(path, { bigint: true }));
  } catch (error) {
    // A ring removes its oldest files: whoever read this one had it open to its end.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw unreadable(name, error);
  }
  // What was appended since was not read: workers are told how many bytes there are.
  if (now.size > BigInt(sizeBytes) || (now.size === BigInt(sizeBytes) && now.mtimeNs === modifiedNs)) return;
  throw new TriremeError(
    'FILE_CHANGED',
    `${name}: changed while it was read (${sizeBytes} bytes then, ${now.size} now); wait for its writer`,
  );
}
