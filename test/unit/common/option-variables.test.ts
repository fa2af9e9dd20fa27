import { Command } from 'commander';
import { env as realEnv } from 'node:process';
import { bindVariables, variableOf } from '../../../src/common/option-variables.js';
import { integer } from '../../../src/common/options.js';

function role(): Command {
  const command = new Command()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .option('--slots <n>', 'slots', integer(1, 8), 2)
    .option('--log-level <level>', 'level', 'info')
    .option('--tcp-tls', 'encrypt', false)
    .option('--token <token>', 'secret');
  command
    .command('attach')
    .option('--iface <name>', 'interface')
    .action(() => undefined);
  return command.action(() => undefined);
}

function parsed(env: NodeJS.ProcessEnv, argv: string[] = []): Record<string, unknown> {
  const command = role();
  Object.assign(realEnv, env);
  try {
    bindVariables(command, 'lb', env);
    return command.parse(argv, { from: 'user' }).opts();
  } finally {
    for (const name of Object.keys(env)) delete realEnv[name];
  }
}

test('a variable is called as its role and its option', () => {
  expect(variableOf('udp-server', 'log-level')).toBe('TRIREME_UDP_SERVER_LOG_LEVEL');
});

test('a variable gives an option, and the command line goes before it', () => {
  const env = { TRIREME_LB_SLOTS: '4', TRIREME_LB_LOG_LEVEL: 'warn' };
  expect(parsed(env)).toMatchObject({ slots: 4, logLevel: 'warn' });
  expect(parsed(env, ['--slots', '3'])).toMatchObject({ slots: 3, logLevel: 'warn' });
});

test('an empty variable, one of another role and one of a token give nothing', () => {
  const env = { TRIREME_LB_SLOTS: '', TRIREME_MASTER_SLOTS: '4', TRIREME_LB_TOKEN: 'x' };
  expect(parsed(env)).toEqual({ slots: 2, logLevel: 'info', tcpTls: false });
});

test.each([
  ['1', true],
  ['true', true],
  ['Yes', true],
  ['0', false],
  ['off', false],
])('an option without a value is given by %s: %s', (value, given) => {
  expect(parsed({ TRIREME_LB_TCP_TLS: value })).toMatchObject({ tcpTls: given });
});

test('what an option cannot have is refused with the name of the variable', () => {
  expect(() => parsed({ TRIREME_LB_SLOTS: '9' })).toThrow(/'9' from env 'TRIREME_LB_SLOTS' is invalid.*from 1 to 8/);
  expect(() => parsed({ TRIREME_LB_TCP_TLS: 'maybe' })).toThrow("TRIREME_LB_TCP_TLS='maybe' is neither 1 nor 0");
});

test('variables that are no options are told, those of Kubernetes for a service of that name are not', () => {
  const env = {
    ...{ TRIREME_LB_SLOT: '1', TRIREME_LB_ATTACH_IFACE: 'eth0', TRIREME_LB_PORT: 'tcp://192.0.2.1:1' },
    ...{ TRIREME_LB_SERVICE_HOST: '192.0.2.1', TRIREME_LB_PORT_1_TCP_ADDR: '192.0.2.1', TRIREME_TOKEN: 'x' },
  };
  expect(bindVariables(role(), 'lb', env)).toEqual(['TRIREME_LB_SLOT']);
});
