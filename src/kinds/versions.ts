/** Separates the name of a kind from the version that is asked for. */
const separator = '@';

/** A kind as a client names it: `NAME`, or `NAME@VERSION`. A version that is not said is empty. */
export function namedKind(text: string): { name: string; version: string } {
  const at = text.indexOf(separator);
  return at < 0 ? { name: text, version: '' } : { name: text.slice(0, at), version: text.slice(at + 1) };
}

/** A version of a kind for people. */
export function versionedName(name: string, version: string): string {
  return version === '' ? name : `${name}${separator}${version}`;
}

/**
 * Which of two versions is newer: above 0, the first. Runs of digits compare as numbers and all else as text,
 * from left to right, so 1.10 is newer than 1.9; a version is newer than none, and 1.0 than its previews
 * 1.0-rc1, as in Semantic Versioning.
 */
export function compareVersions(one: string, other: string): number {
  if (one === other) return 0;
  if (one === '' || other === '') return one === '' ? -1 : 1;
  const [ones, others] = [partsOf(one), partsOf(other)];
  for (let at = 0; at < Math.max(ones.length, others.length); at++) {
    const [a, b] = [ones[at], others[at]];
    if (a === b) continue;
    if (a === undefined) return b.startsWith('-') ? 1 : -1;
    if (b === undefined) return a.startsWith('-') ? -1 : 1;
    const [x, y] = [Number(a), Number(b)];
    if (!Number.isNaN(x) && !Number.isNaN(y)) {
      if (x !== y) return x - y;
    } else return a < b ? -1 : 1;
  }
  // Such as 1 and 01: alike, but two versions need one order.
  return one < other ? -1 : 1;
}

/** Runs of digits and runs of anything else. */
function partsOf(version: string): readonly string[] {
  return version.match(/\d+|\D+/g) ?? [];
}
