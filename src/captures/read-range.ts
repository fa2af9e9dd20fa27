import { readSync } from 'node:fs';

/** Up to `length` bytes at `position`; fewer where the file ends. */
export function readRange(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let held = 0;
  while (held < length) {
    const read = readSync(fd, bytes, held, length - held, position + held);
    if (read === 0) break;
    held += read;
  }
  return bytes.subarray(0, held);
}
