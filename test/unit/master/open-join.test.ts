import { appendFileSync, openSync, closeSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { CaptureAccess } from '../../../src/captures/file/capture-access.js';
import { identityOf, joinedEndBytes } from '../../../src/captures/file/identity.js';
import { encodeJoinList, encodeLost, type ListedPart } from '../../../src/captures/join/join-list.js';
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

const opened = async (
  parts: readonly ListedPart[],
  behind: string | Uint8Array = '',
  again = false,
): Promise<OpenCapture> => {
  const list = Buffer.concat([encodeJoinList({ name: '', parts, failed: [] }), Buffer.from(behind as string)]);
  return openJoin(new CaptureAccess([scratch.path]), scratch.file(`list-${++files}`, list), null, again);
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

test('of files that were sent those that the sender lost on the way are failures', async () => {
  const sent = ['one', 'two', 'three'].map((text) => ({ ...part(text), path: '' }));
  const lost = encodeLost([{ sent: 1, failure: { error: 'unreadable', error_detail: 'two: no such file' } }]);
  const bytes = Buffer.concat([Buffer.from('one\0\0\0three'), lost]);
  const capture = await opened(sent, bytes);
  expect(await readAll(capture)).toEqual(['one', 'three']);
  expect(capture.bytes).toMatchObject({
    joined: { failed: [{ file: sent[1].name, error: 'unreadable', error_detail: 'two: no such file' }] },
  });
  capture.close();
  const others = [Buffer.from('more'), Buffer.concat([lost, lost]), Buffer.from('\u0002\0\0\0[1'), lost.subarray(0, 9)];
  for (const behind of [...others, encodeLost([{ sent: 0.5, failure: { error: 'changed', error_detail: '' } }])])
    await expect(opened(sent, Buffer.concat([Buffer.from('one\0\0\0three'), behind]))).rejects.toMatchObject({
      code: 'USAGE',
    });
});

test('a file that is gone when it is opened again is a failure, and the capture is still the one it was', async () => {
  const parts = [part('one'), part('two'), part('three')];
  const before = await opened(parts);
  rmSync(parts[0].path);
  writeFileSync(parts[1].path, 'another');
  await expect(opened(parts)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  const after = await opened(parts, '', true);
  expect(await readAll(after)).toEqual(['three']);
  expect(after.bytes).toMatchObject({
    joined: {
      failed: [
        { file: parts[0].name, error: 'unreadable', error_detail: `${parts[0].name}: no such file` },
        { file: parts[1].name, error: 'changed' },
      ],
    },
  });
  expect([await after.content(), after.sizeBytes]).toEqual([await before.content(), before.sizeBytes]);
  for (const capture of [before, after]) capture.close();
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
