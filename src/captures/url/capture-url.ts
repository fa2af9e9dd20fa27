import { TriremeError } from '../../common/errors.js';
import { shownName } from '../file/capture-name.js';

/** Characters of a URL: presigned ones have some 1,500. */
const urlCharactersMax = 8_192;

/** Reads a URL. Throws FILE_UNREADABLE in words that hold nothing secret. */
export function parseCaptureUrl(name: string): URL {
  const refuse = (why: string): TriremeError => new TriremeError('FILE_UNREADABLE', `${shownName(name)}: ${why}`);
  if (name.length > urlCharactersMax) {
    throw new TriremeError(
      'FILE_UNREADABLE',
      `${shownName(name).slice(0, 100)}...: the URL has ${name.length} characters, over ${urlCharactersMax}`,
    );
  }
  let url: URL;
  try {
    url = new URL(name);
  } catch {
    // The error of the parser is not kept as the cause: it quotes the whole URL.
    throw refuse('not a valid URL');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refuse('only http and https are read');
  if (url.username !== '' || url.password !== '') {
    throw refuse('a user and password in a URL are not used; take a presigned URL instead');
  }
  url.hash = '';
  return url;
}
