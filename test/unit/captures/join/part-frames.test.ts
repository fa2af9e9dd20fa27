import type { FailedFile } from '../../../../src/captures/scan/capture-entry.js';
import { FramedParts, framed, PartFailed } from '../../../../src/captures/join/part-frames.js';

const contents = ['first', '', 'the second', 'x', 'last'];
const files = contents.map((text, i) => ({ name: `file ${i}`, sizeBytes: text.length }));
const failure = (name: string): FailedFile => ({ error: 'changed', error_detail: `${name} failed` });

/**
 * The stream of these files in pieces of so many bytes; some fail behind so many bytes of theirs, each time
 * they are read.
 */
async function streamOf(failsAt: Readonly<Record<number, number>>, pieceBytes: number): Promise<Uint8Array[]> {
  async function* open(i: number): AsyncGenerator<Uint8Array> {
    const bytes = Buffer.from(contents[i]);
    for (let at = 0; at < bytes.length; at += 3) {
      const end = Math.min(bytes.length, at + 3, failsAt[i] ?? Infinity);
      if (end > at) yield bytes.subarray(at, end);
      if (end === failsAt[i]) throw new Error('it failed');
    }
  }
  const all: Uint8Array[] = [];
  for await (const bytes of framed(files, open, failure)) all.push(bytes);
  const stream = Buffer.concat(all);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += pieceBytes) pieces.push(stream.subarray(at, at + pieceBytes));
  return pieces;
}

/** What a reader makes of it, which begins anew where some of a file had come that failed; and how often it began. */
function taken(pieces: Uint8Array[]): { outcomes: (string | FailedFile)[]; begun: number } {
  const parts = new FramedParts(
    () => pieces.shift() ?? null,
    () => {
      throw new Error('it ended early');
    },
  );
  for (let begun = 1; ; begun++) {
    try {
      const outcomes = files.map(({ sizeBytes }) => parts.begin(sizeBytes) ?? textOf(parts.bytes(sizeBytes)));
      return { outcomes, begun };
    } catch (error) {
      if (!(error instanceof PartFailed)) throw error;
    }
  }
}

const textOf = (bytes: Iterable<Uint8Array>): string => Buffer.concat([...bytes]).toString();

test.each([
  ['no file', {}, 1],
  ['the first, at its start', { 0: 0 }, 1],
  ['one in the midst', { 2: 4 }, 2],
  ['all that have bytes, at their start', { 0: 0, 2: 0, 3: 0, 4: 0 }, 1],
  ['three, of which one is in the midst', { 0: 0, 2: 6, 4: 3 }, 3],
])('of files of which %s fails the others come whole', async (_what, failsAt: Record<number, number>, begins) => {
  for (const pieceBytes of [1, 2, 7, 1000]) {
    const { outcomes, begun } = taken(await streamOf(failsAt, pieceBytes));
    expect(outcomes).toEqual(contents.map((text, i) => (i in failsAt ? failure(files[i].name) : text)));
    expect(begun).toBe(begins);
  }
});

test('an error behind the last byte of a file is of no matter, and more bytes than it has are dropped', async () => {
  expect(taken(await streamOf({ 2: 10, 4: 4 }, 5))).toEqual({ outcomes: contents, begun: 1 });
  async function* twice(i: number): AsyncGenerator<Uint8Array> {
    yield Buffer.from(contents[i] + contents[i]);
  }
  const all: Uint8Array[] = [];
  for await (const bytes of framed(files, twice, failure)) all.push(bytes);
  expect(taken(all)).toEqual({ outcomes: contents, begun: 1 });
});

test('a file of which fewer bytes come than it has has failed', async () => {
  async function* half(i: number): AsyncGenerator<Uint8Array> {
    yield Buffer.from(contents[i]).subarray(0, i === 2 ? 3 : undefined);
  }
  const all: Uint8Array[] = [];
  for await (const bytes of framed(files, half, failure)) all.push(bytes);
  expect(taken(all).outcomes[2]).toEqual(failure('file 2'));
});

test('an error that is not about a file ends the stream', async () => {
  const lost = new Error('the hub is gone');
  const stream = framed(
    files,
    () => {
      throw lost;
    },
    (_name, error) => {
      throw error;
    },
  );
  await expect(stream.next()).rejects.toBe(lost);
});

test('a stream that ends within a file, or in no frame, is no file', async () => {
  const [whole] = await streamOf({}, 1000);
  expect(() => taken([whole.subarray(0, 7)])).toThrow('it ended early');
  expect(() => taken([Buffer.from([0, 0, 0, 0, 2, 0, 0, 0, 0x7b, 0x7b])])).toThrow('damaged');
});
