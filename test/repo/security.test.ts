import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';

const document = readFileSync(join(projectRoot, 'SECURITY.md'), 'utf8');

/** Rows of the table under a heading, each as its cells; the head and the line under it left out. */
function rowsUnder(heading: string): string[][] {
  const section = document.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(2).map((line) => line.slice(2, -2).split(' | '));
}

const promises = rowsUnder('Promises and their tests');

test('each promise names a test that is there', () => {
  expect(promises.length).toBeGreaterThan(20);
  const wrong = promises.filter(([who, cannot, named]) => {
    const match = /^`([\w/-]+)` "(.+)"$/.exec(named ?? '');
    if (match === null || !who || !cannot) return true;
    const file = join(projectRoot, 'test', `${match[1]}.test.ts`);
    return !existsSync(file) || !titlesIn(readFileSync(file, 'utf8')).includes(match[2]);
  });
  expect(wrong).toEqual([]);
});

/** Titles of tests: the first text behind `test(`, or behind the rows of `test.each`. */
function titlesIn(source: string): string[] {
  const quoted = /(['"`])((?:(?!\1)[^\\\n]|\\.)*)\1,\s*(?:async\s*)?(?:\(|\w+ =>)/g;
  return [...source.matchAll(quoted)].map(([, , title]) => title.replace(/\\(.)/g, '$1'));
}

test('there is no other place for a promise: every row of the promises is about who cannot do what', () => {
  const heads = document
    .split('\n')
    .filter((line) => /^\|.*\bcannot\b.*\|$/.test(line) && /\| --- \|/.test(after(line)));
  expect(heads).toEqual(['| who | cannot | test |']);
});

function after(line: string): string {
  const lines = document.split('\n');
  return lines[lines.indexOf(line) + 1] ?? '';
}

test('each role and a way to report are told', () => {
  const told = rowsUnder('Roles').map(([role]) => role);
  expect(told).toEqual(expect.arrayContaining(['worker', 'client', 'operator']));
  expect(document).toMatch(/private vulnerability reporting form/);
});
