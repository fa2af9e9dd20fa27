import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { openCapture } from '../../../../src/captures/file/capture-file.js';
import { scanFile } from '../../../../src/captures/whole/scan-file.js';
import { conversationsMaxDefault } from '../../../../src/pcap/request.js';
import { scratchFolder } from '../../../support/scratch.js';
import { manyPackets, smallCapture } from '../../../support/small-capture.js';

const scratch = scratchFolder();
const capture = smallCapture(manyPackets(5000));
const more = smallCapture(manyPackets(100)).subarray(24);

const settings = (threadsMax: number) => ({
  scan: { intervalNs: null, conversationsMax: conversationsMaxDefault, connection: null, hashSeed: 1 },
  top: 10,
  sort: 'bytes' as const,
  threadsMax,
  threadBytesMin: 50_000,
});

const packed = (bytes: Uint8Array): Uint8Array => gzipSync(bytes);
const plain = (bytes: Uint8Array): Uint8Array => bytes;

describe.each([
  ['one core', 1, plain],
  ['three threads', 3, plain],
  ['gzip', 1, packed],
])('a file that is appended to while it is read, by %s', (name, threads, pack) => {
  const opened = (label: string, bytes: Uint8Array, change: (path: string) => void) => {
    const path = scratch.file(`${name}-${label}`, pack(bytes));
    const file = openCapture(path);
    change(path);
    return scanFile(file, settings(threads)).finally(() => file.close());
  };

  test('is counted to the size that it had, and is told to grow', async () => {
    const still = await opened('still', capture, () => undefined);
    const grown = await opened('grown', capture, (path) => appendFileSync(path, pack(more)));
    expect(still).toMatchObject({ packets: 5000, error: null, truncated: false });
    expect(grown).toEqual({ ...still, grew: true });
  });

  test('may end in a record that its writer had not completed', async () => {
    const grown = await opened('within', capture.subarray(0, capture.length - 7), (path) => appendFileSync(path, more));
    expect(grown).toMatchObject({ packets: 4999, truncated: false, grew: true });
  });

  test('and is refused when it was made shorter or written anew', async () => {
    await expect(opened('shorter', capture, (path) => truncateSync(path, 100))).rejects.toMatchObject({
      code: 'FILE_CHANGED',
    });
    const rewritten = opened('anew', capture, (path) => {
      writeFileSync(path, pack(smallCapture(manyPackets(5001).slice(1))));
    });
    await expect(rewritten).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });
});
