import { read } from 'node:fs';
import { promisify } from 'node:util';

/** Bytes read at once: a piece is unpacked before it leaves the cache. */
export const pieceBytes = 256 * 1024;

/**
 * Pieces that exist at once: the one being unpacked, the one before it, of which a rest may still be looked
 * at, the one that is asked for next, and the one that is being read meanwhile.
 */
const pieces = 4;

/**
 * So many bytes of a file, from a position on, for who unpacks them: the next piece is read while one is
 * unpacked, and memory is used again. A piece is valid until two more were asked for. Pieces end where those
 * of the whole file do.
 */
export async function* readAhead(fd: number, sizeBytes: number, from = 0): AsyncGenerator<Uint8Array> {
  const readAsync = promisify(read);
  const end = from + sizeBytes;
  const ring: Buffer[] = [];
  let position = from;
  const next = (turn: number): Promise<{ bytesRead: number; buffer: Buffer }> | null => {
    const length = Math.min(pieceBytes - (position % pieceBytes), end - position);
    if (length <= 0) return null;
    const buffer = (ring[turn % pieces] ??= Buffer.allocUnsafeSlow(Math.min(pieceBytes, sizeBytes)));
    return readAsync(fd, buffer, 0, length, position);
  };
  let coming = next(0);
  try {
    for (let turn = 1; coming !== null; turn++) {
      const { bytesRead, buffer } = await coming;
      coming = null;
      if (bytesRead === 0) return;
      position += bytesRead;
      coming = next(turn);
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    // Whoever closes the file next must not close it under a read.
    await coming?.catch(() => undefined);
  }
}
