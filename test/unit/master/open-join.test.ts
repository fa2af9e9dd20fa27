import { appendFileSync, openSync, closeSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { CaptureAccess } from '../../../src/captures/capture-access.js';
import { identityOf, joinedEndBytes } from '../../../src/captures/identity.js';
import { encodeJoinList, type ListedPart } from '../../../src/captures/join/join-list.js';
import { openJoin } from '../../../src/master/open-join.js';
import type { OpenCapture } from '../../../src/master/open-capture.js';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();
let files = 0;

function part(content: string): ListedPart {
  const path = scratch.file(`part-${++files}`, content);
  const fd = openSync(path, 'r');
  const { endsSha256 } = identityOf(fd, content.length, joinedEndBytes);
  closeSync(fd);
  return {
    name: path,
    found: false,
    path,
    seen: { sizeBytes: content.length, endsSha256: endsSha256.toString('hex') },
  };
}

const opened = async (parts: readonly ListedPart[], behind = ''): Promise<OpenCapture> => {
  const list = Buffer.concat([encodeJoinList({ name: '', parts, failed: [] }), Buffer.from(behind)]);
  return openJoin(new CaptureAccess([scratch.path]), scratch.file(`list-${++files}`, list), null);
};

async function readAll(capture: OpenCapture): Promise<string[]> {
  if (capture.bytes.at !== 'join') throw new Error('it is no joined capture');
  return Promise.all(
    capture.bytes.joined.parts.map(async ({ offset, sizeBytes }) => {
      const data = Buffer.alloc(sizeBytes);
      await capture.readAt!(data, offset);
      return data.toString();
    }),
  );
}

test('files are served at their places, from where they are or from the upload', async () => {
  const parts = [part('one'), part('the second')];
  const here = await opened(parts);
  expect(await readAll(here)).toEqual(['one', 'the second']);
  const sent = await opened(
    parts.map((each) => ({ ...each, path: '' })),
    'onethe second',
  );
  expect(await readAll(sent)).toEqual(['one', 'the second']);
  for (const capture of [here, sent]) capture.close();
});

test('an upload that ends within its files, and a file that is another one here, are refused', async () => {
  await expect(opened([{ ...part('one'), path: '' }], 'on')).rejects.toMatchObject({ code: 'USAGE' });
  const other = part('one');
  writeFileSync(other.path, 'two and more');
  await expect(opened([other])).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringContaining('upload it'),
  });
});

test('a file that has grown since the client saw it counts to the size that it had then', async () => {
  const growing = part('one');
  const before = await opened([growing]);
  appendFileSync(growing.path, ' and more');
  const after = await opened([growing]);
  expect(await readAll(after)).toEqual(['one']);
  expect(after.grown).toBe(true);
  expect(await after.content()).toBe(await before.content());
  for (const capture of [before, after]) capture.close();
});

test('a file that neither side sees is a failure, and the others are there', async () => {
  const capture = await opened([part('one'), { name: 'gone', found: false, path: `${scratch.path}/gone`, seen: null }]);
  expect(await readAll(capture)).toEqual(['one']);
  expect(capture.bytes).toMatchObject({ joined: { failed: [{ file: 'gone', error: 'unreadable' }] } });
  capture.close();
});

test.each<[string, (path: string) => void, boolean]>([
  ['nothing', () => undefined, true],
  ['appended bytes', (path) => appendFileSync(path, 'more'), true],
  ['its removal, as of the oldest of a ring', (path) => rmSync(path), true],
  ['fewer bytes', (path) => truncateSync(path, 1), false],
  ['other bytes', (path) => utimesSync(path, 1, 1), false],
])('after it was read %s changes what was counted, or not', async (_what, change, same) => {
  const changing = part('content');
  const capture = await opened([changing, part('other')]);
  change(changing.path);
  if (same) await capture.checkUnchanged();
  else {
    await expect(capture.checkUnchanged()).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    await capture.checkUnchanged(new Set([changing.name]));
  }
  capture.close();
});
