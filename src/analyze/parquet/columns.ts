import { parseAddress } from '../../pcap/endpoint.js';
import { addressOf } from '../files/pairs.js';
import {
  boundColumns,
  furtherOf,
  limitColumns,
  summaryColumns,
  tables,
  type Field,
  type Table,
  type TableName,
} from '../tables.js';
import type { ColumnValues } from './column-values.js';
import type { ColumnElement } from './writer-package.js';

/** A column of a table, as one or several of its Parquet file. */
export interface ParquetColumn {
  readonly elements: readonly ColumnElement[];
  /** Puts the field of a row into the values of these. */
  put(field: Field, into: readonly ColumnValues[]): void;
}

/** What is no count, by name. */
const texts = new Set(
  [
    'file,proto,layer,within,name,type,format,byte_order,compression,repeats,client,error,error_detail',
    'tunnel_a_to_b,tunnel_b_to_a,community_id,server,source,host,method,status',
  ].flatMap((names) => names.split(',')),
);
const flags = new Set(['truncated', 'grew', 'times_in_order', 'client_guessed', 'tunnels_vary']);
const times = /^(first|last|start)_ns/;
/** Rates and shares of the summary, whose rates have digits behind the point. */
const reals = /^(bytes_per_packet|.*_per_(active_)?second|.*_share_kept(_pairs)?)$/;

/**
 * The columns of a table's file. They are the same whatever was asked, so that files of several days can be
 * read together.
 */
export function parquetColumns(name: TableName): ParquetColumn[] {
  const further = furtherOf(name)?.columns ?? [];
  const bounds = name !== 'summary' && (tables[name] as Table).bounded !== undefined ? boundColumns : [];
  const columns = name === 'summary' ? [...summaryColumns, ...limitColumns] : tables[name].columns;
  return ['file', ...columns, ...bounds, ...further].map((column) => columnOf(name, column));
}

function columnOf(table: TableName, name: string): ParquetColumn {
  if (name === 'a' || name === 'b') return endpointColumn(name);
  if (name === 'address') return addressColumn(name);
  if (texts.has(name)) return single({ ...text, name }, (field, into) => into.putText(String(field)));
  if (flags.has(name))
    return single({ ...optional, name, type: 'BOOLEAN' }, (field, into) => into.putFlag(field === true));
  if (table === 'summary' && reals.test(name))
    return single({ ...optional, name, type: 'DOUBLE' }, (field, into) => into.putDouble(Number(field)));
  if (times.test(name)) return single({ ...integer, name, logical_type: instant }, putTime);
  return single({ ...integer, name }, (field, into) => into.putInt64(BigInt(field)));
}

const optional = { repetition_type: 'OPTIONAL' } as const;
const integer = { ...optional, type: 'INT64' } as const;
const instant = { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'NANOS' } as const;
const text = { ...optional, type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;
const address16 = { ...optional, type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16 } as const;

type Present = Exclude<Field, null | undefined>;

function single(element: ColumnElement, put: (field: Present, into: ColumnValues) => void): ParquetColumn {
  return {
    elements: [element],
    put: (field, [into]) => {
      if (field === null || field === undefined) into.putNull();
      else put(field, into);
    },
  };
}

/** Nanoseconds since 1970 in 64 bits are the range of Parquet's time stamps: a time outside of it is left empty. */
function putTime(field: Present, into: ColumnValues): void {
  const ns = BigInt(field);
  if (BigInt.asIntN(64, ns) === ns) into.putInt64(ns);
  else into.putNull();
}

function addressColumn(name: string): ParquetColumn {
  return {
    elements: [
      { ...text, name },
      { ...address16, name: `${name}_bytes` },
    ],
    put: (field, into) => putAddress(String(field), into),
  };
}

function endpointColumn(name: string): ParquetColumn {
  return {
    elements: [...addressColumn(`${name}_address`).elements, { ...optional, name: `${name}_port`, type: 'INT32' }],
    put: (field, into) => {
      const endpoint = String(field);
      putAddress(addressOf(endpoint), into);
      into[2].putInt32(Number(endpoint.slice(endpoint.lastIndexOf(':') + 1)));
    },
  };
}

function putAddress(address: string, [texts, bytes]: readonly ColumnValues[]): void {
  texts.putText(address);
  bytes.putBytes(as16(parseAddress(address)));
}

/** An IPv4 address as an IPv4-mapped one (RFC 4291, 2.5.5.2): so both kinds sort and join in one column. */
function as16(address: Uint8Array): Uint8Array {
  if (address.length === 16) return address;
  const bytes = new Uint8Array(16);
  bytes.fill(0xff, 10, 12);
  bytes.set(address, 12);
  return bytes;
}
