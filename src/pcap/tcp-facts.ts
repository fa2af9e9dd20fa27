import { formatAddress, formatEndpoint } from './endpoint.js';
import type { Kernel } from './kernel.js';
import { cells, entryTailBytes } from './partial-layout.js';
import { addressBytes, endsOf } from './report-ranks.js';
import { exactCount } from './report-total.js';
import type { ConversationRow, TimeSeries } from './report-types.js';
import { concentrated } from './tcp-concentration.js';
import { failedAttemptsMax, findingsOf, type FailedAttempts, type FailedEnds, type Troubled } from './tcp-findings.js';
import type { TcpDirection, TcpHealth, TcpOpenings, TcpTotals } from './tcp-types.js';

// Reads what assembly/tcp-report.ts lays out: 46 cells of a conversation, or of all.

const cellBytes = 8;
const directionCells = 14;
const troubleA = 16;

interface Facts {
  readonly view: DataView;
  readonly at: number;
}

const count = ({ view, at }: Facts, cell: number): bigint => view.getBigUint64(at + cellBytes * cell, true);
const duration = ({ view, at }: Facts, cell: number): bigint => view.getBigInt64(at + cellBytes * cell, true);

type Counts = Omit<TcpDirection, 'in_flight_max'>;

/** Counts of one direction, or of both added up. */
function countsOf(facts: Facts, ...from: readonly number[]): Counts {
  const sum = (cell: number): bigint => from.reduce((total, start) => total + count(facts, start + cell), 0n);
  const [spurious, fast, outOfOrder, again] = [0, 1, 2, 3].map(sum);
  return {
    old_segments: exactCount(spurious + fast + outOfOrder + again),
    retransmissions: exactCount(again),
    fast_retransmissions: exactCount(fast),
    spurious_retransmissions: exactCount(spurious),
    out_of_order: exactCount(outOfOrder),
    duplicate_acks: exactCount(sum(6)),
    zero_windows: exactCount(sum(8)),
    keep_alives: exactCount(sum(9)),
    gaps: exactCount(sum(10)),
    gap_bytes: exactCount(sum(11)),
    acked_unseen: exactCount(sum(12)),
    resets: exactCount(sum(13)),
    repeated_packets: exactCount(sum(5)),
    repeated_old_segments: exactCount(sum(4)),
    repeated_duplicate_acks: exactCount(sum(7)),
  };
}

function openingsOf(facts: Facts): TcpOpenings {
  const handshakes = count(facts, 7);
  const roundTrips = count(facts, 45);
  const mean = (cell: number, of: bigint): string | null =>
    of === 0n ? null : (duration(facts, cell) / of).toString();
  const extreme = (cell: number): string | null =>
    duration(facts, cell) < 0n ? null : duration(facts, cell).toString();
  return {
    attempts: exactCount(count(facts, 3)),
    established: exactCount(count(facts, 4)),
    refused: exactCount(count(facts, 5)),
    unanswered: exactCount(count(facts, 6)),
    handshakes: exactCount(handshakes),
    round_trips: exactCount(roundTrips),
    syn_to_syn_ack_ns: mean(8, handshakes),
    syn_ack_to_ack_ns: mean(9, handshakes),
    round_trip_ns: mean(10, roundTrips),
    round_trip_min_ns: extreme(11),
    round_trip_max_ns: extreme(12),
    idle_max_ns: duration(facts, 13).toString(),
  };
}

/** Null: of this conversation nothing is known, because it is no TCP, or the table was full. */
function healthOf(facts: Facts): TcpHealth | null {
  if (count(facts, 0) === 0n) return null;
  const direction = (from: number, inFlight: number): TcpDirection => ({
    ...countsOf(facts, from),
    in_flight_max: exactCount(count(facts, inFlight)),
  });
  return {
    client: count(facts, 1) === 1n ? 'a' : 'b',
    client_guessed: count(facts, 2) === 1n,
    ...openingsOf(facts),
    a_to_b: direction(troubleA, 14),
    b_to_a: direction(troubleA + directionCells, 15),
  };
}

