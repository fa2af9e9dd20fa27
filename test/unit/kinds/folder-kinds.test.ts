import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { addFolderKinds } from '../../../src/kinds/folder-kinds.js';
import { KindRegistry, readKinds } from '../../../src/kinds/registry.js';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();

/** The kinds of a folder with these files. */
async function kindsOf(folder: string, files: Readonly<Record<string, string>>): Promise<KindRegistry> {
  mkdirSync(join(scratch.path, folder));
  for (const [name, text] of Object.entries(files)) scratch.file(`${folder}/${name}`, text);
  const registry = readKinds();
  await addFolderKinds(registry, [`${scratch.path}/${folder}`]);
  return registry;
}

test('a folder of kinds is read beside those of this build, and other files of it are not touched', async () => {
  const registry = await kindsOf('some', {
    'shout.kind.js': `exports.kind = { run: ({ text }) => text.toUpperCase() };`,
    'named.kind.cjs': `module.exports = { name: 'CALLED', number: 500, mayCopy: true, run: () => '' };`,
    'helper.js': 'throw new Error("no kind, must not be loaded")',
  });
  const names = registry.all().map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['GET_TIME', 'SHOUT', 'CALLED']));
  expect(registry.get(500)?.terms).toMatchObject({ mayCopy: true, attempts: 3 });
});

test.each([
  [
    'broken',
    { 'a.kind.js': 'throw new Error("out of order")' },
    'USAGE',
    /a\.kind\.js: cannot be loaded: out of order/,
  ],
  ['empty', { 'readme.txt': '' }, 'USAGE', /holds no file NAME\.kind\.js, NAME\.kind\.mjs or NAME\.kind\.cjs/],
  [
    'taken',
    { 'GET_TIME.kind.js': 'exports.kind = { run() {} }' },
    'USAGE',
    /name GET_TIME belongs to number 1 already/,
  ],
  [
    'twice',
    {
      'a.kind.js': 'exports.kind = { number: 300, run() {} }',
      'b.kind.js': 'exports.kind = { number: 300, run() {} }',
    },
    'USAGE',
    /b\.kind\.js: number 300 belongs to A already/,
  ],
])('a folder that is %s is refused', async (folder, files, code, message) => {
  await expect(kindsOf(folder, files)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test('a folder that is not there is refused by its name', async () => {
  await expect(addFolderKinds(readKinds(), ['/nowhere'])).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringContaining('--kinds /nowhere: '),
  });
});
