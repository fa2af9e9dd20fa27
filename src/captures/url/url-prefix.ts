import { TriremeError } from '../../common/errors.js';
import { isUrl, shownName } from '../file/capture-name.js';
import { doubtOf } from './path-doubt.js';

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
    const refuse = (why: string): TriremeError => new TriremeError('USAGE', `--allow-url '${shownName(text)}': ${why}`);
    let url: URL;
    try {
      url = new URL(text);
    } catch {
      throw refuse('not a URL such as https://store.example/captures/');
    }
    if (!isUrl(text)) throw refuse('only http:// and https:// can be allowed');
    if (url.username !== '' || url.password !== '') throw refuse('a prefix has no user');
    if (/[?#]/.test(text)) throw refuse('a prefix has no query and no fragment');
    const doubt = doubtOf(url.pathname);
    if (doubt !== null) throw refuse(doubt);
    return new UrlPrefix(text, url.origin, url.pathname);
  }

  allows(url: URL): boolean {
    if (url.origin !== this.origin || url.username !== '' || url.password !== '') return false;
    if (doubtOf(url.pathname) !== null) return false;
    if (url.pathname === this.path) return true;
    return url.pathname.startsWith(this.path.endsWith('/') ? this.path : `${this.path}/`);
  }
}

/** For an error about a URL that is not allowed: what is wrong with its path beside where it is, or nothing. */
export function doubtNote(url: URL): string {
  const doubt = doubtOf(url.pathname);
  return doubt === null ? '' : `: ${doubt}`;
}

/** Collects the values of a repeatable `--allow-url`. */
export function urlPrefixes(text: string, before: UrlPrefix[] | undefined): UrlPrefix[] {
  return [...(before ?? []), UrlPrefix.parse(text)];
}
