import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { CaptureAccess } from '../../../../src/captures/file/capture-access.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder();
const inside = join(scratch.path, 'in');
const outside = join(scratch.path, 'in-name-only');
mkdirSync(inside);
mkdirSync(outside);
writeFileSync(join(inside, 'a.pcap'), 'hello');
writeFileSync(join(outside, 'secret'), 'hello');
symlinkSync(join(outside, 'secret'), join(inside, 'link'));
symlinkSync(join(inside, 'a.pcap'), join(outside, 'back'));
const access = new CaptureAccess([inside]);
const identityOf = (text: string) => ({
  sizeBytes: BigInt(text.length),
  endsSha256: createHash('sha256').update(text).digest(),
});

test('a file below a folder is found, by its absolute path or relative to the first folder', async () => {
  expect(await access.resolve('a.pcap')).toBe(join(inside, 'a.pcap'));
  expect(await access.resolve(join(inside, 'a.pcap'))).toBe(join(inside, 'a.pcap'));
});

test('a link that leads in from elsewhere is the file that it leads to', async () => {
  expect(await access.resolve(join(outside, 'back'))).toBe(join(inside, 'a.pcap'));
});

test.each([
  ['a link that leads out', join(inside, 'link')],
  ['a folder whose name only begins alike', join(outside, 'secret')],
  ['a path with dots', join(inside, '..', 'in-name-only', 'secret')],
  ['the folder itself', inside],
])('%s is refused', async (_what, path) => {
  await expect(access.resolve(path)).rejects.toMatchObject({ code: 'PATH_REFUSED' });
  expect(await access.find(path, identityOf('hello'))).toBeNull();
});

test('a file that is not there is told apart from one that may not be read', async () => {
  await expect(access.resolve('nothing')).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
});

test('another file of the same name is not the same file, also when it changed since it was last looked at', async () => {
  const path = join(inside, 'a.pcap');
  expect(await access.find(path, identityOf('hello'))).toBe(path);
  expect(await access.find(path, identityOf('hallo'))).toBeNull();
  expect(await access.find(path, identityOf('hello!'))).toBeNull();
  writeFileSync(path, 'hallo');
  utimesSync(path, 1, 1);
  expect(await access.find(path, identityOf('hello'))).toBeNull();
  expect(await access.find(path, identityOf('hallo'))).toBe(path);
});

test('a folder that is not there is told at the start', () => {
  expect(() => new CaptureAccess([join(scratch.path, 'none')])).toThrow(/--captures .*none: there is no such folder/);
});

test('so is what is no folder', () => {
  const fifo = join(scratch.path, 'fifo');
  execFileSync('mkfifo', [fifo]);
  for (const path of [fifo, scratch.file('a.pcap', 'x'), '/dev/null'])
    expect(() => new CaptureAccess([path])).toThrow(`--captures ${path}: is no folder`);
});

test('a file that has grown is the same up to the size that it had', async () => {
  const path = join(inside, 'growing.pcap');
  writeFileSync(path, 'hello');
  expect(await access.find(path, identityOf('hello'))).toBe(path);
  writeFileSync(path, 'hello, and more');
  expect(await access.find(path, identityOf('hello'))).toBe(path);
  expect(await access.find(path, identityOf('hallo'))).toBeNull();
});
