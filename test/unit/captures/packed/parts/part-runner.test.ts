import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import {
  behindBytes,
  PartRunner,
  searchBytesMax,
  triesMax,
} from '../../../../../src/captures/packed/parts/part-runner.js';
import { runPart } from '../../../../../src/captures/packed/parts/run-part.js';
import { windowBytes } from '../../../../../src/captures/packed/raw-inflater.js';
import { text } from '../../../../support/one-core.js';

const rawBlocks = (data: Buffer): Buffer => deflateRawSync(data, { memLevel: 1 });

/** A block that is found, and behind it a stored one whose length contradicts itself. */
const trap = Buffer.concat([
  deflateRawSync(text(400), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4),
  Buffer.from('AAAA'),
]);

/** Whether a part with this before its first block is decoded ahead of knowing where that is. */
function isGuessed(before: Buffer): boolean {
  const data = text(60_000);
  const packed = Buffer.concat([before, rawBlocks(data)]);
  const runner = new PartRunner();
  runner.room(packed.length, 2 * data.length)!.set(packed);
  runner.search(packed.length);
  const end = runner.end(before.length * 8, new Uint8Array(windowBytes), packed.length);
  const out = new Uint8Array(data.length);
  expect(runner.finish(out).length).toBe(data.length);
  expect(data.equals(out)).toBe(true);
  return end!.guessed;
}

test('a part is given up after so many places that look like a block and are none', () => {
  expect(isGuessed(Buffer.concat(Array<Buffer>(triesMax - 1).fill(trap)))).toBe(true);
  expect(isGuessed(Buffer.concat(Array<Buffer>(triesMax).fill(trap)))).toBe(false);
});

test('the first block of a part is searched so far and no further', () => {
  expect(isGuessed(Buffer.alloc(searchBytesMax - 1))).toBe(true);
  expect(isGuessed(Buffer.alloc(searchBytesMax))).toBe(false);
});

/** A block with the codes that the format fixes, of so many zeros and as many bytes, and the last one behind it. */
function longBlock(length: number): Buffer {
  const bytes = Buffer.alloc(length + 4);
  let bit = 0;
  const put = (...bits: number[]): void => {
    for (const one of bits) bytes[bit >> 3] |= one << (bit++ & 7);
  };
  put(0, 1, 0);
  for (let i = 0; i < length; i++) put(0, 0, 1, 1, 0, 0, 0, 0);
  put(0, 0, 0, 0, 0, 0, 0);
  put(1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  return bytes.subarray(0, Math.ceil(bit / 8));
}

const begin = { bit: 0, window: new Uint8Array(windowBytes) };

test('the last block of a part may reach so far behind it, and a longer one is for who reads in order', () => {
  const to = 10_000;
  for (const [length, isWhole] of [
    [to + behindBytes - 10, true],
    [to + behindBytes + 10, false],
  ] as const) {
    const packed = longBlock(length);
    expect(inflateRawSync(packed)).toHaveLength(length);
    const news = { isTold: () => true, wait: () => begin, tell: () => undefined };
    const run = runPart(
      new PartRunner(),
      { number: 0, from: 0, to, out: new ArrayBuffer(2 * length) },
      packed.length,
      news,
      (at, bytes) => packed.copy(bytes, 0, at, at + bytes.length),
    );
    expect(run?.length ?? null).toBe(isWhole ? length : null);
  }
});
