import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { allDocuments, commandsOf } from '../support/documents.js';
import { playedDocuments, ranElsewhere } from '../support/documented-commands.js';

const documents = allDocuments();
const commands = documents.flatMap(({ path, blocks }) =>
  blocks
    .filter(({ info }) => info[0] === 'sh')
    .flatMap((block) => commandsOf(block).map((command) => ({ path, command }))),
);

test('every fenced block says what it is, so that no command passes for a picture', () => {
  const untold = documents.flatMap(({ path, blocks }) =>
    blocks.filter(({ info }) => !['sh', 'text', 'ts'].includes(info[0])).map(({ line }) => `${path}:${line}`),
  );
  expect(untold).toEqual([]);
});

test('a block of text holds no command', () => {
  const hidden = documents.flatMap(({ path, blocks }) =>
    blocks
      .filter(
        ({ info, text }) =>
          info[0] === 'text' && /^\s*(\$ |bin\/trireme |trireme [a-z-]+ |make [a-z]|sudo |npm )/m.test(text),
      )
      .map(({ line }) => `${path}:${line}`)
      .filter((place) => !place.startsWith('docs/ARCHITECTURE.md')),
  );
  expect(hidden).toEqual([]);
});

test('every command of every document is run by a test', () => {
  const unrun = commands.filter(({ path, command }) => !playedDocuments.includes(path) && !(command in ranElsewhere));
  expect(unrun).toEqual([]);
});

test('what is said to be run elsewhere stands in a document and is run there', () => {
  const said = new Set(commands.map(({ command }) => command));
  for (const [command, { file, by }] of Object.entries(ranElsewhere)) {
    expect([command, said.has(command)]).toEqual([command, true]);
    expect([file, existsSync(join(projectRoot, file))]).toEqual([file, true]);
    expect(readFileSync(join(projectRoot, file), 'utf8')).toContain(by);
  }
});

test('the pictures and files that documents point to are there', () => {
  const missing = documents.flatMap(({ path }) =>
    [...readFileSync(join(projectRoot, path), 'utf8').matchAll(/\]\((?!https?:)([^)#\s]+)/g)]
      .map(([, target]) => join(path, '..', target))
      .filter((target) => !existsSync(join(projectRoot, target)))
      .map((target) => `${path}: ${target}`),
  );
  expect(missing).toEqual([]);
});

test('docs/API.md is what the types say (make docs-api writes it)', () => {
  const made = execFileSync(process.execPath, ['scripts/api-doc.mjs', '--stdout'], {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  expect(readFileSync(join(projectRoot, 'docs/API.md'), 'utf8')).toBe(made);
});
