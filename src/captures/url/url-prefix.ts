import { TriremeError } from '../../common/errors.js';
import { isUrl } from '../capture-name.js';

/**
 * What URLs a process may read: those with this scheme, host and port whose path is the prefix's or below it. Compared
 * as parsed URLs, because `https://store.example.evil.org` and `https://store.example@evil.org` begin with
 * `https://store.example` too.
 */
export class UrlPrefix {
  private constructor(
    /** As the operator wrote it. */
    readonly text: string,
    private readonly origin: string,
    private readonly path: string,
  ) {}

  /** Throws USAGE for what is no prefix. */
  static parse(text: string): UrlPrefix {
    const refuse = (why: string): TriremeError => new TriremeError('USAGE', `--allow-url '${text}': ${why}`);
    let url: URL;
    try {
      url = new URL(text);
    } catch {
      throw refuse('not a URL such as https://store.example/captures/');
    }
    if (!isUrl(text)) throw refuse('only http:// and https:// can be allowed');
    if (url.username !== '' || url.password !== '') throw refuse('a prefix has no user');
    if (/[?#]/.test(text)) throw refuse('a prefix has no query and no fragment');
    return new UrlPrefix(text, url.origin, url.pathname);
  }

  allows(url: URL): boolean {
    if (url.origin !== this.origin || url.username !== '' || url.password !== '') return false;
    // Servers differ in whether they decode a slash before they look for '..': such a path could leave the prefix.
    if (climbs(url.pathname)) return false;
    if (url.pathname === this.path) return true;
    return url.pathname.startsWith(this.path.endsWith('/') ? this.path : `${this.path}/`);
  }
}

/** Collects the values of a repeatable `--allow-url`. */
export function urlPrefixes(text: string, before: UrlPrefix[] | undefined): UrlPrefix[] {
  return [...(before ?? []), UrlPrefix.parse(text)];
}

/** The parser has resolved plain dots; those behind an encoded slash or backslash, encoded any number of times, are left. */
function climbs(path: string): boolean {
  let plain = path;
  for (let before = ''; before !== plain;) {
    before = plain;
    plain = plain.replace(/%25/g, '%').replace(/%2e/gi, '.').replace(/%2f/gi, '/').replace(/%5c/gi, '/');
  }
  return plain.split('/').includes('..');
}
