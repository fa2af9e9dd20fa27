import { PackedRows } from './rows/packed-rows.js';

/**
 * The one JSON form of reports: two blanks of indent, keys in the order of the object, integers above 2^53 written out
 * exactly. The same report always gives the same bytes.
 */
export function toCanonicalJson(value: unknown): string {
  return `${valueJson(value, '')}\n`;
}

/** The same for a value within a document, whose further lines begin with `indent`. */
export function valueJson(value: unknown, indent: string): string {
  if (value instanceof PackedRows) return valueJson([...(value as Iterable<unknown>)], indent);
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((entry) => `${inner}${valueJson(entry, inner)}`)
    : Object.entries(value)
        .filter(([, entry]) => entry !== undefined)
        .map(([key, entry]) => `${inner}${JSON.stringify(key)}: ${valueJson(entry, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return parts.length === 0 ? `${open}${close}` : `${open}\n${parts.join(',\n')}\n${indent}${close}`;
}
