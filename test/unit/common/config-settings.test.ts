import { Command, Option } from 'commander';
import { parseConfig } from '../../../src/common/config-file.js';
import { addConfigOption } from '../../../src/common/config-option.js';
import { applySettings, isRepeatable, keyFaults, type Commands } from '../../../src/common/config-settings.js';
import { bindVariables } from '../../../src/common/option-variables.js';
import { hostPorts, integer } from '../../../src/common/options.js';
import { describeCommands } from '../../../src/shell/describe.js';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();

const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

function worker(): Command {
  return new Command()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .option('--slots <n>', 'slots', integer(1, 8), 2)
    .option('--log-level <level>', 'level', 'info')
    .option('--host <H:P,...>', 'hubs', hostPorts())
    .option('--captures <dir>', 'repeatable', collect)
    .addOption(new Option('--mode <mode>', 'mode').choices(['a', 'b']))
    .option('--tls', 'encrypt', false)
    .option('--lab <host:port>', 'where the lab is')
    .option('--last [n]', 'list', integer(1, 9))
    .option('--no-index', 'read all')
    .addOption(new Option('--token <token>', 'secret').conflicts('tokenFile'))
    .option('--token-file <file>', 'secret')
    .action(() => undefined);
}

function lab(): Command {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  command
    .command('attach')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .requiredOption('--iface <name>', 'interface')
    .option('--log-level <level>', 'level', 'info')
    .action(() => undefined);
  return command;
}

const roles: Commands = {
  names: ['worker', 'lab'],
  build: (name) => (name === 'lab' ? lab() : worker()),
  check: () => undefined,
};

/** What a worker's options are, given a file, variables and a command line. */
function options(text: string, argv: string[] = [], env: NodeJS.ProcessEnv = {}): Record<string, unknown> {
  Object.assign(process.env, env);
  try {
    const command = addConfigOption(worker(), 'worker', roles);
    bindVariables(command, 'worker');
    const { config: _path, ...opts } = command
      .parse([...argv, '--config', scratch.file('f.yaml', text)], { from: 'user' })
      .opts<Record<string, unknown>>();
    return opts;
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
  }
}

describe('settings of a file', () => {
  test('are options: values, lists with commas, repeatable ones, and those without a value', () => {
    const text = 'slots: 4\nhost: [a:1, b:2]\ncaptures: [/a, /b]\ntls: yes\nno-index: true\nmode: b\n';
    expect(options(text)).toEqual({
      slots: 4,
      logLevel: 'info',
      host: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
      captures: ['/a', '/b'],
      tls: true,
      index: false,
      mode: 'b',
    });
    expect(options('last: true\n')).toMatchObject({ last: true });
    expect(options('last: 3\n')).toMatchObject({ last: 3 });
    expect(options('captures: /a\nhost: a:1,b:2\ntls: off\n')).toMatchObject({ captures: ['/a'], tls: false });
  });

  test('yield to a variable, and it to the command line; a list is not added to', () => {
    const text = 'slots: 4\ncaptures: [/a]\nlog-level: warn\n';
    const env = { TRIREME_WORKER_SLOTS: '5', TRIREME_WORKER_CAPTURES: '/b' };
    expect(options(text, [], env)).toMatchObject({ slots: 5, captures: ['/b'], logLevel: 'warn' });
    expect(options(text, ['--slots', '6', '--captures', '/c'], env)).toMatchObject({ slots: 6, captures: ['/c'] });
    expect(options(text, ['--slots', '2'])).toMatchObject({ slots: 2 });
  });

  test('yield to a variable that says no', () => {
    expect(options('tls: true\n', [], { TRIREME_WORKER_TLS: '0' })).toMatchObject({ tls: false });
  });

  test('of a token, in whichever form, yield to a token that is given otherwise', () => {
    expect(options('token: x\n')).toMatchObject({ token: 'x' });
    for (const text of ['token: x\n', 'token-file: f\n']) {
      expect(options(text, [], { TRIREME_TOKEN: 'y' })).toEqual({
        slots: 2,
        logLevel: 'info',
        tls: false,
        index: true,
      });
      expect(options(text, ['--token', 'y'])).toMatchObject({ token: 'y' });
      expect(options(text, ['--token', 'y'])).not.toHaveProperty('tokenFile');
    }
  });

  test('below a role go before those on top, and those of other roles do not count', () => {
    const text = 'log-level: warn\nslots: 3\nworker:\n  slots: 4\nlab:\n  log-level: error\n';
    expect(options(text)).toMatchObject({ slots: 4, logLevel: 'warn' });
    expect(options('tls: true\nworker: {tls: false}\n')).toMatchObject({ tls: false });
  });

  test('may give a required option of a subcommand, which is missed where they do not', () => {
    const iface = (text: string): unknown => {
      const command = addConfigOption(lab(), 'lab', roles);
      command.parse(['attach', '--config', scratch.file('f.yaml', text)], { from: 'user' });
      return command.commands[0].opts().iface;
    };
    expect(iface('lab:\n  attach:\n    iface: eth0\n')).toBe('eth0');
    expect(iface('iface: eth1\n')).toBe('eth1');
    expect(() => iface('log-level: warn\n')).toThrow("required option '--iface <name>' not specified");
  });

  test('that are wrong refuse the start: the first in full, and how many more', () => {
    expect(() => options('slots: 9\n')).toThrow(/f.yaml:1:1: slots: '9' is not a whole number from 1 to 8$/);
    expect(() => options('slots: 9\ntls: maybe\n')).toThrow(/and 1 more: trireme config check .*f.yaml worker$/);
  });
});

