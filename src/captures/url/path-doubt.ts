/** Times that a path may be percent-encoded: a server decodes it once or twice, nobody who means well more often. */
const decodingsMax = 4;

/** Percent-encoded bytes next to each other: together they are one piece of UTF-8. */
const encodedBytes = /(?:%[0-9a-f]{2})+/gi;
/** Slashes, and what some file systems take for them where they convert names (best fit). */
const slashes = /[/\\\u2044\u2215\u2216\u29f5\u29f8\u29f9]/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Says why a URL's path (as the URL parser gives it) may lead elsewhere on some server; null: all servers
 * read it alike, as far as folders go. Servers differ in what they decode, how often, and what they drop
 * before they look for '..': encoded slashes and backslashes, path parameters (`..;/`, RFC 3986 3.3),
 * overlong UTF-8 (RFC 3629 10), `%u002e`, full-width forms, and what stands behind a NUL, `?` or `#` that was
 * encoded.
 */
export function doubtOf(path: string): string | null {
  let plain = path;
  for (let times = 0; ; times++) {
    const found = doubtOfReading(plain);
    if (found !== null) return found;
    let decoded: string;
    try {
      decoded = decode(plain);
    } catch {
      return 'its path holds encoded bytes that are not UTF-8';
    }
    if (decoded === plain) return null;
    if (times === decodingsMax) return `its path is percent-encoded more than ${decodingsMax} times over`;
    plain = decoded;
  }
}

/** @throws TypeError for bytes that are not UTF-8, overlong forms among them */
function decode(path: string): string {
  return path
    .replace(/%u([0-9a-f]{4})/gi, (_whole, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    .replace(encodedBytes, (bytes) => utf8.decode(Buffer.from(bytes.replaceAll('%', ''), 'hex')));
}

function doubtOfReading(path: string): string | null {
  // Full-width dots and slashes become plain ones where names are normalised (Unicode NFKC).
  for (const reading of [path, path.normalize('NFKC')]) {
    // eslint-disable-next-line no-control-regex
    if (/[\u0000-\u001f\u007f-\u009f]/.test(reading)) return 'its path holds control characters';
    for (const segment of reading.split(slashes)) {
      const name = segment.replace(/[;?#].*$/s, '').replace(/\s/g, '');
      if (/^\.{2,}$/.test(name)) return `its path climbs: '${segment.slice(0, 40)}' is '..' to some servers`;
    }
  }
  return null;
}
