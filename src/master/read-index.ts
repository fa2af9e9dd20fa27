import type { CaptureAccess } from '../captures/file/capture-access.js';
import { indexName, tooLong } from '../captures/indexed/index-beside.js';
import { TriremeError } from '../common/errors.js';
import { indexBytesMaxOf, type IndexedFile } from '../pcap/pieces/index-bytes.js';

/** The bytes of an index, or in words why they cannot be read, and what its capture is by now. */
export interface BesideBytes {
  readonly name: string;
  readonly bytes: Uint8Array | string;
  readonly file: IndexedFile;
}

/**
 * Reads the index beside a capture below the master's folders, without waiting for a file system that does not answer.
 */
export async function readIndex(access: CaptureAccess, path: string, file: IndexedFile): Promise<BesideBytes | null> {
  const name = indexName(path);
  try {
    const { handle } = await access.open(name);
    try {
      return await access.whileItAnswers(name, async () => {
        const { size } = await handle.stat();
        const most = indexBytesMaxOf(file.sizeBytes);
        if (size > most) return { name, bytes: tooLong(size, most), file };
        const bytes = Buffer.alloc(size);
        const { bytesRead } = await handle.read(bytes, 0, size, 0);
        return { name, bytes: bytes.subarray(0, bytesRead), file };
      });
    } finally {
      handle.close().catch(() => undefined);
    }
  } catch (error) {
    const { cause, message } = TriremeError.from(error);
    const isAbsent = ['ENOENT', 'ENAMETOOLONG'].includes((cause as NodeJS.ErrnoException | undefined)?.code ?? '');
    return isAbsent ? null : { name, bytes: `it cannot be read (${message})`, file };
  }
}
