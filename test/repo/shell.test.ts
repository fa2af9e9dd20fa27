import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { describeCommands } from '../../src/shell/describe.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const built = join(projectRoot, 'dist', 'share');
const bashFile = join(built, 'bash-completion/completions/trireme');
const zshFile = join(built, 'zsh/site-functions/_trireme');
const fishFile = join(built, 'fish/vendor_completions.d/trireme.fish');

const have = (tool: string): boolean => spawnSync(tool, ['--version']).error === undefined;
function testWith(tool: string): jest.It {
  if (have(tool)) return test;
  console.log(`SKIP: no ${tool} here`);
  return test.skip;
}

/** Files below a folder with their texts. */
function texts(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(folder.length), readFileSync(path, 'utf8')];
    }),
  );
}

test('man pages and completions are what the declarations of --help make', () => {
  const made = join(scratch.path, 'share');
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build-share.mjs', made], { cwd: projectRoot });
  expect([status, stderr.toString()]).toEqual([0, '']);
  expect(texts(made)).toEqual(texts(built));
});

test('every option of every command stands on its man page with its variable, and in each completion', () => {
  const commands = describeCommands();
  expect(commands.length).toBeGreaterThan(20);
  const completions = [bashFile, zshFile].map((file) => readFileSync(file, 'utf8'));
  const fish = readFileSync(fishFile, 'utf8');
  for (const { name, options } of commands) {
    const page = readFileSync(join(built, `man/man1/trireme-${name.split(' ')[0]}.1`), 'utf8');
    for (const option of options) {
      const long = option.long ?? '';
      expect([name, long, page.includes(long.replaceAll('-', '\\-'))]).toEqual([name, long, true]);
      if (!['--help', '--token'].includes(long))
        expect(page).toContain(`TRIREME_${`${name} ${long.slice(2)}`.toUpperCase().replaceAll(/[- ]/g, '_')}`);
      for (const text of completions) expect([name, long, text.includes(long)]).toEqual([name, long, true]);
      expect(fish).toMatch(new RegExp(`__fish_seen_subcommand_from ${name.split(' ').pop()}'.* -l ${long.slice(2)} `));
    }
  }
});

test('nothing in them depends on the machine or the folder in which they were made', () => {
  const all = Object.values(texts(built)).join('\n');
  expect(all).not.toContain(projectRoot);
  expect(all).not.toMatch(/\/tmp\/trireme-spool/);
});

test('package.json names every page, since npm puts only those where man looks', () => {
  const { man } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { man: string[] };
  const pages = readdirSync(join(built, 'man/man1')).map((name) => `dist/share/man/man1/${name}`);
  expect(man).toEqual(pages.sort());
});

testWith('man')('man reads every page without a warning', () => {
  const folder = join(built, 'man/man1');
  for (const name of readdirSync(folder)) {
    const { status, stderr } = spawnSync('man', [
      '--warnings=all',
      '-E',
      'UTF-8',
      '-l',
      '-Tutf8',
      '-Z',
      join(folder, name),
    ]);
    expect([name, status, stderr.toString()]).toEqual([name, 0, '']);
  }
});

/** What bash offers for a line that ends in the word that is completed. */
function bashOffers(line: string): string[] {
  const words = line.split(' ');
  const script = `source ${bashFile}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _trireme; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { cwd: projectRoot, encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

describe('bash', () => {
  testWith('bash').each([
    ['trireme ma', ['master']],
    ['trireme lb --log-f', ['--log-format']],
    ['trireme lb --log-format t', ['text']],
    ['trireme analyze --sort ', ['bytes', 'packets', 'duration', 'start']],
    ['trireme analyze captures/sample.p', ['captures/sample.pcap']],
    ['trireme xdp st', ['stats']],
    ['trireme xdp attach --mode ', ['native', 'generic']],
    ['trireme xdp attach l', ['lb']],
    ['trireme worker --captures capt', ['captures']],
    ['trireme completion ', ['bash', 'zsh', 'fish']],
    ['trireme lb --tcp ', []],
  ])('%s', (line, offers) => expect(bashOffers(line)).toEqual(offers));
});

describe('fish', () => {
  testWith('fish').each([
    ['trireme ma', ['master']],
    ['trireme lb --log-format=t', ['--log-format=text']],
    ['trireme xdp st', ['stats']],
    ['trireme xdp attach --mode ', ['generic', 'native']],
  ])('%s', (line, offers) => {
    const script = `source ${fishFile}; complete -C '${line}'`;
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', script], {
      encoding: 'utf8',
      env: { ...process.env, HOME: scratch.path },
    });
    expect([
      stdout
        .split('\n')
        .map((offer) => offer.split('\t')[0])
        .filter((offer) => offer !== '')
        .sort(),
      stderr,
    ]).toEqual([offers, '']);
  });
});

describe('zsh', () => {
  testWith('zsh')('takes the script, and completes by it', () => {
    const script = `autoload -Uz compinit; compinit -u -D; source ${zshFile}; print -r -- $_comps[trireme]`;
    const { stdout, stderr } = spawnSync('zsh', ['-f', '-c', script], { encoding: 'utf8' });
    expect([stdout, stderr]).toEqual(['_trireme\n', '']);
  });
});
