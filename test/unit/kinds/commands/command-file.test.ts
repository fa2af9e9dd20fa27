import { compileCommands, readCommands, type CommandHost } from '../../../../src/kinds/commands/command-file.js';
import { readDocument } from '../../../support/documents.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder();

const host: CommandHost = {
  environment: { PATH: '/usr/bin', HOME: '/home/u', LANG: 'C.UTF-8', SECRET: 's', PROXY: 'p' },
  runs: (program) => program !== 'gone',
};
const without = (missing: string): CommandHost => ({ ...host, runs: (program) => program !== missing });

const entry = { name: 'SUM', argv: ['sha256sum', '-b'] };
const compile = (more: object, on = host): unknown =>
  compileCommands(
    {
      commands: [
        { name: 'FIRST', argv: ['a'] },
        { ...entry, ...more },
      ],
    },
    '/srv/c.yaml',
    on,
  )[1];

test('an entry is a program in the folder of its file, with the few variables that programs need', () => {
  expect(compile({})).toEqual({
    where: '/srv/c.yaml, entry 2 (SUM)',
    fields: { name: 'SUM' },
    argv: ['sha256sum', '-b'],
    folder: '/srv',
    environment: { PATH: '/usr/bin', HOME: '/home/u', LANG: 'C.UTF-8' },
    serve: 'once',
    starter: true,
  });
});

test('variables are those that it lists, and without a value those of the worker', () => {
  const { environment } = compile({ environment: { LANG: 'C', A: '1', PROXY: null, NONE: null } }) as never;
  expect(environment).toEqual({ PATH: '/usr/bin', HOME: '/home/u', LANG: 'C', A: '1', PROXY: 'p' });
});

test('limits stand in front of the program, past which the system says why it ended it', () => {
  const { argv } = compile({ memoryBytesMax: 268435456, cpuSecondsMax: 10 }) as never;
  expect(argv).toEqual(['prlimit', '--as=268435456', '--cpu=10:11', '--', 'sha256sum', '-b']);
});

test.each([
  [{ argv: undefined }, 'argv left out is not a list of a program and its arguments, such as [sha256sum, -b]'],
  [
    { argv: 'sha256sum -b' },
    'argv "sha256sum -b" is not a list of a program and its arguments, such as [sha256sum, -b]',
  ],
  [{ argv: ['head', '-c', 7] }, 'argv has 7 at 2, which is not text: quote it'],
  [{ argv: [''] }, 'argv has "" at 0'],
  [{ argv: ['a', 'b\0'] }, 'argv has "b\\u0000" at 1'],
  [{ argv: ['gone'] }, 'argv: no program gone is here to be run (looked for in PATH, /usr/bin)'],
  [{ serve: 'http' }, "serve 'http' is neither once, lines nor frames"],
  [
    { serve: 'lines', argv: ['a', 'x{payload}'] },
    'argv has {payload}, which needs serve: once, for a process that serves many jobs is told them',
  ],
  [{ argvs: [] }, 'there is no field argvs: argv?'],
  [{ timeoutSecond: 1 }, 'there is no field timeoutSecond: timeoutSeconds?'],
  [{ shell: true }, expect.stringMatching(/there is no field shell; there are name, number, .*cpuSecondsMax$/)],
  [{ version: 1.2 }, 'version 1.2 is not text: quote it'],
  [{ timeoutSeconds: '30' }, 'timeoutSeconds 30 is not from 0.001 to 86400'],
  [{ timeoutSeconds: 86401 }, 'timeoutSeconds 86401 is not from 0.001 to 86400'],
  [{ slots: 0 }, 'slots 0 is not a whole number from 1 to 1024'],
  [{ slots: 1025 }, 'slots 1025 is not a whole number from 1 to 1024'],
  [{ resultBytesMax: 10 }, 'resultBytesMax 10 is not a whole number from 64 to 67108864'],
  [{ attempts: 2 }, 'attempts 2 needs mayCopy: a job that may not run twice is given to one worker'],
  [{ memoryBytesMax: 1048575 }, 'memoryBytesMax 1048575 is not a whole number from 1048576 to 9007199254740991'],
  [{ cpuSecondsMax: 86401 }, 'cpuSecondsMax 86401 is not a whole number from 1 to 86400'],
  [
    { cpuSecondsMax: 1, serve: 'lines' },
    'cpuSecondsMax 1 needs serve: once, for it counts all that a process ever does',
  ],
  [{ environment: ['A=1'] }, 'environment ["A=1"] is not names with values'],
  [{ environment: { '1A': 'x' } }, "environment: '1A' is no name of a variable"],
  [{ environment: { A: 1 } }, 'environment: A 1 is not text: quote it'],
])('%j is refused with the entry and the bound', (more, why) => {
  const message = typeof why === 'string' ? `--commands /srv/c.yaml, entry 2 (SUM): ${why}` : why;
  expect(() => compile(more)).toThrow(expect.objectContaining({ code: 'USAGE', message }));
});

test('a name is needed, and must be one', () => {
  expect(() => compile({ name: undefined })).toThrow('--commands /srv/c.yaml, entry 2: name must be said');
  expect(() => compile({ name: 'sum' })).toThrow("entry 2 (sum): name 'sum' is not made of capitals");
});

test('limits where the system has nothing to set them with are refused, not passed over', () => {
  expect(() => compile({ memoryBytesMax: 1e9 }, without('prlimit'))).toThrow(
    'memoryBytesMax and cpuSecondsMax need the program prlimit of util-linux, which is not here',
  );
});

test.each([
  ['nothing', '', /must have a list 'commands:' and nothing beside it/],
  ['more', 'commands: []\nother: 1', /must have a list 'commands:' and nothing beside it/],
  ['empty', 'commands: []', /its list 'commands:' is empty/],
  ['twice', 'commands:\n - name: A\n   name: B', /is not YAML: Map keys must be unique at line 3, column 4/],
  ['text', 'commands: [x]', /entry 1: must be fields with values/],
])('a file with %s is refused', (name, text, message) => {
  const file = scratch.file(`${name}.yaml`, text);
  expect(() => readCommands([file], host)).toThrow(
    expect.objectContaining({
      code: 'USAGE',
      message: expect.stringMatching(message),
    }),
  );
});

test('the file of the document is one', () => {
  const blocks = readDocument('docs/KINDS.md').blocks.filter(({ info }) => info[0] === 'yaml');
  const file = scratch.file('document.yaml', blocks.map(({ text }) => text).join(''));
  expect(readCommands([file], host).map(({ fields }) => fields.name)).toEqual(['SHA256', 'THUMBNAIL', 'STATISTICS']);
});

test('programs are looked for as the system does, and a file that is not there is refused by name', () => {
  const found = scratch.file('found.yaml', 'commands: [{ name: A, argv: [sh] }, { name: B, argv: [/bin/sh] }]');
  expect(readCommands([found]).map(({ argv }) => argv[0])).toEqual(['sh', '/bin/sh']);
  const lost = scratch.file('lost.yaml', 'commands: [{ name: A, argv: [./kind.py] }]');
  expect(() => readCommands([lost])).toThrow(`no program ./kind.py is here to be run (looked for in ${scratch.path})`);
  scratch.file('kind.py', '');
  expect(() => readCommands([lost])).toThrow('no program ./kind.py is here to be run');
  expect(() => readCommands(['/nowhere.yaml'])).toThrow(
    expect.objectContaining({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining('--commands /nowhere.yaml: '),
    }),
  );
});
