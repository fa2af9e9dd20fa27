import { forTerminal, shortened } from '../common/for-terminal.js';
import type { FactsEntry } from './entry.js';
import { type Column, type TextStyle, textTable } from './text-table.js';
import { columnsOf, nameForms, valueOf, type NameForm, type NameValue } from '../pcap/name-tables.js';
import type { NamesFacts } from '../pcap/names-types.js';

/**
 * UTF-16 units of a name in text. A row is as wide as the widest name, and one of DNS may have 255 bytes and
 * more; this is more than most names, and than JA3 and JA4, need. JSON, CSV and Parquet have the whole.
 */
const nameLengthMax = 64;

/** A name as text shows it; control characters are shown before it is measured. */
export const shownNameInText = (name: string): string => shortened(forTerminal(name), nameLengthMax);

/** What packets tell of names: what was counted, and the first rows of each table. */
export function nameLines({ names }: FactsEntry, style: TextStyle): string {
  if (names === undefined) return '';
  const measures: Column[] = [{ title: 'measure' }, { title: '', align: 'right' }];
  return [
    `Names\n${textTable(measures, figuresOf(names, style), style.framed)}`,
    ...nameForms.map((form) => tableLines(form, names, style)),
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

function figuresOf({ dns, tls, http, dhcp }: NamesFacts, { units }: TextStyle): [string, string][] {
  const span = (ns: string | null): string => (ns === null ? '-' : units.span(BigInt(ns)));
  return [
    ['DNS queries', units.count(dns.queries)],
    ['  repeated', units.count(dns.repeated)],
    ['  answered', units.count(dns.answered)],
    ['  not answered', units.count(dns.unanswered)],
    ['DNS answers', units.count(dns.answers)],
    ['  without a query', units.count(dns.answers_without_query)],
    ...dns.response_codes.map(({ name, answers }): [string, string] => [`  ${name}`, units.count(answers)]),
    ['DNS latency, median', span(dns.latency_median_ns)],
    ['  mean', span(dns.latency_mean_ns)],
    ['  most', span(dns.latency_max_ns)],
    ['DNS messages over TCP', units.count(dns.over_tcp)],
    ['  not whole', units.count(dns.incomplete)],
    ['DNS messages malformed', units.count(dns.malformed)],
    ['DNS messages cut', units.count(dns.cut)],
    ['ClientHellos of TLS', units.count(tls.hellos)],
    ['  over QUIC', units.count(tls.over_quic)],
    ['  without a name', units.count(tls.without_name)],
    ['ClientHellos malformed', units.count(tls.malformed)],
    ['ClientHellos not whole', units.count(tls.incomplete)],
    ['QUIC packets cut', units.count(tls.quic_cut)],
    ['HTTP requests', units.count(http.requests)],
    ['  without a host', units.count(http.without_host)],
    ['  whose head is not whole', units.count(http.incomplete)],
    ['HTTP responses', units.count(http.responses)],
    ['  success', units.count(http.success)],
    ['  redirects', units.count(http.redirects)],
    ['  client errors', units.count(http.client_errors)],
    ['  server errors', units.count(http.server_errors)],
    ['DHCP messages', units.count(dhcp.messages)],
    ['  addresses given', units.count(dhcp.given)],
    ['    without a name', units.count(dhcp.without_name)],
    ['DHCP messages malformed', units.count(dhcp.malformed)],
    ['DHCP messages cut', units.count(dhcp.cut)],
  ];
}

function tableLines(form: NameForm, names: NamesFacts, { units, framed }: TextStyle): string {
  const { total, rows, unlisted_max: unlisted } = form.table(names);
  if (rows.length === 0) return '';
  const columns = columnsOf(form, names).filter((column) => column.wide !== true);
  const lines = rows.map((row) =>
    columns.map((column) => {
      const value = valueOf(row, column);
      if (value === null || value === undefined) return '-';
      return column.kind === 'count' ? units.count(value as number) : textOf(value, column.kind, units);
    }),
  );
  const titles = columns.map(({ title, kind }): Column => ({ title, align: kind === 'text' ? 'left' : 'right' }));
  const table = `${form.title} (${rows.length} of ${units.count(total)})\n${textTable(titles, lines, framed)}`;
  if (unlisted === undefined) return table;
  return `${table}\nNOTE: this table was full: what is in no row was met ${units.count(unlisted)} times at most`;
}

function textOf(value: NonNullable<NameValue>, kind: 'text' | 'ns', { span }: TextStyle['units']): string {
  return kind === 'ns' ? span(BigInt(value)) : shownNameInText(String(value));
}
