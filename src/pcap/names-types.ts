import type { Count } from './types.js';

/** Queries and answers of one name, type or server, or of all. */
export interface DnsCounts {
  /** Messages that ask, repeated ones included. */
  readonly queries: Count;
  /** Asked again, with the same id between the same ports, before an answer came. */
  readonly repeated: Count;
  /** Queries, without repeated ones, that an answer was captured to. */
  readonly answered: Count;
  readonly unanswered: Count;
  /** Answers to no query that was captured. */
  readonly answers_without_query: Count;
  /** Of all answers, by their response code. */
  readonly no_error: Count;
  readonly nx_domain: Count;
  readonly serv_fail: Count;
  readonly other_codes: Count;
  /** From the query to its answer; null: no answer has such a time. */
  readonly latency_mean_ns: string | null;
  readonly latency_max_ns: string | null;
}

/** Only where the table was full: what the row may have had before it was taken in is in it. */
interface Bounded {
  readonly queries_max?: Count;
}

export interface DnsNameRow extends DnsCounts, Bounded {
  readonly name: string;
}

export interface DnsTypeRow extends DnsCounts, Bounded {
  /** Its name, or TYPE and its number. */
  readonly type: string;
}

export interface DnsServerRow extends DnsCounts, Bounded {
  readonly server: string;
}

/** Rows of a table, those with the most first. */
export interface NameTable<Row> {
  /** Of all rows that are held; where the table was full this is not how many there were. */
  readonly total: number;
  readonly rows: readonly Row[];
  /** Only where the table was full: no key without a row was met more often. */
  readonly unlisted_max?: Count;
}

export interface ResponseCodeRow {
  readonly code: number;
  readonly name: string;
  readonly answers: Count;
}

export interface DnsFacts extends DnsCounts {
  readonly answers: Count;
  /** Half of the answers took no longer; within 1/64. */
  readonly latency_median_ns: string | null;
  /** Messages that came over TCP, and those that began there and whose rest was not found. */
  readonly over_tcp: Count;
  readonly incomplete: Count;
  /** Messages that contradict the format. */
  readonly malformed: Count;
  /** Messages of which the capture has not all that is read. */
  readonly cut: Count;
  readonly response_codes: readonly ResponseCodeRow[];
  readonly names: NameTable<DnsNameRow>;
  readonly types: NameTable<DnsTypeRow>;
  readonly servers: NameTable<DnsServerRow>;
}

/** ClientHellos of one name, fingerprint, protocol or version. */
export interface HelloRow {
  readonly name: string;
  readonly hellos: Count;
  /** Only where the table was full. */
  readonly hellos_max?: Count;
}

/** ClientHellos of TLS over TCP and of QUIC. */
export interface TlsFacts {
  readonly hellos: Count;
  readonly over_quic: Count;
  /** Initial packets of QUIC that were not captured whole, so that nothing of them can be read. */
  readonly quic_cut: Count;
  readonly without_name: Count;
  /** Those that contradict the format, and those whose rest was not captured. */
  readonly malformed: Count;
  readonly incomplete: Count;
  /** By the name of the server that they ask for (SNI). */
  readonly names: NameTable<HelloRow>;
  readonly ja4: NameTable<HelloRow>;
  readonly ja3: NameTable<HelloRow>;
  /** By each protocol that they offer (ALPN). */
  readonly protocols: NameTable<HelloRow>;
  /** By the highest version that they offer. */
  readonly versions: NameTable<HelloRow>;
}

/** Responses of HTTP, by the first digit of their status. */
export interface HttpResponses {
  readonly responses: Count;
  readonly informational: Count;
  readonly success: Count;
  readonly redirects: Count;
  readonly client_errors: Count;
  readonly server_errors: Count;
}

export interface HttpHostRow extends HttpResponses {
  /** As requests have it (Host), in lower case. */
  readonly host: string;
  readonly requests: Count;
  /** Only where the table was full. */
  readonly requests_max?: Count;
}

export interface HttpMethodRow {
  readonly method: string;
  readonly requests: Count;
  readonly requests_max?: Count;
}

export interface HttpStatusRow {
  /** Its three digits. */
  readonly status: string;
  readonly responses: Count;
}

/** Requests and responses of HTTP/1 over TCP. */
export interface HttpFacts extends HttpResponses {
  readonly requests: Count;
  readonly without_host: Count;
  /** Requests whose head goes on behind what was read of it, without a host so far. */
  readonly incomplete: Count;
  readonly hosts: NameTable<HttpHostRow>;
  readonly methods: NameTable<HttpMethodRow>;
  readonly statuses: NameTable<HttpStatusRow>;
}

/** Messages of DHCP. */
export interface DhcpFacts {
  readonly messages: Count;
  /** Acknowledgements with an address, and those of them to which no name is known. */
  readonly given: Count;
  readonly without_name: Count;
  readonly malformed: Count;
  readonly cut: Count;
}

/** What an address was called. */
export interface AddressRow {
  readonly address: string;
  readonly name: string;
  /**
   * How it is known: an answer of DNS, a ClientHello or a request that was sent there, the name of a client of DHCP.
   */
  readonly source: 'dns' | 'tls' | 'http' | 'dhcp';
  readonly times: Count;
}

/** What packets tell of names. */
export interface NamesFacts {
  readonly dns: DnsFacts;
  readonly tls: TlsFacts;
  readonly http: HttpFacts;
  readonly dhcp: DhcpFacts;
  /** Each address with each name that it was called, the most frequent first. */
  readonly addresses: NameTable<AddressRow>;
}