describe('faults', () => {
  const all = (text: string): string[] => {
    const file = parseConfig(text, 'f');
    return [
      ...file.faults,
      ...keyFaults(file, 'worker', worker(), roles),
      ...applySettings(worker(), ['worker'], file, roles, {}).faults,
    ];
  };

  test.each([
    ['slots: 9', "f:1:1: slots: '9' is not a whole number from 1 to 8"],
    ['worker: {slots: 9}', "f:1:10: worker.slots: '9' is not a whole number from 1 to 8"],
    ['mode: c', "f:1:1: mode: 'c': Allowed choices are a, b."],
    ['slots:', 'f:1:1: slots: has no value'],
    ['slots: [1, 2]', 'f:1:1: slots: is a list, and --slots <n> has one value'],
    ['tls: maybe', "f:1:1: tls: 'maybe' is neither true nor false: --tls has no value"],
    ['worker: {log_level: warn}', 'f:1:10: worker.log_level: no option of trireme worker (did you mean log-level?)'],
    ['worker: {solts: 1}', 'f:1:10: worker.solts: no option of trireme worker (did you mean slots?)'],
    ['worker: {iface: e}', 'f:1:10: worker.iface: no option of trireme worker (one of lab)'],
    ['logLevel: warn', 'f:1:1: logLevel: no option of any role (did you mean log-level?)'],
    ['wroker: {slots: 1}', 'f:1:1: wroker: no role of trireme (did you mean worker?)'],
    ['config: x', 'f:1:1: config: no option of any role'],
    ['worker: {config: x}', 'f:1:10: worker.config: no option of trireme worker'],
    ['token: x\ntoken-file: y', 'f:2:1: token-file cannot stand beside token, which is at f:1:1'],
  ])('%j: %s', (text, fault) => expect(all(text)).toEqual([fault]));

  test('are none where a key on top is of another role, or a role stands there without settings', () => {
    expect(all('iface: eth0\nworker:\nlab:\n')).toEqual([]);
  });

  test('of the subcommands of a role are told by their section', () => {
    const file = parseConfig('lab:\n  attach: {ifcae: x}\n  atach: {}\n', 'f');
    expect(keyFaults(file, 'lab', lab(), roles)).toEqual([
      'f:2:12: lab.attach.ifcae: no option of trireme lab attach (did you mean iface?)',
      'f:3:3: lab.atach: no section of trireme lab (did you mean attach?)',
    ]);
  });
});

test('an option takes a list where its help says that it may be repeated', () => {
  const options = describeCommands().flatMap((command) => command.options);
  expect(options.length).toBeGreaterThan(200);
  for (const option of options)
    expect([option.flags, isRepeatable(option)]).toEqual([
      option.flags,
      /\brepeatable\b/.test(option.description) || option.name() === 'kinds',
    ]);
});
