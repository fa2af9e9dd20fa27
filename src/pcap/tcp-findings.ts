import { shortTime } from '../common/time-text.js';
import type { TcpDirection, TcpFinding, TcpHealth, TcpTotals } from './tcp-types.js';
import type { Count } from './types.js';

// What is unusual about the TCP of a capture, in words, each with its figures and a filter that extracts its packets.

/** What stands above findings that have filters, which see no IP behind a VLAN tag; a report does not know of tags. */
export const howToExtract = 'For trireme extract; where packets have VLAN tags, add --filter-tags transparent:';

/** A conversation with trouble. */
export interface Troubled {
  readonly a: string;
  readonly b: string;
  readonly packets_a_to_b: number;
  readonly packets_b_to_a: number;
  readonly health: TcpHealth;
}

/** Clients that tried in vain, or endpoints that were: how many, the sum of their sizes, and the largest. */
export interface FailedEnds {
  readonly all: number;
  readonly sum: number;
  /** Size: endpoints that a client tried, attempts that came to an endpoint. */
  readonly named: readonly {
    readonly end: string;
    readonly size: number;
    readonly refused: number;
    readonly unanswered: number;
  }[];
}

/** Attempts that came to nothing, by who asked and by which endpoint refused or did not answer. */
export interface FailedAttempts {
  readonly clients: FailedEnds;
  readonly refused: FailedEnds;
  readonly unanswered: FailedEnds;
}

export interface Trouble {
  readonly resent: readonly Troubled[];
  readonly stopped: readonly Troubled[];
  readonly torn: readonly Troubled[];
  readonly slow: readonly Troubled[];
  /** Null: there are too many to sort them out. */
  readonly failed: FailedAttempts | null;
}

/** Conversations with failed attempts that are sorted out by server and client: 132 bytes each while that lasts. */
export const failedAttemptsMax = 1_000_000;
/** Of a direction's packets: what was sent again is told from here, which a clean path stays far below. */
const resentShareMin = 0.01;
const resentMin = 5;
/** Of all segments: a mirror that copies both directions of a port repeats half of them, a clean path next to none. */
const repeatedShareMin = 0.05;
/** Endpoints that one client tried in vain: a browser tries a few, who looks for open ports tries many. */
const triedMin = 10;
/** A SYN that is lost is sent again after one second (RFC 6298). */
const slowNsMin = 1_000_000_000n;

type Sums = Omit<TcpTotals, 'findings'>;

export function findingsOf(
  sums: Sums,
  trouble: Trouble,
  concentration: TcpFinding | null,
  inner: boolean,
): TcpFinding[] {
  const found = [
    ...cut(sums),
    ...failures(trouble.failed, sums),
    ...(concentration === null ? [] : [concentration]),
    ...trouble.resent.flatMap(resentBy),
    ...trouble.stopped.map(stopped),
    ...gaps(sums, trouble.torn),
    ...trouble.slow.filter(({ health }) => BigInt(health.round_trip_max_ns!) >= slowNsMin).map(slow),
    ...repeats(sums),
  ];
  // Filters see the outer headers alone.
  return inner ? found.map((finding) => ({ ...finding, filter: null })) : found;
}

/** With a comma before each three digits. Intl would do so as well, and takes 20 ms for the first number. */
export const words = (count: Count): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');
export const plural = (count: Count, one: string, many = `${one}s`): string =>
  `${words(count)} ${count === 1 ? one : many}`;
export const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;

/** What could not be judged. */
function cut({ packets_without_flags: flagless, packets_without_window: windowless }: Sums): TcpFinding[] {
  const told = (packets: Count, text: string): TcpFinding[] =>
    packets === 0
      ? []
      : [{ kind: 'cut', text: `${plural(packets, 'TCP packet')} ${was(packets)} ${text}`, filter: null }];
  return [
    ...told(flagless, 'cut before the flags: nothing here is about them, and what follows them may seem a gap'),
    ...told(windowless, 'cut before the window: whether it was zero is not known'),
  ];
}

function failures(failed: Trouble['failed'], sums: Sums): TcpFinding[] {
  const all = Number(sums.refused) + Number(sums.unanswered);
  if (all === 0) return [];
  if (failed === null)
    return [
      {
        kind: 'failed',
        text: `${plural(sums.refused, 'connection')} were refused and ${words(sums.unanswered)} not answered, to more than can be named`,
        filter: 'tcp[tcpflags] & (tcp-syn|tcp-rst) != 0',
      },
    ];
  return [
    ...byClient(failed.clients),
    ...byServer(
      failed.refused,
      'refused',
      (count, server) => `${plural(count, 'connection')} to ${server} ${was(count)} refused`,
    ),
    ...byServer(
      failed.unanswered,
      'unanswered',
      (count, server) => `${plural(count, 'attempt')} to connect to ${server} ${was(count)} not answered`,
    ),
  ];
}

const was = (count: Count): string => (count === 1 ? 'was' : 'were');

function byServer(
  { all, sum, named }: FailedEnds,
  kind: 'refused' | 'unanswered',
  say: (count: number, server: string) => string,
): TcpFinding[] {
  const rest = named.reduce((left, { size }) => left - size, sum);
  const others = all - named.length;
  return named.map(({ end, size }, i) => ({
    kind,
    text:
      say(size, end) +
      (i === named.length - 1 && others > 0 ? `, and ${words(rest)} to ${plural(others, 'other endpoint')}` : ''),
    filter: `tcp and ${endFilter(end)}`,
  }));
}

