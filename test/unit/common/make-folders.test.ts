import { statSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '../../../src/common/make-folders.js';
import { runTrireme } from '../../support/run-trireme.js';
import { projectRoot } from '../../../src/common/version.js';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();

test('folders that are missing are made with the mode, and those that are there stay', () => {
  const path = join(scratch.path, 'a/b/c');
  makeFolders(path, 0o700);
  makeFolders(path, 0o755);
  for (const each of ['a', 'a/b', 'a/b/c']) expect(statSync(join(scratch.path, each)).mode & 0o777).toBe(0o700);
});

test('a file in the way is an error that names it', () => {
  const file = scratch.file('file', '');
  expect(() => makeFolders(file)).toThrow(/EEXIST/);
  expect(() => makeFolders(join(file, 'below'))).toThrow(/ENOTDIR/);
});

test('so it is with what users name, and nothing is searched for without end', async () => {
  const sample = join(projectRoot, 'captures/sample.pcap');
  const below = join(scratch.file('in-the-way', ''), 'x', 'y');
  const meanwhile = (child: { kill(signal: 'SIGKILL'): boolean }): void => {
    setTimeout(() => child.kill('SIGKILL'), 30_000).unref();
  };
  const csv = await runTrireme(['analyze', '-q', sample, '--csv', `${below}/`], { meanwhile });
  expect([csv.code, csv.stderr]).toEqual([1, expect.stringContaining(below)]);
  const any = ['--grpc', '127.0.0.1:0', '--admin', '127.0.0.1:0'];
  const master = await runTrireme(['master', ...any, '--spool', below], { meanwhile });
  expect([master.code, master.stderr]).toEqual([expect.any(Number), expect.stringContaining(below)]);
});
