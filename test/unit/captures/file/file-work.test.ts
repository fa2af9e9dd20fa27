import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { CaptureAccess } from '../../../../src/captures/file/capture-access.js';
import { FileProbe } from '../../../../src/captures/file/file-probe.js';
import { FileWork } from '../../../../src/captures/file/file-work.js';
import { endsWithin, stuckWork } from '../../../../src/common/stuck-work.js';
import { scratchFolder } from '../../../support/scratch.js';

/** Work that goes on until it is told to end. */
function held<T>(): { work: () => Promise<T>; end: (result: T) => void } {
  let end: (result: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => (end = resolve));
  return { work: () => promise, end };
}

const scratch = scratchFolder();

test('work in time gives its result or its error', async () => {
  const files = new FileWork(1_000);
  expect(await files.run('f', () => Promise.resolve(7))).toBe(7);
  await expect(files.run('f', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(files.overdue).toBe(0);
});

test('work that takes too long is given up, counted as stuck, and undone when it comes back', async () => {
  const files = new FileWork(20);
  const before = stuckWork();
  const { work, end } = held<number>();
  const undone: number[] = [];
  await expect(files.run('/x', work, (result) => undone.push(result))).rejects.toMatchObject({
    code: 'FILE_SILENT',
    message: expect.stringContaining('/x: its file system does not answer within 0.02 s'),
  });
  expect([files.overdue, stuckWork()]).toEqual([1, before + 1]);
  end(9);
  await new Promise(setImmediate);
  expect([files.overdue, stuckWork(), undone]).toEqual([0, before, [9]]);
});

test('with as much work overdue as the bound no more is begun, until some comes back', async () => {
  const files = new FileWork(10, 2);
  const all = [held<number>(), held<number>()];
  await Promise.all(all.map(({ work }) => files.run('f', work).catch(() => undefined)));
  let begun = false;
  const more = (): Promise<number> => {
    begun = true;
    return Promise.resolve(1);
  };
  await expect(files.run('/y', more)).rejects.toThrow(/2 files are waited for .* bound is 2/);
  expect(begun).toBe(false);
  all[0].end(0);
  await new Promise(setImmediate);
  expect(await files.run('/y', more)).toBe(1);
  all[1].end(0);
});

test('what may never end is waited for so long and then counted as stuck', async () => {
  const before = stuckWork();
  expect(await endsWithin(1_000, Promise.resolve())).toBe(true);
  const { work, end } = held<number>();
  expect(await endsWithin(10, work())).toBe(false);
  expect(stuckWork()).toBe(before + 1);
  end(0);
  await new Promise(setImmediate);
  expect(stuckWork()).toBe(before);
});

test('a probe of what does not answer is an error in time; of what answers, none, whatever it is', async () => {
  const fifo = join(scratch.path, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const abroad = new FileProbe(10_000, undefined, () => true);
  // A FIFO without a writer, a folder and nothing at all answer.
  for (const path of [fifo, scratch.path, join(scratch.path, 'none'), scratch.file("it's 1", 'x')]) {
    await abroad.check(path, path);
  }
  let givenUp = false;
  const never = (): (() => void) => () => void (givenUp = true);
  await expect(new FileProbe(5, undefined, () => true, never).check(fifo, 'name')).rejects.toMatchObject({
    code: 'FILE_SILENT',
    message: expect.stringContaining('name: its file system does not answer'),
  });
  expect(givenUp).toBe(true);
});

test('a file that is opened again and again is asked once in a while', async () => {
  let nowMs = 0;
  let asked = 0;
  const probe = new FileProbe(
    10_000,
    () => nowMs,
    () => ++asked > 0,
  );
  const spawned = jest.spyOn(jest.requireActual('node:child_process'), 'spawn');
  const path = scratch.file('again', 'x');
  for (nowMs = 0; nowMs <= 5_000; nowMs += 1_000) await probe.check(path, path);
  expect(spawned).toHaveBeenCalledTimes(2);
  expect(asked).toBe(6);
  spawned.mockRestore();
});

test('FIFOs below the folders hold no thread: a file is found after any number of them', async () => {
  const access = new CaptureAccess([scratch.path]);
  const content = Buffer.from('content');
  const path = scratch.file('file', content);
  const wanted = { sizeBytes: BigInt(content.length), endsSha256: Buffer.alloc(32) };
  const fifo = join(scratch.path, 'fifo');
  const found = await Promise.all(Array.from({ length: 32 }, () => access.find(fifo, wanted)));
  expect(found).toEqual(Array(32).fill(null));
  const { handle } = await access.open(path);
  expect(await handle.readFile('utf8')).toBe('content');
  await handle.close();
});
