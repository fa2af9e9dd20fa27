import { Command } from 'commander';
import { guarded, runRole } from './common/run-role.js';
import { slipsOnly } from './common/suggestions.js';
import { commands, roles } from './roles.js';

function overview(): Command {
  const { version } = require('./common/version.js') as typeof import('./common/version.js');
  const program = new Command('trireme')
    .description('a gRPC distributed job system: packet captures, a job load balancer, and UDP labs in XDP')
    .version(version)
    .showHelpAfterError(`(try 'trireme --help')`)
    .configureOutput({ writeErr: (text) => void process.stderr.write(slipsOnly(text)) })
    .exitOverride();
  for (const [name, role] of Object.entries(roles)) program.command(name).description(role.summary).helpOption(false);
  return program;
}

function addExamples(command: Command, role: string): void {
  const { helpExamples } = require('./help-examples.js') as typeof import('./help-examples.js');
  const examples = helpExamples[role];
  if (examples === undefined) return;
  command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`);
}

async function main(argv: readonly string[]): Promise<void> {
  const name = argv[0] ?? '';
  const role = Object.hasOwn(roles, name) ? roles[name] : undefined;
  if (role === undefined) return guarded(() => overview().parseAsync(argv, { from: 'user' }));
  const build = (): Command => {
    const command = role.load().buildCommand();
    if (argv[1] === '--help' || argv[1] === '-h') addExamples(command, name);
    return command;
  };
  await runRole(name, build, argv.slice(1), commands);
}

/** Resolves when the command is done. */
export const done = main(process.argv.slice(2));
