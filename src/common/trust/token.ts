import { TriremeError } from '../errors.js';
import { readSmallFile } from '../small-file.js';
import { parseToken, type TokenSource } from './options.js';

/** The token itself. @throws TriremeError FILE_UNREADABLE or USAGE that names the file and never what is in it */
export function readToken(source: TokenSource): string {
  if (source.from === 'text') return source.text;
  let text: string;
  try {
    text = readSmallFile(source.path).toString('utf8');
  } catch (error) {
    throw new TriremeError('FILE_UNREADABLE', `--token-file ${source.path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  try {
    return parseToken(text.trim());
  } catch (error) {
    throw new TriremeError('USAGE', `--token-file ${source.path}: ${(error as Error).message}`, { cause: error });
  }
}

/** What callers without a valid token are told, the same words for none and a wrong one. */
export const tokenWanted = 'a valid token is needed here (--token, --token-file or TRIREME_TOKEN)';

/** The token of an `authorization` header: `Bearer TOKEN`, or the password of `Basic`, which browsers can send. */
export function tokenOfHeader(value: string | undefined): string | null {
  const match = /^(bearer|basic) +(\S+)$/i.exec(value ?? '');
  if (match === null) return null;
  if (match[1].toLowerCase() === 'bearer') return match[2];
  const pair = Buffer.from(match[2], 'base64').toString('latin1');
  const colon = pair.indexOf(':');
  return colon < 0 ? null : pair.slice(colon + 1);
}
