import { forTerminal } from '../common/for-terminal.js';

/** Writes notes on standard error, unless they are not wanted (`--quiet`). */
export function noteUnless(quiet: boolean | undefined): (text: string) => void {
  return (text) => {
    if (quiet !== true) process.stderr.write(`trireme: ${forTerminal(text)}\n`);
  };
}
