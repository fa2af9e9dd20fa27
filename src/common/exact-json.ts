/** JSON, in which BigInts are strings of all their digits: numbers would be rounded by who reads them. */
export function exactJson(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? each.toString() : each));
}
