import type { HelloRow, NamesFacts, NameTable, TlsFacts } from './names-types.js';
import type { Count } from './types.js';

/** A column of a table of names, for each form of output. */
export interface NameColumn {
  /** As in JSON. */
  readonly field: string;
  /** For people. */
  readonly title: string;
  /** How its values are told: `ns` are nanoseconds in decimal, or null. */
  readonly kind: 'text' | 'count' | 'ns';
  /** Left out of text, whose lines are short. */
  readonly wide?: true;
}

export type NameTableName =
  | 'dns_names'
  | 'dns_types'
  | 'dns_servers'
  | 'tls_names'
  | 'tls_ja4'
  | 'tls_ja3'
  | 'tls_alpn'
  | 'tls_versions'
  | 'http_hosts'
  | 'http_methods'
  | 'http_statuses'
  | 'addresses';

/** A table of names, for each form of output. */
export interface NameForm {
  /** Of its CSV table. */
  readonly name: NameTableName;
  readonly title: string;
  readonly columns: readonly NameColumn[];
  readonly table: (names: NamesFacts) => NameTable<object>;
}

export type NameValue = Count | string | null | undefined;

const text = (field: string, title = field): NameColumn => ({ field, title, kind: 'text' });
const count = (field: string, title = field): NameColumn => ({ field, title, kind: 'count' });
const wide = (field: string, title: string): NameColumn => ({ ...count(field, title), wide: true });
const ns = (field: string, title: string): NameColumn => ({ field, title, kind: 'ns' });

const dnsColumns = [
  count('queries'),
  wide('repeated', 'repeated'),
  count('answered'),
  count('unanswered'),
  wide('answers_without_query', 'answers without query'),
  wide('no_error', 'no error'),
  count('nx_domain', 'NXDomain'),
  count('serv_fail', 'ServFail'),
  wide('other_codes', 'other codes'),
  ns('latency_mean_ns', 'latency, mean'),
  ns('latency_max_ns', 'latency, most'),
] as const;

const queriesMax = count('queries_max', 'queries at most');

const hellosMax = count('hellos_max', 'hellos at most');
const requestsMax = count('requests_max', 'requests at most');
const bounds: readonly NameColumn[] = [queriesMax, hellosMax, requestsMax];

const responseColumns = [
  count('responses'),
  wide('informational', 'informational'),
  count('success'),
  count('redirects'),
  count('client_errors', 'client errors'),
  count('server_errors', 'server errors'),
] as const;

const hellosOf = (
  name: NameTableName,
  title: string,
  first: string,
  table: (tls: TlsFacts) => NameTable<HelloRow>,
): NameForm => ({
  ...{ name, title, columns: [text('name', first), count('hellos'), hellosMax] },
  table: ({ tls }) => table(tls),
});

/** All tables of names, in the order in which they are told. */
export const nameForms: readonly NameForm[] = [
  {
    name: 'dns_names',
    title: 'DNS names',
    columns: [text('name'), ...dnsColumns, queriesMax],
    table: ({ dns }) => dns.names,
  },
  {
    name: 'dns_types',
    title: 'DNS types',
    columns: [text('type'), ...dnsColumns, queriesMax],
    table: ({ dns }) => dns.types,
  },
  {
    name: 'dns_servers',
    title: 'DNS servers',
    columns: [text('server'), ...dnsColumns, queriesMax],
    table: ({ dns }) => dns.servers,
  },
  hellosOf('tls_names', 'Server names of TLS', 'name', ({ names }) => names),
  hellosOf('tls_ja4', 'Clients of TLS by JA4', 'JA4', ({ ja4 }) => ja4),
  hellosOf('tls_ja3', 'Clients of TLS by JA3', 'JA3', ({ ja3 }) => ja3),
  hellosOf('tls_alpn', 'Protocols that TLS offers', 'ALPN', ({ protocols }) => protocols),
  hellosOf('tls_versions', 'Highest version that TLS offers', 'version', ({ versions }) => versions),
  {
    name: 'http_hosts',
    title: 'Hosts of HTTP',
    columns: [text('host'), count('requests'), ...responseColumns, requestsMax],
    table: ({ http }) => http.hosts,
  },
  {
    name: 'http_methods',
    title: 'Methods of HTTP',
    columns: [text('method'), count('requests'), requestsMax],
    table: ({ http }) => http.methods,
  },
  {
    name: 'http_statuses',
    title: 'Statuses of HTTP',
    columns: [text('status'), count('responses')],
    table: ({ http }) => http.statuses,
  },
  {
    name: 'addresses',
    title: 'What addresses were called',
    columns: [text('address'), text('name'), text('source'), count('times')],
    table: ({ addresses }) => addresses,
  },
];

/** The columns that a table has: bounds are told only where it was full. */
export function columnsOf({ columns, table }: NameForm, names: NamesFacts): readonly NameColumn[] {
  return table(names).unlisted_max === undefined ? columns.filter((column) => !bounds.includes(column)) : columns;
}

export const valueOf = (row: object, { field }: NameColumn): NameValue =>
  (row as Readonly<Record<string, NameValue>>)[field];

/** The same with so many rows of each table at most. */
export function cutNames(names: NamesFacts, rows: number): NamesFacts {
  return cutTables(names, rows) as NamesFacts;
}

function cutTables(facts: object, most: number): object {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]: [string, unknown]) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return [name, value];
      const { rows } = value as { rows?: unknown };
      return [name, Array.isArray(rows) ? { ...value, rows: rows.slice(0, most) } : cutTables(value, most)];
    }),
  );
}
