import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';

/** Tokens, keys and certificates are a few kilobytes; a bundle of all public authorities is some 250. */
export const smallFileBytesMax = 1024 * 1024;

/**
 * All of a file, once `check` has seen what it is and has not thrown. Never waits: opened without blocking,
 * since the open of a FIFO waits for its writer.
 */
export function readChecked(path: string, check: (stat: Stats) => void): Buffer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    check(fstatSync(fd));
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * All of a small regular file that a user named; a device may have no end.
 * @throws Error in words that need the file's name in front
 */
export function readSmallFile(path: string): Buffer {
  return readChecked(path, (stat) => {
    if (!stat.isFile()) throw new Error('not a regular file: give one');
    if (stat.size > smallFileBytesMax)
      throw new Error(`${stat.size} bytes are over ${smallFileBytesMax} (smallFileBytesMax)`);
  });
}
