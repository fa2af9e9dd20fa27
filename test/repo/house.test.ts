import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { projectRoot } from '../../src/common/version.js';

/** A longer file is two ideas, or one that nobody reads to its end. */
const linesMax = 400;

/** A file of no more lines names no idea of its own, as a rule; a few do. */
const smallLinesMax = 25;
const smallShareMax = 0.05;

/** A bound stands in the file that enforces it; only what several files share stands in a file of bounds. */
const limitsFilesMax = 4;

const sources = readdirSync(join(projectRoot, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => relative(projectRoot, join(entry.parentPath, entry.name)))
  .filter((path) => !path.startsWith(join('src', 'gen')));

const linesOf = (path: string): number => readFileSync(join(projectRoot, path), 'utf8').split('\n').length - 1;

test(`no source file has more than ${linesMax} lines`, () => {
  expect(sources.length).toBeGreaterThan(100);
  expect(sources.filter((path) => linesOf(path) > linesMax)).toEqual([]);
});

test(`fewer than ${smallShareMax * 100} % of the source files have ${smallLinesMax} lines or fewer`, () => {
  const small = sources.filter((path) => linesOf(path) <= smallLinesMax);
  expect({ small, share: small.length / sources.length < smallShareMax }).toEqual({ small, share: true });
});

test(`no more than ${limitsFilesMax} files are only bounds`, () => {
  const limits = sources.filter((path) => path.endsWith('/limits.ts'));
  expect(limits.slice(limitsFilesMax)).toEqual([]);
});

test('members are private by the word alone, in one way', () => {
  const hashed = sources.filter((path) => /this\.#\w/.test(readFileSync(join(projectRoot, path), 'utf8')));
  expect(hashed).toEqual([]);
});
