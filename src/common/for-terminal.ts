/**
 * What a terminal would obey, or what would pass for another text: control characters (C0, DEL, C1), line and paragraph
 * separators, and the characters that change the direction of writing (Unicode's Bidi_Control).
 */
const obeyed = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g; // eslint-disable-line no-control-regex
const obeyedNotNewline = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g; // eslint-disable-line no-control-regex

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escaped = (character: string): string =>
  short[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * Text for one line of a terminal, a table or a log: names and errors come from files and other machines.
 * Escapes are those of JSON, so that a JSON document stays the same document.
 */
export function forTerminal(text: string): string {
  return text.replace(obeyed, escaped);
}

/** The same for text that has lines of its own. */
export function linesForTerminal(text: string): string {
  return text.replace(obeyedNotNewline, escaped);
}

/**
 * A line of a log as JSON, in which only DEL, C1 and the characters of direction are left to escape.
 * @param twice the values are shown as text, not as JSON: escapes in them become text that shows the escape
 */
export function logLineForTerminal(line: string, twice = false): string {
  const safe = linesForTerminal(line);
  if (!twice || !safe.includes('\\')) return safe;
  return safe.replace(/\\(u[0-9a-f]{4}|[^u])/gi, (whole, what: string) =>
    what.startsWith('u') || 'bfnrt'.includes(what) ? `\\\\${what}` : whole,
  );
}

/** Text of at most so many UTF-16 units; a mark stands where the rest was left out. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