/** Who tried many endpoints in vain. */
function byClient({ named }: FailedEnds): TcpFinding[] {
  return named
    .filter(({ size }) => size >= triedMin)
    .map(({ end, size, refused, unanswered }) => ({
      kind: 'tried',
      text: `${end} tried ${plural(size, 'endpoint')} in vain: ${words(refused)} refused, ${words(unanswered)} did not answer`,
      filter: `tcp and host ${end}`,
    }));
}

/** What extracts the packets of a finding, as options of `trireme extract`; empty: nothing does. */
export function extractOptions({ filter, after_ns: after, before_ns: before }: TcpFinding): string {
  const options = [
    ...(filter === null ? [] : [`--filter '${filter}'`]),
    ...(after === undefined ? [] : [`--after ${shortTime(after)}`]),
    ...(before === undefined ? [] : [`--before ${shortTime(before)}`]),
  ];
  return options.join(' ');
}

/**
 * Segments of a direction that were sent again: old ones but those that came out of order and those that a
 * mirror repeated. A repeated one may be out of order as well, so that both together may be more.
 */
export function sentAgain({
  old_segments,
  out_of_order,
  repeated_old_segments,
}: Pick<TcpDirection, 'old_segments' | 'out_of_order' | 'repeated_old_segments'>): number {
  return Math.max(0, Number(old_segments) - Number(out_of_order) - Number(repeated_old_segments));
}

function resentBy({ a, b, packets_a_to_b, packets_b_to_a, health }: Troubled): TcpFinding[] {
  const way = (from: string, to: string, packets: number, counts: TcpDirection): TcpFinding[] => {
    const again = sentAgain(counts);
    if (again < resentMin || again < packets * resentShareMin) return [];
    const fast = Number(counts.fast_retransmissions);
    const spurious = Number(counts.spurious_retransmissions);
    return [
      {
        kind: 'resent',
        text:
          `${from} sent ${plural(again, 'segment')} again to ${to}, ${percent(again, packets)} of its packets ` +
          `(${words(fast)} after duplicate ACKs, ${words(spurious)} that had arrived)`,
        filter: pairFilter(from, to),
      },
    ];
  };
  return [...way(a, b, packets_a_to_b, health.a_to_b), ...way(b, a, packets_b_to_a, health.b_to_a)];
}

function stopped({ a, b, health }: Troubled): TcpFinding {
  const [one, other] = [Number(health.a_to_b.zero_windows), Number(health.b_to_a.zero_windows)];
  const [from, to, count] = one >= other ? [a, b, one] : [b, a, other];
  return {
    kind: 'zero-window',
    text: `${from} had no room for what ${to} sends ${plural(count, 'time')} (window of zero)`,
    filter: pairFilter(a, b),
  };
}

function gaps(sums: Sums, torn: readonly Troubled[]): TcpFinding[] {
  if (sums.gaps === 0 && sums.acked_unseen === 0) return [];
  const all: TcpFinding = {
    kind: 'gaps',
    text:
      `The capture does not hold all that was sent: ${plural(sums.gaps, 'gap')} of ${plural(sums.gap_bytes, 'byte')}, ` +
      `and ${plural(sums.acked_unseen, 'ACK')} of what it does not hold`,
    filter: null,
  };
  const most = torn.map(({ a, b, health }): TcpFinding => {
    const [one, other] = [Number(health.a_to_b.gaps), Number(health.b_to_a.gaps)];
    const [from, to, count, bytes] =
      one >= other ? [a, b, one, health.a_to_b.gap_bytes] : [b, a, other, health.b_to_a.gap_bytes];
    return {
      kind: 'gaps',
      text: `${plural(count, 'gap')} of ${plural(bytes, 'byte')} in what ${from} sent to ${to}`,
      filter: pairFilter(a, b),
    };
  });
  return [all, ...most];
}

function slow({ a, b, health }: Troubled): TcpFinding {
  const [client, server] = health.client === 'a' ? [a, b] : [b, a];
  const seconds = (Number(health.round_trip_max_ns) / 1e9).toFixed(3);
  return {
    kind: 'slow-handshake',
    text: `The handshake of ${client} with ${server} took ${seconds} s`,
    filter: pairFilter(a, b),
  };
}

function repeats({ repeated_packets, segments, repeated_old_segments, old_segments, ...sums }: Sums): TcpFinding[] {
  if (Number(repeated_packets) < Number(segments) * repeatedShareMin || Number(repeated_packets) < resentMin) return [];
  return [
    {
      kind: 'repeated',
      text:
        `${words(repeated_packets)} of ${plural(segments, 'segment')} repeat the one before them within 1 ms, as where a mirror ` +
        `copies both directions of a port: among them ${words(repeated_old_segments)} of ${plural(old_segments, 'old segment')} ` +
        `and ${words(sums.repeated_duplicate_acks)} of ${plural(sums.duplicate_acks, 'duplicate ACK')}`,
      filter: null,
    },
  ];
}

/** `192.0.2.1:80` and `[2001:db8::1]:80` as address and port. */
function partsOf(endpoint: string): [address: string, port: string] {
  const at = endpoint.lastIndexOf(':');
  return [endpoint.slice(0, at).replace(/^\[|\]$/g, ''), endpoint.slice(at + 1)];
}

function endFilter(endpoint: string): string {
  const [address, port] = partsOf(endpoint);
  return `host ${address} and port ${port}`;
}

function pairFilter(x: string, y: string): string {
  return `tcp and ${endFilter(x)} and ${endFilter(y)}`;
}
