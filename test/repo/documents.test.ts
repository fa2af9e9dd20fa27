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
    blocks
      .filter(({ info }) => !['sh', 'sql', 'text', 'ts', 'yaml', 'mermaid'].includes(info[0]))
      .map(({ line }) => `${path}:${line}`),
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
      .filter((place) => !/^docs\/(ARCHITECTURE\.md|decisions\/)/.test(place)),
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

test('a link to a heading leads to one', () => {
  // As forges make them: lower case, without punctuation, blanks as hyphens.
  const anchorsOf = (path: string): string[] =>
    [...readFileSync(join(projectRoot, path), 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );
  const lost = documents.flatMap(({ path }) =>
    [...readFileSync(join(projectRoot, path), 'utf8').matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)]
      .filter(([, target, anchor]) => !anchorsOf(target === '' ? path : join(path, '..', target)).includes(anchor))
      .map(([link]) => `${path}: ${link}`),
  );
  expect(lost).toEqual([]);
});

test('a source file or folder that the documents of the architecture name is there', () => {
  const folders = ['', 'src', 'src/pcap', 'src/captures'];
  const lost = documents
    .filter(({ path }) => path === 'docs/ARCHITECTURE.md' || path.startsWith('docs/decisions/'))
    .flatMap(({ path }) =>
      [...readFileSync(join(projectRoot, path), 'utf8').matchAll(/`([a-z][\w./-]*\/[\w./-]*)`/g)]
        .filter(([, named]) => !folders.some((folder) => existsSync(join(projectRoot, folder, named))))
        .map(([, named]) => `${path}: ${named}`),
    );
  expect(lost).toEqual([]);
});

test('docs/ARCHITECTURE.md is read in one sitting: under 2,500 words', () => {
  expect(readFileSync(join(projectRoot, 'docs/ARCHITECTURE.md'), 'utf8').split(/\s+/).length).toBeLessThan(2500);
});

test('docs/API.md is what the types say (make docs-api writes it)', () => {
  const made = execFileSync(process.execPath, ['scripts/api-doc.mjs', '--stdout'], {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  expect(readFileSync(join(projectRoot, 'docs/API.md'), 'utf8')).toBe(made);
});
