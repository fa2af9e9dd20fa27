import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityOf, sameIdentity } from '../../../../src/captures/file/identity.js';

const folder = mkdtempSync(join(tmpdir(), 'trireme-identity-'));
afterAll(() => rmSync(folder, { recursive: true }));

function identityOfBytes(bytes: Uint8Array) {
  const path = join(folder, 'file');
  writeFileSync(path, bytes);
  const fd = openSync(path, 'r');
  try {
    return identityOf(fd, bytes.length);
  } finally {
    closeSync(fd);
  }
}

const sha256 = (...parts: Uint8Array[]): string => createHash('sha256').update(Buffer.concat(parts)).digest('hex');
const end = 65_536;
const ramp = (length: number): Buffer => Buffer.from(Uint8Array.from({ length }, (_, i) => i * 7));

describe('the identity of a file', () => {
  test.each([0, 1, end, 2 * end])('of %i bytes covers all of it', (length) => {
    const bytes = ramp(length);
    expect(identityOfBytes(bytes).endsSha256.toString('hex')).toBe(sha256(bytes));
  });

  test('of a longer one covers its first and last 64 KiB, and its size', () => {
    const bytes = ramp(3 * end);
    const identity = identityOfBytes(bytes);
    expect(identity.endsSha256.toString('hex')).toBe(sha256(bytes.subarray(0, end), bytes.subarray(2 * end)));
    bytes[end + 5] ^= 1;
    expect(sameIdentity(identityOfBytes(bytes), identity)).toBe(true);
    bytes[5] ^= 1;
    expect(sameIdentity(identityOfBytes(bytes), identity)).toBe(false);
    expect(sameIdentity({ ...identity, sizeBytes: 1 }, identity)).toBe(false);
  });
});
