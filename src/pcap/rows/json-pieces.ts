import { PackedRows, type RowKind } from './packed-rows.js';
import { boundedEndpointFields, endpointFields, rowFields, type RowTemplate, type RowWriter } from './row-writer.js';

const { proto, a, b, packets, bytes, packets_a_to_b, bytes_a_to_b, packets_b_to_a, bytes_b_to_a } = rowFields;
const {
  bits_per_second,
  first_ns,
  last_ns,
  first_ns_a_to_b,
  last_ns_a_to_b,
  first_ns_b_to_a,
  last_ns_b_to_a,
  packets_max,
  bytes_max,
} = rowFields;

const conversations = {
  proto,
  a,
  b,
  packets,
  bytes,
  packets_a_to_b,
  bytes_a_to_b,
  packets_b_to_a,
  bytes_b_to_a,
  first_ns,
  last_ns,
  bits_per_second,
};

/** Fields of each kind of row, in the order of the objects. */
const fieldsOf: Readonly<Record<RowKind, Readonly<Record<string, number>>>> = {
  conversations,
  boundedConversations: { ...conversations, packets_max, bytes_max },
  times: { first_ns_a_to_b, last_ns_a_to_b, first_ns_b_to_a, last_ns_b_to_a },
  endpoints: endpointFields,
  boundedEndpoints: boundedEndpointFields,
};

const texts: readonly number[] = [proto, a, b, endpointFields.address];

/** Levels of a document that are told field by field, lest one text becomes longer than a text may be. */
const levelsApart = 3;
/** And so are arrays of so many rows, wherever they stand. */
const rowsApartMin = 10_000;

/** The same bytes as toCanonicalJson, in pieces: long tables never are one text. */
export function* jsonPieces(value: unknown, writer: () => RowWriter): Generator<string | Uint8Array> {
  yield* pieces(value, '', levelsApart, writer);
  yield '\n';
}

function* pieces(
  value: unknown,
  indent: string,
  levels: number,
  writer: () => RowWriter,
): Generator<string | Uint8Array> {
  if (value instanceof PackedRows && value.length > 0) {
    yield* packedPieces(value, indent, writer());
    return;
  }
  const apart = levels > 0 || (Array.isArray(value) && value.length >= rowsApartMin);
  const parts = apart && value !== null && typeof value === 'object' ? fieldsIn(value) : [];
  if (parts.length === 0) {
    yield valueJson(value, indent);
    return;
  }
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  let before = `${open}\n`;
  for (const [name, part] of parts) {
    yield `${before}${inner}${name}`;
    yield* pieces(part, inner, levels - 1, writer);
    before = ',\n';
  }
  yield `\n${indent}${close}`;
}

function fieldsIn(value: object): [string, unknown][] {
  if (Array.isArray(value)) return value.map((part: unknown) => ['', part]);
  if (value instanceof PackedRows) return [];
  return Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .map(([name, part]) => [`${JSON.stringify(name)}: `, part]);
}

function* packedPieces(rows: PackedRows<unknown>, indent: string, writer: RowWriter): Generator<string | Uint8Array> {
  let first = true;
  yield '[';
  for (const piece of writer.write(rows, jsonTemplate(rows.kind, `${indent}  `))) {
    // The comma before the first row.
    yield first ? piece.subarray(1) : piece;
    first = false;
  }
  yield `\n${indent}]`;
}

function jsonTemplate(kind: RowKind, indent: string): RowTemplate {
  const parts: (string | number)[] = [];
  let before = `,\n${indent}{\n`;
  for (const [name, field] of Object.entries(fieldsOf[kind])) {
    const quote = texts.includes(field) ? '"' : '';
    parts.push(`${before}${indent}  ${JSON.stringify(name)}: ${quote}`, field);
    before = `${quote},\n`;
  }
  const lastIsText = texts.includes(Object.values(fieldsOf[kind]).at(-1)!);
  parts.push(`${lastIsText ? '"' : ''}\n${indent}}`);
  return { parts, timesQuoted: true };
}

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
