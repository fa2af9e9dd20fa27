import { tokenLengthMax } from '../common/trust/options.js';

/**
 * What was found: not yet a whole line, no AUTH line at all, or a token and where the rest of the last chunk begins.
 */
export type AuthLineFound =
  { readonly found: 'more' } | { readonly found: 'none' } | { readonly found: 'token'; token: string; restAt: number };

const prefix = Buffer.from('AUTH ');
/** The prefix, the longest token, and the line's end in either form. */
const lineBytesMax = prefix.length + tokenLengthMax + 2;
const newline = 0x0a;

/** Reads `AUTH <token>\n` from the start of a connection, whatever the pieces it comes in. Holds at most one line. */
export class AuthLine {
  private bytes = Buffer.alloc(0);

  /** What came so far, up to the bound of a line. */
  get held(): Buffer {
    return this.bytes;
  }

  /** Takes the next chunk. The caller stops at the first answer that is not `more`. */
  push(chunk: Uint8Array): AuthLineFound {
    const before = this.bytes.length;
    const head = chunk.subarray(0, lineBytesMax - before);
    this.bytes = Buffer.concat([this.bytes, head]);
    const known = Math.min(this.bytes.length, prefix.length);
    // A client that sends jobs is told at once, though its first byte is all that has come.
    if (this.bytes.compare(prefix, 0, known, 0, known) !== 0) return { found: 'none' };
    const end = this.bytes.indexOf(newline);
    if (end < 0) return { found: this.bytes.length < lineBytesMax ? 'more' : 'none' };
    const token = this.bytes.toString('latin1', prefix.length, end).replace(/\r$/, '');
    return { found: 'token', token, restAt: end + 1 - before };
  }
}
