import { CommanderError, type Command } from 'commander';
import { reportFailure } from './errors.js';
import { linesForTerminal } from './for-terminal.js';
import { endWithOutput } from './output-closed.js';

/** Runs a role's command with the arguments behind the role's name, and sets the exit code. Never rejects. */
export async function runRole(name: string, build: () => Command, argv: readonly string[]): Promise<void> {
  await guarded(() =>
    build()
      .name(`trireme ${name}`)
      .configureOutput({ writeErr: (text) => void process.stderr.write(linesForTerminal(text)) })
      .exitOverride()
      .parseAsync(argv, { from: 'user' }),
  );
}

/** Runs a command; what it throws becomes one line on stderr and the exit code. */
export async function guarded(run: () => Promise<unknown>): Promise<void> {
  endWithOutput();
  try {
    await run();
  } catch (error) {
    if (error instanceof CommanderError) {
      // commander has already written its message; help and version are no failures.
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    process.exitCode = reportFailure(error, process.argv.includes('--verbose'));
  }
}
