import { closeSync, openSync } from 'node:fs';
import { FilePour, type ByteSink } from '../../../../src/captures/file/pour.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder();
const bytes = Buffer.alloc(1_000_000, 'some bytes ');
const kibi = 1024;

/** Takes all; counts what came at once. */
class Counting implements ByteSink {
  readonly portions: number[] = [];
  private readonly room = new Uint8Array(400 * kibi);

  constructor(private readonly most = Infinity) {}

  get all(): number {
    return this.portions.reduce((sum, portion) => sum + portion, 0);
  }

  get done(): boolean {
    return this.all >= this.most;
  }

  space(): Uint8Array {
    return this.room;
  }

  filled(count: number): void {
    this.portions.push(count);
  }
}

function poured(sink: Counting, start: number, end?: number, doneNear?: number): number[] {
  const fd = openSync(scratch.file('bytes', bytes), 'r');
  try {
    new FilePour(fd, sink, start, end, doneNear).all();
  } finally {
    closeSync(fd);
  }
  return sink.portions;
}

test('a file is poured from a position to its end, or to another', () => {
  expect(poured(new Counting(), 900_000)).toEqual([100_000]);
  expect(poured(new Counting(), 0, 300_000)).toEqual([256 * kibi, 300_000 - 256 * kibi]);
});

test('behind the place where a sink is likely to be done little is read at once, and all where it is not', () => {
  expect(poured(new Counting(300_001), 0, undefined, 300_000)).toEqual([256 * kibi, 300_000 - 256 * kibi, 16 * kibi]);
  const all = new Counting();
  expect(new Set(poured(all, 0, 400_000, 300_000).slice(2, -1))).toEqual(new Set([16 * kibi]));
  expect(all.all).toBe(400_000);
});
