import type { DnsFigures } from './dns.js';
import { responseCodeName, typeName } from './dns-numbers.js';
import { addressOf } from './events.js';
import type { HttpCounter, HttpFigures } from './http.js';
import { readCalled, type NamesMachine } from './machine.js';
import type { TopRow, TopTable } from './top-table.js';
import type {
  AddressRow,
  DnsCounts,
  DnsFacts,
  HelloRow,
  HttpFacts,
  HttpResponses,
  NamesFacts,
  NameTable,
  ResponseCodeRow,
  TlsFacts,
} from '../names-types.js';

/** Tells what was counted, with so many rows of each table. */
export function namesFacts(machine: NamesMachine, top: number): NamesFacts {
  const { http, addresses, dhcp } = machine;
  const { messages, given, withoutName: without_name, malformed, cut } = dhcp;
  return {
    ...{ dns: dnsFacts(machine, top), tls: tlsFacts(machine, top), http: httpFacts(http, top) },
    dhcp: { messages, given, without_name, malformed, cut },
    addresses: tableOf(addresses, top, calledRow),
  };
}

/** What an address is called most often; of names alike, the one that comes first. */
export function mostCalled({ addresses }: NamesMachine): ReadonlyMap<string, string> {
  const most = new Map<string, { readonly name: string; readonly times: number }>();
  for (const [key, { weight: times }] of addresses.entries()) {
    const { address, name } = readCalled(key);
    const best = most.get(address);
    if (best === undefined || times > best.times || (times === best.times && name < best.name))
      most.set(address, { name, times });
  }
  return new Map([...most].map(([address, { name }]) => [addressOf(address), name]));
}

function calledRow(key: string, { weight }: TopRow): AddressRow {
  const { address, ...called } = readCalled(key);
  return { address: addressOf(address), ...called, times: weight };
}

function tableOf<Row extends TopRow, Told>(
  table: TopTable<Row>,
  top: number,
  tell: (key: string, row: Row) => Told,
): NameTable<Told> {
  return {
    total: table.size,
    rows: table.top(top).map(([key, row]) => tell(key, row)),
    ...(table.floor === 0 ? {} : { unlisted_max: table.floor }),
  };
}

function dnsFacts({ dns, streams }: NamesMachine, top: number): DnsFacts {
  const { all, latencies, names, types, servers } = dns;
  const answers = all.answered + all.unasked;
  return {
    ...countsOf(all),
    answers,
    latency_median_ns: textOf(latencies.quantile(0.5)),
    over_tcp: streams.messages,
    incomplete: streams.started - streams.messages,
    malformed: dns.malformed,
    cut: dns.cut,
    response_codes: dns.codes
      .map((count, code): ResponseCodeRow => ({ code, name: responseCodeName(code), answers: count }))
      .filter((row) => row.answers > 0),
    names: tableOf(names, top, (name, row) => ({ name, ...countsOf(row), ...boundOf(names, row) })),
    types: tableOf(types, top, (type, row) => ({
      type: typeName(Number(type)),
      ...countsOf(row),
      ...boundOf(types, row),
    })),
    servers: tableOf(servers, top, (key, row) => ({
      server: addressOf(key),
      ...countsOf(row),
      ...boundOf(servers, row),
    })),
  };
}

function tlsFacts({ tls, quic }: NamesMachine, top: number): TlsFacts {
  const { started, hellos, malformed, withoutName: without_name } = tls;
  const told = (table: TopTable<TopRow>, nameOf = (key: string): string => key): NameTable<HelloRow> =>
    tableOf(table, top, (key, { weight, before }) => ({
      name: nameOf(key),
      hellos: weight,
      ...(table.floor === 0 ? {} : { hellos_max: weight + before }),
    }));
  return {
    ...{
      hellos,
      over_quic: quic.hellos,
      quic_cut: quic.cut,
      without_name,
      malformed,
      incomplete: started - hellos - malformed,
    },
    names: told(tls.names),
    ja4: told(tls.ja4),
    ja3: told(tls.ja3),
    protocols: told(tls.protocols),
    versions: told(tls.versions, (key) => tlsVersionName(Number(key))),
  };
}

function httpFacts(http: HttpCounter, top: number): HttpFacts {
  const { all, withoutHost: without_host, incomplete, hosts, methods, statuses } = http;
  const requestsOf = (
    table: TopTable<TopRow>,
    { weight, before }: TopRow,
  ): { requests: number; requests_max?: number } => ({
    requests: weight,
    ...(table.floor === 0 ? {} : { requests_max: weight + before }),
  });
  return {
    ...{ requests: all.weight, without_host, incomplete, ...responsesOf(all) },
    hosts: tableOf(hosts, top, (host, row) => ({ host, ...requestsOf(hosts, row), ...responsesOf(row) })),
    methods: tableOf(methods, top, (method, row) => ({ method, ...requestsOf(methods, row) })),
    statuses: tableOf(statuses, top, (status, { weight: responses }) => ({ status, responses })),
  };
}

function responsesOf(figures: HttpFigures): HttpResponses {
  const { responses, informational, success, redirects, clientErrors, serverErrors } = figures;
  return {
    ...{ responses, informational, success, redirects },
    ...{ client_errors: clientErrors, server_errors: serverErrors },
  };
}

const tlsVersions: Readonly<Record<number, string>> = {
  0x0300: 'SSL 3.0',
  0x0301: 'TLS 1.0',
  0x0302: 'TLS 1.1',
  0x0303: 'TLS 1.2',
  0x0304: 'TLS 1.3',
};

const tlsVersionName = (version: number): string =>
  tlsVersions[version] ?? `0x${version.toString(16).padStart(4, '0')}`;

/** Where the table was full: what the row has at most. */
function boundOf({ floor }: { readonly floor: number }, { queries, before }: DnsFigures): { queries_max?: number } {
  return floor === 0 ? {} : { queries_max: queries + before };
}

function countsOf(row: DnsFigures): DnsCounts {
  return {
    queries: row.queries,
    repeated: row.repeated,
    answered: row.answered,
    // A row that went and came again may have an answer whose query went with it.
    unanswered: Math.max(0, row.queries - row.repeated - row.answered),
    answers_without_query: row.unasked,
    no_error: row.noError,
    nx_domain: row.nxDomain,
    serv_fail: row.servFail,
    other_codes: row.otherCodes,
    latency_mean_ns: row.timed === 0 ? null : textOf(Math.floor(row.latencySum / row.timed)),
    latency_max_ns: row.timed === 0 ? null : textOf(row.latencyMost),
  };
}

const textOf = (ns: number | null): string | null => (ns === null ? null : String(ns));
