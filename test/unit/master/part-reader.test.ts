import { readdirSync, readlinkSync, rmSync, truncateSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { CaptureAccess } from '../../../src/captures/file/capture-access.js';
import type { JoinedPart } from '../../../src/master/open-join.js';
import { PartReader } from '../../../src/master/part-reader.js';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();
const listBytes = 7;
const contents = ['first', '', 'third file', 'x'];
let offset = listBytes;
const parts = contents.map((text, i): JoinedPart => {
  const path = scratch.file(`part-${i}`, text);
  const part = {
    name: path,
    found: false,
    path,
    offset,
    sizeBytes: text.length,
    endsSha256: Buffer.alloc(32),
    modifiedNs: 1n,
  };
  offset += text.length;
  return part;
});

/** Files of this folder that this process has open. */
const openNow = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(`${scratch.path}/part-`);
    } catch {
      return false;
    }
  }).length;

let lists: FileHandle[] = [];
afterAll(() => Promise.all(lists.map((list) => list.close())));

async function reader(handlesMax?: number): Promise<PartReader> {
  const list = await open(scratch.file('list', 'thelist'));
  lists = [...lists, list];
  return new PartReader(new CaptureAccess([scratch.path]), list, listBytes, parts, handlesMax);
}

async function read(from: PartReader, position: number, length: number): Promise<string> {
  const data = Buffer.alloc(length);
  return data.toString('utf8', 0, await from.read(data, position));
}

test('every file is read at its place behind the list', async () => {
  const files = await reader();
  expect(await read(files, 0, listBytes)).toBe('thelist');
  for (const [i, { offset: at, sizeBytes }] of parts.entries())
    if (sizeBytes > 0) expect(await read(files, at, sizeBytes)).toBe(contents[i]);
  expect(await read(files, parts[2].offset + 6, 4)).toBe('file');
  expect(await read(files, parts[3].offset, 50)).toBe('x');
  files.close();
});

test('no more files are open than may be, and none when it is closed', async () => {
  const files = await reader(2);
  for (const i of [0, 2, 3, 0, 2, 3]) {
    expect(await read(files, parts[i].offset, parts[i].sizeBytes)).toBe(contents[i]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(openNow()).toBeLessThanOrEqual(2);
  }
  expect(openNow()).toBe(2);
  files.close();
  for (let i = 0; i < 100 && openNow() > 0; i++) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(openNow()).toBe(0);
});

test('a file that is read stays open, however many others are asked for meanwhile', async () => {
  let open = (): void => undefined;
  const opened: string[] = [];
  class Slow extends CaptureAccess {
    override async open(path: string) {
      opened.push(path);
      if (path === parts[0].path) await new Promise<void>((resolve) => (open = resolve));
      return super.open(path);
    }
  }
  const files = new PartReader(new Slow([scratch.path]), null, listBytes, parts, 1);
  const first = read(files, parts[0].offset, 5);
  for (const i of [2, 3, 2]) expect(await read(files, parts[i].offset, parts[i].sizeBytes)).toBe(contents[i]);
  const again = read(files, parts[0].offset, 5);
  open();
  expect(await Promise.all([first, again])).toEqual(['first', 'first']);
  expect(opened.filter((path) => path === parts[0].path)).toHaveLength(1);
  files.close();
});

test('what is wrong with a file is said of it by the name that its user knows', async () => {
  const [short, gone] = ['shorter', 'gone'].map((text, i): JoinedPart => {
    const path = scratch.file(`part-${text}`, text);
    return { ...parts[0], name: `ring/${text}`, path, sizeBytes: text.length, offset: listBytes + 20 * i };
  });
  const files = new PartReader(new CaptureAccess([scratch.path]), null, listBytes, [short, gone]);
  truncateSync(short.path, 4);
  rmSync(gone.path);
  await expect(read(files, short.offset, 7)).rejects.toMatchObject({
    code: 'FILE_CHANGED',
    message: 'ring/shorter: had 7 bytes and has 4 now',
  });
  await expect(read(files, gone.offset, 4)).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: 'ring/gone: no such file',
  });
  expect([0, short.offset, gone.offset + 3].map((at) => files.nameAt(at))).toEqual([
    undefined,
    'ring/shorter',
    'ring/gone',
  ]);
  files.close();
});
