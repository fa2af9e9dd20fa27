import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { CaptureAccess } from '../../../src/captures/file/capture-access.js';
import { checkStamp, stampOf } from '../../../src/master/capture-stamp.js';
import { openCapture } from '../../../src/master/open-capture.js';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();
const access = new CaptureAccess([scratch.path]);
const changed = { code: 'FILE_CHANGED' };
let files = 0;
const path = (): string => scratch.file(`capture-${++files}`, 'as it was');

test('a file that is appended to is the one of its size at the opening, also when it is opened again', async () => {
  const name = path();
  const first = await openCapture(access, name, null);
  const stamp = await stampOf(first, false);
  appendFileSync(name, ', and more');
  await first.checkUnchanged();
  const again = await openCapture(access, name, null, stamp.sizeBytes);
  expect(again).toMatchObject({ sizeBytes: 9, grown: true });
  await checkStamp(name, again, stamp);
  const asTheClient = await openCapture(access, name, first.identity);
  expect(asTheClient).toMatchObject({ sizeBytes: 9, grown: true });
  for (const capture of [first, again, asTheClient]) capture.close();
});

test.each([
  ['made shorter', (name: string) => truncateSync(name, 3)],
  ['written anew', (name: string) => writeFileSync(name, 'as it is now, and longer')],
])('a file that was %s is another one', async (_how, change) => {
  const name = path();
  const first = await openCapture(access, name, null);
  const stamp = await stampOf(first, false);
  change(name);
  await expect(first.checkUnchanged()).rejects.toMatchObject(changed);
  const again = await openCapture(access, name, null, stamp.sizeBytes);
  await expect(checkStamp(name, again, stamp)).rejects.toMatchObject(changed);
  await expect(openCapture(access, name, first.identity)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  for (const capture of [first, again]) capture.close();
});
