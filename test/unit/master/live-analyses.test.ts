import { shownChunks, type ChunkPicture } from '../../../src/master/live-analyses.js';

const chunk = (start: number, end: number, state: ChunkPicture['state'], worker = ''): ChunkPicture => ({
  ...{ start, end, state, worker },
});

describe('the chunk map of the live page', () => {
  test('is in the order of the file, with alike neighbours as one', () => {
    expect(
      shownChunks(
        [chunk(20, 30, 'WAITING'), chunk(0, 10, 'DONE', 'a'), chunk(10, 20, 'DONE', 'a'), chunk(30, 40, 'WAITING')],
        40,
      ),
    ).toEqual([chunk(0, 20, 'DONE', 'a'), chunk(20, 40, 'WAITING')]);
  });

  test('two chunks that run stay two, though one worker has both', () => {
    expect(shownChunks([chunk(0, 10, 'RUNNING', 'a'), chunk(10, 20, 'RUNNING', 'a')], 20)).toHaveLength(2);
  });

  test('a chunk that is scanned again does not overlap the one before', () => {
    expect(shownChunks([chunk(0, 10, 'DONE', 'a'), chunk(8, 20, 'RUNNING', 'b')], 20)).toEqual([
      chunk(0, 10, 'DONE', 'a'),
      chunk(10, 20, 'RUNNING', 'b'),
    ]);
  });

  test('of very many chunks no more are shown than asked for, all bytes are covered, and none unfinished shows as done', () => {
    const many = Array.from({ length: 5_000 }, (_each, at) =>
      chunk(at * 10, at * 10 + 10, at % 7 === 3 ? 'WAITING' : 'DONE', at % 7 === 3 ? '' : `w${at % 3}`),
    );
    const shown = shownChunks(many, 50_000, 100);
    expect(shown.length).toBeLessThanOrEqual(100);
    expect([shown[0].start, shown[shown.length - 1].end]).toEqual([0, 50_000]);
    shown.slice(1).forEach((each, at) => expect(each.start).toBe(shown[at].end));
    expect(shown.every(({ state }) => state === 'WAITING')).toBe(true);
  });
});
