import { reportFailure, TriremeError } from './errors.js';

let closed = false;

/**
 * A reader of standard output that has seen enough (`| head`) ends a command quietly, as SIGPIPE would; what listens to
 * SIGTERM cleans up first. Any other failure to write is an error.
 */
function onOutputError(error: NodeJS.ErrnoException): void {
  // Each further write fails as well.
  if (closed) return;
  closed = true;
  if (error.code !== 'EPIPE') {
    const failure = new TriremeError('FILE_UNWRITABLE', `standard output: ${error.message}`, { cause: error });
    process.exitCode = reportFailure(failure, process.argv.includes('--verbose'));
  }
  if (!process.emit('SIGTERM', 'SIGTERM')) process.exit();
}

/**
 * Asked once, before a command runs: without it such a failure ends the process with a stack and nothing cleaned up.
 */
export function endWithOutput(): void {
  process.stdout.on('error', onOutputError);
  // What nobody reads on stderr is lost; the work goes on.
  process.stderr.on('error', () => undefined);
}

/** For a command that looks after its output itself. */
export function outliveOutput(): void {
  process.stdout.off('error', onOutputError);
}
