import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { readSmallFile, smallFileBytesMax } from '../../../src/common/small-file.js';
import { readToken } from '../../../src/common/trust/token.js';
import { TlsMaterial } from '../../../src/common/trust/tls-material.js';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();

describe('a small file that a user names', () => {
  test('is read whole', () => {
    expect(readSmallFile(scratch.file('a', 'words')).toString()).toBe('words');
    expect(readSmallFile(scratch.file('full', 'x'.repeat(smallFileBytesMax)))).toHaveLength(smallFileBytesMax);
  });

  test('is refused when it is larger than its bound, without reading it', () => {
    const path = scratch.file('large', 'x'.repeat(smallFileBytesMax + 1));
    expect(() => readSmallFile(path)).toThrow('1048577 bytes are over 1048576 (smallFileBytesMax)');
  });

  test('is refused at once when it is a FIFO, a device or a folder: as a token and as a certificate too', () => {
    const fifo = join(scratch.path, 'fifo');
    execFileSync('mkfifo', [fifo]);
    for (const path of [fifo, '/dev/zero', scratch.path])
      expect(() => readSmallFile(path)).toThrow('not a regular file');
    expect(() => readToken({ from: 'file', path: fifo })).toThrow(
      /^--token-file .*fifo: not a regular file: give one$/,
    );
    expect(() => new TlsMaterial({ cert: null, key: null, ca: fifo })).toThrow(/^--tls-ca .*fifo: not a regular file/);
  });
});