/** Puts the facts of TCP to the ranked rows, whose order is that of the kernel. */
export function withHealth(kernel: Kernel, rows: readonly ConversationRow[]): ConversationRow[] {
  const { exports } = kernel;
  const bytes = exports.TCP_FACTS_BYTES.value;
  const told: ConversationRow[] = [];
  while (told.length < rows.length) {
    const packed = exports.packTcpFacts(told.length);
    for (let i = 0; i < packed; i++) {
      const facts = { view: kernel.view, at: exports.WINDOW.value + i * bytes };
      told.push({ ...rows[told.length], tcp: healthOf(facts) });
    }
  }
  return told;
}

/** Sums over all conversations, and what of it is unusual. Rows are ranked by then. */
export function tcpTotals(kernel: Kernel, inner: boolean, series: TimeSeries | undefined): TcpTotals {
  const { exports } = kernel;
  exports.sumTcp();
  const facts = { view: kernel.view, at: exports.tcpTotals.value };
  const sums = {
    conversations: exactCount(count(facts, 0)),
    clients_known: exactCount(count(facts, 1)),
    clients_guessed: exactCount(count(facts, 2)),
    segments: exactCount(count(facts, 44)),
    ...openingsOf(facts),
    ...countsOf(facts, troubleA, troubleA + directionCells),
    in_flight_max: exactCount(count(facts, 14) > count(facts, 15) ? count(facts, 14) : count(facts, 15)),
    packets_without_flags: exactCount(exports.uncaptured.value),
    packets_without_window: exactCount(exports.windowless.value),
  };
  const troubled = [0, 1, 2, 3].map((list) => troubledBy(kernel, exports.packTroubled(list)));
  const failed = exports.failedCount.value > failedAttemptsMax ? null : failedAttempts(kernel);
  return {
    ...sums,
    findings: findingsOf(
      sums,
      { resent: troubled[0], stopped: troubled[1], torn: troubled[2], slow: troubled[3], failed },
      series === undefined ? null : concentrated(series),
      inner,
    ),
  };
}

function failedAttempts(kernel: Kernel): FailedAttempts {
  kernel.call((exports) => exports.gatherFailed(exports.failedCount.value));
  const [clients, refused, unanswered] = [0, 1, 2].map((list) => failedEnds(kernel, list));
  return { clients, refused, unanswered };
}

/** Reads what assembly/tcp-failed.ts lays out. */
function failedEnds(kernel: Kernel, list: number): FailedEnds {
  const rows = kernel.call((exports) => exports.packFailed(list));
  const { view } = kernel;
  const at = kernel.exports.WINDOW.value;
  const named = Array.from({ length: rows }, (_, i) => {
    const cell = (number: number): bigint => count({ view, at: at + 16 + 64 * i }, number);
    const address = addressBytes(cell(1) === 1n, cell(2), cell(3));
    const [size, port, refused, unanswered] = [0, 4, 6, 7].map((number) => Number(cell(number)));
    return { end: list === 0 ? formatAddress(address) : formatEndpoint({ address, port }), size, refused, unanswered };
  });
  return { all: Number(count({ view, at }, 0)), sum: Number(count({ view, at }, 1)), named };
}

function troubledBy(kernel: Kernel, rows: number): Troubled[] {
  const back = kernel.exports.BACK6.value;
  return packedRows(kernel, rows).map(({ view, at, facts }) => ({
    ...endsOf(view, at),
    packets_a_to_b: Number(view.getBigUint64(at, true)),
    packets_b_to_a: Number(view.getBigUint64(at + back, true)),
    health: healthOf(facts)!,
  }));
}

/** Where conversations lie in the window, each with its facts behind it. */
function packedRows(kernel: Kernel, rows: number): { view: DataView; at: number; facts: Facts }[] {
  const { exports, view } = kernel;
  const factsAt = exports.ENTRY6_BYTES.value + (kernel.cell(cells.inner) === 0n ? 0 : entryTailBytes);
  const size = factsAt + exports.TCP_FACTS_BYTES.value;
  return Array.from({ length: rows }, (_, i) => {
    const at = exports.WINDOW.value + i * size;
    return { view, at, facts: { view, at: at + factsAt } };
  });
}
