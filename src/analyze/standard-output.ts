import { linesForTerminal } from '../common/for-terminal.js';
import { outliveOutput } from '../common/output-closed.js';

/** Characters gathered before a write: one write a row would cost more than making the row. */
const pieceCharacters = 64 * 1024;

let listening = false;
let gone = false;
let failure: Error | null = null;

function listen(): void {
  if (listening) return;
  listening = true;
  outliveOutput();
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') gone = true;
    else failure = error;
  });
}

/**
 * Writes a document on standard output, as fast as its reader takes it. A reader that has seen enough (`| head`) is no
 * failure: the rest is not written. Rejects on every other error.
 */
export async function writeOut(document: Iterable<string | Uint8Array>): Promise<void> {
  listen();
  let held = '';
  for (const piece of document) {
    if (gone || failure !== null) break;
    if (typeof piece === 'string') held += piece;
    if (typeof piece === 'string' && held.length < pieceCharacters) continue;
    if (held !== '') await written(held);
    held = '';
    if (typeof piece !== 'string') await written(piece);
  }
  if (held !== '') await written(held);
  if (failure !== null) throw failure;
}

function written(text: string | Uint8Array): Promise<void> {
  // An error reaches the listener above as well; here it only ends the wait.
  const shown =
    process.stdout.isTTY === true
      ? linesForTerminal(typeof text === 'string' ? text : Buffer.from(text).toString())
      : text;
  return new Promise((resolve) => process.stdout.write(shown, () => resolve()));
}
