/**
 * Takes out of a parser's error every suggestion that is another word than the one that was written: its own
 * measure takes --port for --sort and --write for --wait, which do something else. What is left is a slip of
 * the keyboard.
 */
export function slipsOnly(text: string): string {
  const written = /^error: unknown (?:option|command) '-{0,2}([^'=]+)/.exec(text)?.[1];
  if (written === undefined) return text;
  return text.replace(/\n\(Did you mean (?:one of )?([^)]+)\?\)/, (_all, words: string) => {
    const kept = words.split(', ').filter((word) => isSlip(written, word.replace(/^--/, '')));
    if (kept.length === 0) return '';
    return `\n(Did you mean ${kept.length > 1 ? 'one of ' : ''}${kept.join(', ')}?)`;
  });
}

/**
 * Whether one letter too many, too few, wrong or swapped with the next makes one word of the other; the first is right.
 */
export function isSlip(written: string, meant: string): boolean {
  if (written[0] !== meant[0]) return false;
  let same = 0;
  while (same < written.length && written[same] === meant[same]) same++;
  const [x, y] = [written.slice(same), meant.slice(same)];
  const swapped = x.length > 1 && y.length > 1 && x[0] === y[1] && x[1] === y[0] && x.slice(2) === y.slice(2);
  return swapped || x.slice(1) === y.slice(1) || x.slice(1) === y || x === y.slice(1);
}
