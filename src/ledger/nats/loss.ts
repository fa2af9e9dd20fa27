/** What a stream says of itself. */
export interface StreamFacts {
  /** When it was made. */
  readonly created: string;
  /** Number of its last message; it only grows, unless what was acknowledged was lost. */
  readonly lastSeq: number;
}

/** What streams have lost between two looks at them, in words; null: nothing that can be seen. */
export function lossBetween(
  before: ReadonlyMap<string, StreamFacts>,
  now: ReadonlyMap<string, StreamFacts>,
): string | null {
  for (const [name, { created, lastSeq }] of now) {
    const known = before.get(name);
    if (known === undefined) continue;
    if (known.created !== created) return `${name} was removed and made anew`;
    if (lastSeq < known.lastSeq) return `${name} ends at message ${lastSeq}, and had ${known.lastSeq}`;
  }
  return null;
}
