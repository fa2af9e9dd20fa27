import type { FileHandle } from 'node:fs/promises';
import { TriremeError } from '../../common/errors.js';
import type { JoinedFailure } from '../../pcap/report-types.js';
import type { FailedFile } from '../scan/capture-entry.js';

/** The same on a cluster: all are looked at before the first is scanned, and their list is sent and kept as a whole. */
export const joinFilesClusterMax = 10_000;
/** Bytes of that list: a name and a path of 4096 bytes each would be ten times as much, for files that nobody has. */
export const joinListBytesMax = 16 * 1024 * 1024;

/** A file of a joined capture as a client tells a master of it. */
export interface ListedPart {
  /** As the user named it. */
  readonly name: string;
  readonly found: boolean;
  /** Absolute, where the client found it and the master may; empty where its bytes follow the list. */
  readonly path: string;
  /** Null: the client does not see the file, and the master may. */
  readonly seen: { readonly sizeBytes: number; readonly endsSha256: string } | null;
}

/**
 * A joined capture on its way to a master, as a file: the magic, the bytes of the list as 32 bits, the list
 * as JSON; behind it, where the master does not see the files, the bytes of each of them in the order of the
 * list. Where one could not be read to its end, zeros stand for the rest, and behind all files stand the
 * bytes as 32 bits and the JSON of a list of LostPart.
 */
export interface JoinList {
  /** Of the entry; empty: made from the names of the files. */
  readonly name: string;
  readonly parts: readonly ListedPart[];
  /** Files that the client could not read. */
  readonly failed: readonly JoinedFailure[];
}

/** A file that was gone, or another one, when it was to be sent. */
export interface LostPart {
  /** Its position among the files that are sent. */
  readonly sent: number;
  readonly failure: FailedFile;
}

const magic = Buffer.from('trirJOIN1');
const headBytes = magic.length + 4;

/** What stands before the files' own bytes. @throws TriremeError USAGE for more than a list may have */
export function encodeJoinList(list: JoinList): Buffer {
  const files = list.parts.length + list.failed.length;
  if (files > joinFilesClusterMax)
    throw new TriremeError(
      'USAGE',
      `--join: ${files} files are over ${joinFilesClusterMax}, the most that a cluster takes as one (joinFilesClusterMax): ` +
        `join them in parts, or without --master`,
    );
  const json = Buffer.from(JSON.stringify(list));
  if (json.length > joinListBytesMax)
    throw new TriremeError(
      'USAGE',
      `--join: a list of ${json.length} bytes is over ${joinListBytesMax} (joinListBytesMax)`,
    );
  return Buffer.concat([magic, counted(json)]);
}

/** What stands behind the files' bytes where some could not be read. */
export function encodeLost(lost: readonly LostPart[]): Buffer {
  return counted(Buffer.from(JSON.stringify(lost)));
}

function counted(json: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json]);
}

/**
 * Reads what stands behind the files' bytes.
 * @param at where these end
 * @returns by the position among the files that were sent, why one could not be read
 * @throws TriremeError USAGE for anything else
 */
export async function readLost(handle: FileHandle, at: number, sizeBytes: number): Promise<Map<number, FailedFile>> {
  if (at >= sizeBytes) return new Map();
  const length = Buffer.alloc(4);
  await handle.read(length, 0, 4, at);
  const json = Buffer.alloc(length.readUInt32LE());
  if (json.length > joinListBytesMax || at + 4 + json.length !== sizeBytes) throw noList('what is behind its files');
  await handle.read(json, 0, json.length, at + 4);
  const lost = parsed<readonly LostPart[]>(json.toString());
  if (!Array.isArray(lost) || !lost.every(isLost)) throw noList('what is behind its files');
  return new Map(lost.map(({ sent, failure: { error, error_detail } }) => [sent, { error, error_detail }]));
}

function isLost(lost: Partial<LostPart> | null): boolean {
  return Number.isSafeInteger(lost?.sent) && isFailure(lost?.failure);
}

/**
 * Reads the list at the start of an upload, which anybody may have written.
 * @returns its bytes, as encodeJoinList() gives them: what is behind them are the files
 * @throws TriremeError USAGE for what is none
 */
export async function readJoinList(handle: FileHandle): Promise<Buffer> {
  const head = Buffer.alloc(headBytes);
  await handle.read(head, 0, headBytes, 0);
  const length = head.readUInt32LE(magic.length);
  if (!head.subarray(0, magic.length).equals(magic) || length > joinListBytesMax) throw noList('its head is another');
  const bytes = Buffer.alloc(headBytes + length);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
  if (bytesRead < bytes.length) throw noList('it is cut short');
  return bytes;
}

/** @throws TriremeError USAGE for what is no list */
export function decodeJoinList(bytes: Uint8Array): JoinList {
  return checked(
    parsed<JoinList>(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', headBytes)),
  );
}

function parsed<T>(json: string): T {
  try {
    return JSON.parse(json) as T;
  } catch {
    throw noList('it is no JSON');
  }
}

const isText = (value: unknown, most = 4096): boolean => typeof value === 'string' && value.length <= most;

function checked(list: JoinList): JoinList {
  const parts = Array.isArray(list?.parts) ? list.parts : [];
  const failed = Array.isArray(list?.failed) ? list.failed : [];
  if (parts.length + failed.length > joinFilesClusterMax)
    throw noList(`it names ${parts.length + failed.length} files, over ${joinFilesClusterMax} (joinFilesClusterMax)`);
  const sound =
    isText(list?.name) &&
    parts.every(
      (part) =>
        isText(part?.name) &&
        isText(part.path) &&
        !part.path.includes('\0') &&
        (part.seen === null ? part.path !== '' : isSeen(part.seen)),
    ) &&
    failed.every((row) => isText(row?.file) && isFailure(row));
  if (!sound) throw noList('a file in it is not described as it should be');
  return {
    name: list.name,
    parts: parts.map(({ name, found, path, seen }) => ({ name, found: found === true, path, seen })),
    failed: failed.map(({ file, error, error_detail }) => ({ file, error, error_detail })),
  };
}

function isFailure(failure: Partial<JoinedFailure> | null | undefined): boolean {
  return ['unreadable', 'changed'].includes(failure?.error ?? '') && isText(failure?.error_detail, 16_384);
}

function isSeen(seen: ListedPart['seen']): boolean {
  return Number.isSafeInteger(seen?.sizeBytes) && seen!.sizeBytes >= 0 && /^[0-9a-f]{64}$/.test(seen!.endsSha256);
}

function noList(why: string): TriremeError {
  return new TriremeError('USAGE', `the upload is no list of files to join: ${why}`);
}
