import { chunksMax, planChunks, wholeFilePlan } from '../../../src/pcap/chunk-plans.js';
import type { CaptureHeader, ReadState } from '../../../src/pcap/types.js';

const state: ReadState = {
  format: 'pcap',
  byteOrder: 'little',
  lengthsSwapped: false,
  interfaces: [{ linkType: 1, snapLength: 65_535, timeResolution: 6, timeOffsetSeconds: '0' }],
};
const header = (fileSize: number): CaptureHeader => ({ state, firstRecord: 24, fileSize });
const starts = (plans: readonly { start: number }[]): number[] => plans.map(({ start }) => start);

describe('the chunks of a file', () => {
  test('the first begins with the header and is certain, the others look for a record and know the state', () => {
    expect(planChunks(header(1024), { chunkCount: 4 })).toEqual([
      { start: 0, end: 274, startCertain: true, state: null },
      { start: 274, end: 524, startCertain: false, state },
      { start: 524, end: 774, startCertain: false, state },
      { start: 774, end: null, startCertain: false, state },
    ]);
  });

  test('are as many as chunks of that size are needed', () => {
    expect(planChunks(header(1024), { chunkBytes: 512 })).toHaveLength(2);
    expect(planChunks(header(1025), { chunkBytes: 512 })).toHaveLength(3);
    expect(planChunks(header(1024), { chunkBytes: 1024 })).toEqual([wholeFilePlan]);
  });

  test('take shares of the whole that differ', () => {
    expect(starts(planChunks(header(1024), { shares: [0.5, 0.25, 0.25] }))).toEqual([0, 524, 774]);
  });

  test.each<[string, CaptureHeader, number]>([
    ['one chunk is asked for', header(1024), 1],
    ['none is asked for', header(1024), 0],
    ['the state after the headers is not known', { ...header(1024), state: null }, 4],
    ['there is nothing behind the headers', header(24), 4],
  ])('are the whole file where %s', (_why, of, chunkCount) => {
    expect(planChunks(of, { chunkCount })).toEqual([wholeFilePlan]);
  });

  test('are fewer than asked for where the file has fewer bytes: none is empty', () => {
    expect(starts(planChunks(header(27), { chunkCount: 100 }))).toEqual([0, 25, 26]);
    expect(starts(planChunks(header(25), { chunkCount: 100 }))).toEqual([0]);
  });

  test(`are ${chunksMax} at most`, () => {
    expect(planChunks(header(1e9), { chunkCount: chunksMax })).toHaveLength(chunksMax);
    expect(() => planChunks(header(1e9), { chunkCount: chunksMax + 1 })).toThrow(
      `${chunksMax + 1} chunks are outside 1 to ${chunksMax}: choose larger chunks`,
    );
    for (const chunkCount of [-1, 1.5, Number.NaN])
      expect(() => planChunks(header(1e9), { chunkCount })).toThrow('are outside 1 to');
  });

  test('the whole file is one certain chunk from its header to its end', () => {
    expect(wholeFilePlan).toEqual({ start: 0, end: null, startCertain: true, state: null });
  });
});
