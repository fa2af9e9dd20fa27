/** A message with these fields, the others at their defaults. */
export function filled<T extends object>(of: { decode(bytes: Uint8Array): T }, fields: Partial<T> = {}): T {
  return Object.assign(of.decode(new Uint8Array(0)), fields);
}
