/** Indexed by job number, 1 where clients may ask for that kind; anything that is no index reads as undefined. */
export type ClientKinds = Uint8Array;

export function clientKindsOf(kinds: readonly { readonly number: number }[]): ClientKinds {
  const table = new Uint8Array(Math.max(0, ...kinds.map((kind) => kind.number)) + 1);
  for (const { number } of kinds) table[number] = 1;
  return table;
}
