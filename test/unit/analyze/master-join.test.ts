import { rmSync, truncateSync } from 'node:fs';
import { hasLost, listJoin, listWithFiles } from '../../../src/analyze/master-join.js';
import { CaptureAccess } from '../../../src/captures/file/capture-access.js';
import { openJoin } from '../../../src/master/open-join.js';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();

test('files that are gone or shorter when they are to be sent are told behind the others', async () => {
  const contents = ['first', 'x'.repeat(150_000), 'third', 'y'.repeat(80_000), 'last'];
  const names = contents.map((text, i) => scratch.file(`ring${i}`, text));
  const list = await listJoin(
    '',
    names.map((name) => ({ name, found: false })),
  );
  const { stream } = listWithFiles(list);
  rmSync(names[1]);
  truncateSync(names[3], 10);
  const pieces: Uint8Array[] = [];
  for await (const bytes of stream()) pieces.push(Uint8Array.from(bytes));
  const access = new CaptureAccess([scratch.path]);
  const capture = await openJoin(access, scratch.file('upload', Buffer.concat(pieces)));
  if (capture.bytes.at !== 'join') throw new Error('it is no joined capture');
  const { parts, failed } = capture.bytes.joined;
  const read = async ({ offset, sizeBytes }: (typeof parts)[0]): Promise<string> => {
    const data = Buffer.alloc(sizeBytes);
    await capture.readAt!(data, offset);
    return data.toString();
  };
  expect(await Promise.all(parts.map(read))).toEqual(['first', 'third', 'last']);
  expect(failed).toEqual([
    { file: names[1], error: 'unreadable', error_detail: `${names[1]}: no such file` },
    {
      file: names[3],
      error: 'changed',
      error_detail: `${names[3]}: changed before it was sent (80000 bytes then, 10 now); wait for its writer`,
    },
  ]);
  capture.close();
});

test('a list tells what of an earlier one is not there any more', async () => {
  const names = ['a', 'b'].map((text) => scratch.file(`turning-${text}`, text));
  const listed = () =>
    listJoin(
      '',
      names.map((name) => ({ name, found: true })),
    );
  const before = await listed();
  expect(hasLost(before, await listed())).toBe(false);
  rmSync(names[0]);
  const now = await listed();
  expect([hasLost(before, now), hasLost(now, now)]).toEqual([true, false]);
});
