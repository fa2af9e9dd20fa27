import { readdirSync, readlinkSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { CaptureAccess } from '../../../src/captures/capture-access.js';
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
