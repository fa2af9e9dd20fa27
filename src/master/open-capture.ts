import { closeSync, fstatSync, openSync } from 'node:fs';
import type { CaptureAccess } from '../captures/capture-access.js';
import { identityOf, sampleHashOf } from '../captures/identity.js';
import { TriremeError } from '../common/errors.js';
import type { FileIdentity } from '../gen/trireme/v1/capture.js';
import type { UrlSource } from '../captures/url/url-source.js';

/** Where the bytes of a capture are. */
export type CaptureBytes =
  | { readonly at: 'file'; readonly fd: number }
  /** `first`: its first bytes, enough to plan the chunks. */
  | { readonly at: 'url'; readonly source: UrlSource; readonly first: Uint8Array };

/** A capture that the master holds open for one analysis. */
export interface OpenCapture {
  /** Resolved, or the URL: what a worker that sees the same one opens. A URL's query is a secret: see shownName. */
  readonly path: string;
  readonly bytes: CaptureBytes;
  readonly sizeBytes: number;
  readonly identity: FileIdentity;
  /** When it was last changed, in the words of its file system (nanoseconds since 1970) or its server. */
  readonly modified: string;
  /** What tells its content from another of the same size and time; reads some of a file. */
  content(): string;
  /** @throws TriremeError FILE_CHANGED when it is not as it was at the opening */
  checkUnchanged(): void | Promise<void>;
  close(): void;
}

/**
 * Opens a capture below the master's folders.
 * @param wanted when given, the file must be this one; FILE_UNREADABLE says that it is another, so that it is uploaded
 */
export async function openCapture(
  access: CaptureAccess,
  path: string,
  wanted: FileIdentity | null,
): Promise<OpenCapture> {
  const real = await access.resolve(path);
  let fd: number;
  try {
    fd = openSync(real, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TriremeError('FILE_UNREADABLE', `${path}: ${code ?? 'cannot be opened'}`, { cause: error });
  }
  const opened = fstatSync(fd);
  const { mtimeNs } = fstatSync(fd, { bigint: true });
  const refuse = (message: string): TriremeError => {
    closeSync(fd);
    return new TriremeError('FILE_UNREADABLE', `${path}: ${message}`);
  };
  if (!opened.isFile()) throw refuse('not a regular file');
  const identity = identityOf(fd, opened.size);
  const same =
    wanted === null ||
    (wanted.sizeBytes === BigInt(identity.sizeBytes) && identity.endsSha256.equals(wanted.endsSha256));
  if (!same) throw refuse('the master sees another file under this name (size or ends differ): upload it');
  return {
    path: real,
    bytes: { at: 'file', fd },
    sizeBytes: opened.size,
    identity: { sizeBytes: BigInt(identity.sizeBytes), endsSha256: identity.endsSha256 },
    modified: mtimeNs.toString(),
    content: () => sampleHashOf(fd, opened.size),
    checkUnchanged: () => {
      const now = fstatSync(fd);
      if (now.size === opened.size && now.mtimeMs === opened.mtimeMs) return;
      throw new TriremeError(
        'FILE_CHANGED',
        `${path}: changed while it was read (${opened.size} bytes then, ${now.size} now); wait for its writer`,
      );
    },
    close: () => closeSync(fd),
  };
}
