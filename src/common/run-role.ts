import { CommanderError, type Command } from 'commander';
import { addConfigOption } from './config-option.js';
import type { Commands } from './config-settings.js';
import { reportFailure } from './errors.js';
import { forTerminal, linesForTerminal } from './for-terminal.js';
import { bindVariables, variableOf } from './option-variables.js';
import { endWithOutput } from './output-closed.js';
import { slipsOnly } from './suggestions.js';

/** Runs a role's command with the arguments behind the role's name, and sets the exit code. Never rejects. */
export async function runRole(
  name: string,
  build: () => Command,
  argv: readonly string[],
  roles: Commands,
): Promise<void> {
  let command: Command | undefined;
  const run = (): Promise<unknown> => {
    command = addConfigOption(build(), name, roles)
      .name(`trireme ${name}`)
      .configureOutput({ writeErr: (text) => void process.stderr.write(linesForTerminal(slipsOnly(text))) })
      .exitOverride();
    for (const unknown of bindVariables(command, name))
      process.stderr.write(`trireme: ${forTerminal(unknown)} is no option of trireme ${name}, and is ignored\n`);
    if (argv[0] === '--help' || argv[0] === '-h') addVariables(command, name);
    return command.parseAsync(argv, { from: 'user' });
  };
  // A variable or a file may have asked for it, too.
  await guarded(run, () => command?.opts<{ verbose?: boolean }>().verbose === true);
}

/** Tells how options are called in the environment, by one of them. */
function addVariables(command: Command, role: string): void {
  const [option] = command.options;
  if (option === undefined) return;
  const [name, variable] = [option.name(), variableOf(role, option.name())];
  command.addHelpText(
    'after',
    `\nVariables:\n  Options can be given by variables and by --config too: --${name} is ${variable}, and in the file ${name}.`,
  );
}

/** Runs a command; what it throws becomes one line on stderr and the exit code. */
export async function guarded(run: () => Promise<unknown>, isVerbose = (): boolean => false): Promise<void> {
  endWithOutput();
  try {
    await run();
  } catch (error) {
    if (error instanceof CommanderError) {
      // commander has already written its message; help and version are no failures.
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    process.exitCode = reportFailure(error, isVerbose() || process.argv.includes('--verbose'));
  }
}
