/** In each byte of a word: 1, 128, a line feed, a carriage return. */
const ones = 0x01010101;
const tops = 0x80808080;
const lineFeeds = 0x0a0a0a0a;
const carriageReturns = 0x0d0d0d0d;

/** Whether a byte of the word is 0 (H. S. Warren, Hacker's Delight, 6-1). */
const holdsZero = (word: number): boolean => ((word - ones) & ~word & tops) !== 0;

/**
 * Whether bytes[start..end) hold a line feed or a carriage return, either of which ends a line for some reader. Looks at
 * four bytes at a time: this is done for every answer that leaves as a line.
 */
export function holdsLineBreak(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    if (holdsZero(word ^ lineFeeds) || holdsZero(word ^ carriageReturns)) return true;
  }
  for (; at < end; at++) if (bytes[at] === 0x0a || bytes[at] === 0x0d) return true;
  return false;
}
