import { Argument, Command } from 'commander';
import { completionOf, shells, type Shell } from './completions.js';
import { describeCommands } from './describe.js';

/** `trireme completion SHELL` */
export function buildCommand(): Command {
  return new Command()
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(shells))
    .action((shell: Shell) => void process.stdout.write(completionOf(shell, describeCommands())));
}
