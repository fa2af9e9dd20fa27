import { ByteReader } from '../../../../src/captures/file/byte-reader.js';
import { compressionAhead, compressionOf } from '../../../../src/captures/packed/compression.js';

const skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];

test.each([
  ['gzip', [0x1f, 0x8b, 8, 0], 'gzip'],
  ['gzip cut after its magic', [0x1f, 0x8b], 'gzip'],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd], 'zstd'],
  ['a skippable frame before zstd', [0x50, 0x2a, 0x4d, 0x18], 'zstd'],
  ['the last skippable magic', [0x5f, 0x2a, 0x4d, 0x18], 'zstd'],
  ['LZ4', [4, 0x22, 0x4d, 0x18], 'lz4'],
  ['LZ4 of the legacy form', [2, 0x21, 0x4c, 0x18], 'lz4'],
  ['skippable frames before LZ4', [...skippable, ...skippable, 4, 0x22, 0x4d, 0x18], 'lz4'],
  ['a skippable frame before nothing', skippable, 'zstd'],
  ['one past the last skippable magic', [0x60, 0x2a, 0x4d, 0x18], null],
  ['a little-endian pcap', [0xd4, 0xc3, 0xb2, 0xa1], null],
  ['pcapng', [0x0a, 0x0d, 0x0d, 0x0a], null],
  ['an empty file', [], null],
])('the first bytes tell %s', async (_name, bytes, expected) => {
  expect(compressionOf(Uint8Array.from(bytes))).toBe(expected);
  async function* each(): AsyncGenerator<Uint8Array> {
    for (const byte of bytes) yield Uint8Array.of(byte);
  }
  expect(await compressionAhead(new ByteReader(each()))).toBe(expected);
});

test('no more of a pipe is waited for than it takes to tell', async () => {
  let given = 0;
  async function* capture(): AsyncGenerator<Uint8Array> {
    given++;
    yield Uint8Array.of(0xd4, 0xc3, 0xb2, 0xa1);
    await new Promise(() => undefined);
  }
  expect(await compressionAhead(new ByteReader(capture()))).toBeNull();
  expect(given).toBe(1);
});
