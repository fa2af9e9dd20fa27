import { appendFileSync, mkdirSync, truncateSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { openCapture, type CaptureFile } from '../../../../src/captures/file/capture-file.js';
import { scratchFolder } from '../../../support/scratch.js';
import { gathered } from '../../../support/streams.js';

const scratch = scratchFolder();

function opened(name: string, bytes: string, then: (file: CaptureFile, path: string) => void): void {
  const path = scratch.file(name, bytes);
  const file = openCapture(path);
  try {
    then(file, path);
  } finally {
    file.close();
  }
}

describe('an open capture', () => {
  test('that nobody touched is unchanged', () => {
    opened('same', 'content', (file) => expect(() => file.checkUnchanged()).not.toThrow());
  });

  test.each<[string, (path: string) => void, RegExp]>([
    ['grew', (path) => appendFileSync(path, 'more'), /changed while it was read: it had 7 bytes and has 11 now/],
    ['was cut', (path) => truncateSync(path, 3), /it had 7 bytes and has 3 now/],
    ['was written over', (path) => utimesSync(path, 1, 1), /was written to while it was read/],
  ])('that %s is refused, with the name and the sizes', (name, change, message) => {
    opened(name, 'content', (file, path) => {
      change(path);
      expect(() => file.checkUnchanged()).toThrow(expect.objectContaining({ code: 'FILE_CHANGED' }));
      expect(() => file.checkUnchanged()).toThrow(message);
    });
  });

  test('gives its bytes in order', async () => {
    const file = openCapture(scratch.file('stream', 'content'));
    expect((await gathered(file.stream())).toString()).toBe('content');
    file.close();
  });

  test('stays open when the reader of its bytes stops early', async () => {
    const file = openCapture(scratch.file('early', 'x'.repeat(1_000_000)));
    for await (const _ of file.stream()) break;
    await new Promise((resolve) => setImmediate(resolve));
    expect(() => file.checkUnchanged()).not.toThrow();
    file.close();
  });

  test.each<[string, () => string, RegExp]>([
    ['missing', () => join(scratch.path, 'none'), /none: no such file$/],
    ['below a file', () => join(scratch.file('plain', ''), 'x'), /not a directory/],
    [
      'a folder',
      () => (mkdirSync(join(scratch.path, 'dir')), join(scratch.path, 'dir')),
      /is a directory, not a capture; analyze --join reads/,
    ],
  ])('that is %s is refused', (_name, path, message) => {
    const name = path();
    expect(() => openCapture(name)).toThrow(expect.objectContaining({ code: 'FILE_UNREADABLE' }));
    expect(() => openCapture(name)).toThrow(message);
  });
});
