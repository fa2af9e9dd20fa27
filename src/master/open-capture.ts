import type { FileHandle } from 'node:fs/promises';
import type { CaptureAccess } from '../captures/file/capture-access.js';
import { isUrl } from '../captures/file/capture-name.js';
import { readIdentity, readSampleHash } from '../captures/file/identity.js';
import type { UrlSource } from '../captures/url/url-identity.js';
import type { UrlPrefix } from '../captures/url/url-prefix.js';
import { TriremeError } from '../common/errors.js';
import { headerBytesWanted } from '../pcap/read-header.js';
import type { FileIdentity } from '../gen/trireme/v1/capture.js';
import type { JoinedCapture } from './open-join.js';
import { readIndex, type BesideBytes } from './read-index.js';

/** Where the bytes of a capture are. `first`: its first bytes, enough to plan the chunks. */
export type CaptureBytes =
  | { readonly at: 'file'; readonly fd: number; readonly first: Uint8Array }
  | { readonly at: 'url'; readonly source: UrlSource; readonly first: Uint8Array }
  /** `fd`: the upload that lists the files. */
  | { readonly at: 'join'; readonly fd: number; readonly first: Uint8Array; readonly joined: JoinedCapture };

/** A capture that the master holds open for one analysis. */
export interface OpenCapture {
  /** Resolved, or the URL: what a worker that sees the same one opens. A URL's query is a secret: see shownName. */
  readonly path: string;
  readonly bytes: CaptureBytes;
  readonly sizeBytes: number;
  /** Bytes that ChunkSource serves, where they are others than those of the capture. */
  readonly sourceBytes?: number;
  /** Bytes of the upload, where it is another than the capture. */
  readonly spoolBytes?: number;
  /** Of a joined capture whose upload is nothing but a list of files: that list. */
  readonly joinList?: Uint8Array | null;
  readonly identity: FileIdentity;
  /** When it was last changed, in the words of its file system (nanoseconds since 1970) or its server. */
  readonly modified: string;
  /** It had more bytes at the opening than sizeBytes, which are those that count: it is still written. */
  readonly grown?: boolean;
  /** What tells its content from another of the same size and time; reads some of a file. */
  content(): Promise<string>;
  /** Fills `data` from a position of what ChunkSource serves; fewer bytes: it ends. Left out: read `fd`. */
  readAt?(data: Buffer, position: number): Promise<number>;
  /** Name of what is at that position. Left out: that of the capture. */
  nameAt?(position: number): string | undefined;
  /**
   * @param failed names of files of a joined capture that gave no counts: they may be as they like
   * @throws TriremeError FILE_CHANGED when its bytes up to sizeBytes are not those of the opening
   */
  checkUnchanged(failed?: ReadonlySet<string>): Promise<void>;
  /** Reads the index beside a file; null: there is none. Left out: there can be none, or it is read elsewhere. */
  readIndex?(): Promise<BesideBytes | null>;
  close(): void;
}

/**
 * Opens a capture below the master's folders. One that is appended to is the capture of the size that it had at first.
 * @param wanted when given, the file must begin with this one; FILE_UNREADABLE says that it is another, so
 * that it is uploaded
 * @param countedBytes size that it had when it was opened before; null: it is opened for the first time
 */
export async function openCapture(
  access: CaptureAccess,
  path: string,
  wanted: FileIdentity | null,
  countedBytes: number | null = null,
): Promise<OpenCapture> {
  const { real, handle } = await access.open(path);
  try {
    return await access.whileItAnswers(path, () => describe(access, path, real, handle, wanted, countedBytes));
  } catch (error) {
    close(handle);
    throw error;
  }
}

async function describe(
  access: CaptureAccess,
  path: string,
  real: string,
  handle: FileHandle,
  wanted: FileIdentity | null,
  countedBytes: number | null,
): Promise<OpenCapture> {
  const opened = await handle.stat({ bigint: true });
  const known = wanted === null ? countedBytes : Number(wanted.sizeBytes);
  const sizeBytes = known === null ? Number(opened.size) : Math.min(known, Number(opened.size));
  const identity = await readIdentity(handle, sizeBytes);
  const same =
    wanted === null || (wanted.sizeBytes === BigInt(sizeBytes) && identity.endsSha256.equals(wanted.endsSha256));
  if (!same) {
    throw new TriremeError(
      'FILE_UNREADABLE',
      `${path}: the master sees another file under this name (size or ends differ): upload it`,
    );
  }
  const first = Buffer.alloc(Math.min(sizeBytes, headerBytesWanted));
  const { bytesRead } = await handle.read(first, 0, first.length, 0);
  return {
    path: real,
    bytes: { at: 'file', fd: handle.fd, first: first.subarray(0, bytesRead) },
    sizeBytes,
    identity: { sizeBytes: BigInt(sizeBytes), endsSha256: identity.endsSha256 },
    modified: opened.mtimeNs.toString(),
    grown: opened.size > BigInt(sizeBytes),
    content: () => access.whileItAnswers(path, () => readSampleHash(handle, identity)),
    readIndex: () =>
      readIndex(access, real, {
        sizeBytes,
        mtimeNs: opened.mtimeNs.toString(),
        endsSha256: identity.endsSha256.toString('hex'),
      }),
    checkUnchanged: async () => {
      const now = await access.whileItAnswers(path, () => handle.stat({ bigint: true }));
      if (now.size === opened.size && now.mtimeNs === opened.mtimeNs) return;
      if (now.size > BigInt(sizeBytes)) {
        const { endsSha256 } = await access.whileItAnswers(path, () => readIdentity(handle, sizeBytes));
        if (endsSha256.equals(identity.endsSha256)) return;
      }
      throw new TriremeError(
        'FILE_CHANGED',
        `${path}: changed while it was read (${sizeBytes} bytes then, ${now.size} now); wait for its writer`,
      );
    },
    close: () => close(handle),
  };
}

/** Not waited for: to close a file of a network share is to ask its server too. */
function close(handle: FileHandle): void {
  handle.close().catch(() => undefined);
}

/** What a caller may name: files below these folders, and URLs below these prefixes. */
export interface CapturePlaces {
  readonly access: CaptureAccess;
  readonly urls: readonly UrlPrefix[];
}

/**
 * Opens one capture by its path or URL; `countedBytes` as in openCapture(). @throws TriremeError as
 * openCapture() and openUrlCapture()
 */
export async function openNamed(
  { access, urls }: CapturePlaces,
  path: string,
  identity: FileIdentity | null,
  countedBytes: number | null = null,
): Promise<OpenCapture> {
  if (!isUrl(path)) return openCapture(access, path, identity, countedBytes);
  // Loaded only here: it brings the HTTP client.
  const { openUrlCapture } = await import('./open-url-capture.js');
  return openUrlCapture(urls, path);
}
