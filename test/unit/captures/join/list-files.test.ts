import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles } from '../../../../src/captures/join/list-files.js';
import { byName } from '../../../../src/captures/join/order-files.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder();
const folder = join(scratch.path, 'a');
const inner = join(folder, 'b', 'c');
mkdirSync(inner, { recursive: true });
for (const name of ['2.pcap', '10.pcap', '.hidden']) writeFileSync(join(folder, name), name);
writeFileSync(join(inner, 'deep.pcap'), 'deep');
symlinkSync(folder, join(inner, 'circle'));
symlinkSync(join(folder, 'gone'), join(folder, 'dangling'));

const namesIn = async (names: readonly string[], recursive = false): Promise<string[]> =>
  (await listFiles(names, recursive)).map(({ name }) => name.replace(`${scratch.path}/`, ''));

test('a folder is its files, without hidden ones and what is in folders within', async () => {
  expect(await namesIn([folder])).toEqual(['a/10.pcap', 'a/2.pcap', 'a/dangling']);
  expect(await namesIn([folder], true)).toEqual(['a/10.pcap', 'a/2.pcap', 'a/b/c/deep.pcap', 'a/dangling']);
});

test('what is named stays, also where there is nothing, and comes once', async () => {
  const two = join(folder, '2.pcap');
  expect(await namesIn([two, 'gone', folder, two])).toEqual(['a/2.pcap', 'gone', 'a/10.pcap', 'a/dangling']);
});

test('more files, and folders deeper, than there may be are an error that names the bound', async () => {
  await expect(listFiles([folder], true, 3)).rejects.toThrow(/over 3 files \(joinFilesMax\)/);
  expect(await listFiles([folder], true, 4)).toHaveLength(4);
  await expect(listFiles([folder], true, 4, 1)).rejects.toThrow(/b\/c is over 1 folders deep \(joinDepthMax\)/);
  expect(await listFiles([folder], true, 4, 2)).toHaveLength(4);
});

test('a folder that cannot be read is an error', async () => {
  await expect(listFiles([join(folder, '2.pcap', 'x')], false)).resolves.toHaveLength(1);
});

test('digits in names are compared as numbers', () => {
  const names = ['r10', 'r9', 'r009', 'r', 'r9b', 'r9a', 'q99'];
  expect([...names].sort(byName)).toEqual(['q99', 'r', 'r009', 'r9', 'r9a', 'r9b', 'r10']);
});
