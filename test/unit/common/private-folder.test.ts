import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPrivateFolder } from '../../../src/common/private-folder.js';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();
let folders = 0;
const newPath = (): string => join(scratch.path, `folder ${++folders}`);
const made = (mode: number): string => {
  const folder = newPath();
  mkdirSync(folder);
  chmodSync(folder, mode);
  return folder;
};
const open = (folder: string): void => openPrivateFolder(folder, '--state', 'STATE_FAILED');
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('a folder that is not there is made for its user alone', () => {
  const folder = join(newPath(), 'below');
  open(folder);
  expect(modeOf(folder)).toBe('700');
});

test('an empty one is closed, and one that holds something and is open to others is refused with the command', () => {
  const folder = made(0o755);
  open(folder);
  expect(modeOf(folder)).toBe('700');
  writeFileSync(join(folder, 'file'), 'x');
  for (const mode of [0o701, 0o740, 0o777]) {
    chmodSync(folder, mode);
    expect(() => open(folder)).toThrow(`--state ${folder} is open to other users (mode 0${mode.toString(8)})`);
    expect(() => open(folder)).toThrow(`run 'chmod -R go= '${folder}''`);
  }
  execFileSync('chmod', ['-R', 'go=', folder]);
  open(folder);
});

test('what lies open inside of a closed one is closed', () => {
  const folder = made(0o700);
  mkdirSync(join(folder, 'db'), { mode: 0o755 });
  writeFileSync(join(folder, 'db', 'file'), 'x');
  chmodSync(join(folder, 'db', 'file'), 0o664);
  open(folder);
  expect([modeOf(join(folder, 'db')), modeOf(join(folder, 'db', 'file'))]).toEqual(['700', '600']);
});

test('a FIFO, a link or another file in its place is refused, and nothing hangs', () => {
  const folder = made(0o700);
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  expect(() => open(folder)).toThrow(/pipe is neither a file nor a folder: remove it/);
  const other = made(0o700);
  symlinkSync('/etc/passwd', join(other, 'results'));
  expect(() => open(other)).toThrow(/results is neither a file nor a folder: remove it/);
  expect(() => open(scratch.file('a-file', 'x'))).toThrow(/^--state .*a-file: /);
});

const asRoot = process.getuid?.() === 0;
if (!asRoot) process.stderr.write('SKIP folders of another user: needs root\n');
(asRoot ? test : test.skip)(
  'what belongs to another user is refused with the command, be it the folder or a file',
  () => {
    const folder = made(0o700);
    chownSync(folder, 12345, 12345);
    expect(() => open(folder)).toThrow(
      `${folder} belongs to the user of id 12345, and this process runs as 0: run 'chown -R 0 '${folder}''`,
    );
    chownSync(folder, 0, 0);
    writeFileSync(join(folder, 'file'), 'x');
    chownSync(join(folder, 'file'), 12345, 0);
    expect(() => open(folder)).toThrow(/file belongs to the user of id 12345/);
  },
);
