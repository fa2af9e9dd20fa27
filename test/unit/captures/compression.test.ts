import { compressionOf } from '../../../src/captures/compression.js';

test.each([
  ['gzip', [0x1f, 0x8b, 8, 0], 'gzip'],
  ['gzip cut after its magic', [0x1f, 0x8b], 'gzip'],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd], 'zstd'],
  ['a skippable frame before zstd', [0x50, 0x2a, 0x4d, 0x18], 'zstd'],
  ['the last skippable magic', [0x5f, 0x2a, 0x4d, 0x18], 'zstd'],
  ['one past the last skippable magic', [0x60, 0x2a, 0x4d, 0x18], null],
  ['a little-endian pcap', [0xd4, 0xc3, 0xb2, 0xa1], null],
  ['pcapng', [0x0a, 0x0d, 0x0d, 0x0a], null],
  ['an empty file', [], null],
])('the first bytes tell %s', (_name, bytes, expected) => {
  expect(compressionOf(Uint8Array.from(bytes))).toBe(expected);
});
