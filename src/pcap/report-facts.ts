import type { Kernel } from './kernel.js';
import { cells, spanBytes, statisticsRowBytes } from './partial-layout.js';
import { extremes } from './partial-reader.js';
import { takeSpans } from './partial.js';
import { exactCount } from './report-total.js';
import type { CaptureFacts, TrafficRates } from './report-types.js';

/** Average rates of all that a kernel has counted. */
export function ratesOf(kernel: Kernel, packets: bigint, bytes: bigint): TrafficRates {
  const [first, last] = extremes(
    (number) => kernel.signedCell(number),
    (number) => kernel.cell(number),
  );
  const duration = first === null || last === null ? null : last - first;
  const spans = takeSpans(kernel);
  const view = new DataView(spans.buffer, spans.byteOffset, spans.byteLength);
  let active = 0n;
  for (let at = 0; at < spans.length; at += spanBytes)
    active += view.getBigInt64(at + 8, true) - view.getBigInt64(at, true);
  const pauses = Math.max(0, spans.length / spanBytes - 1);
  return {
    duration_ns: duration?.toString() ?? null,
    bytes_per_packet: packets === 0n ? null : ratio(bytes, packets),
    packets_per_second: perSecond(packets, duration),
    bits_per_second: perSecond(8n * bytes, duration),
    pauses,
    pause_ns_min: (kernel.exports.GAP_NS.value << kernel.cell(cells.activeShift)).toString(),
    active_ns: duration === null ? null : active.toString(),
    packets_per_active_second: perSecond(packets, active),
    bits_per_active_second: perSecond(8n * bytes, active),
  };
}

/** Three digits behind the point, computed in whole numbers: the same on every machine. */
export function ratio(part: bigint, whole: bigint): number {
  return Number((part * 1000n + whole / 2n) / whole) / 1000;
}

/** In a second, where `ns` have passed; null where nothing or no time has. */
export function perSecond(count: bigint, ns: bigint | null): number | null {
  return ns === null || ns <= 0n ? null : ratio(count * 1_000_000_000n, ns);
}

/**
 * Packets received, dropped, and dropped by the system, as interface statistics tell them, in decimal; null: not told.
 */
export type ToldCounts = readonly [string | null, string | null, string | null];

/**
 * What interface statistics told: the sums of sections that have ended, and the counts of each interface of
 * the last one.
 */
export interface ToldStatistics {
  readonly ended: ToldCounts;
  readonly last: readonly (readonly [interfaceNumber: number, counts: ToldCounts])[];
}

const nothingTold: ToldCounts = [null, null, null];

/** Null: nothing was told. */
export function toldStatistics(kernel: Kernel): ToldStatistics | null {
  const told = Number(kernel.cell(cells.statisticsTold));
  const sums = toldCounts(told, (bit) => kernel.cell(cells.statisticsSums + bit));
  const ended = toldRows(kernel, false).reduce((all, [, counts]) => added(all, counts), sums);
  const last = toldRows(kernel, true);
  return last.length === 0 && ended.every((count) => count === null) ? null : { ended, last };
}

/** Rows of assembly/statistics.ts. */
function toldRows({ exports, view }: Kernel, last: boolean): [number, ToldCounts][] {
  const table = exports.statisticsAt(last) >>> 0;
  const rows: [number, ToldCounts][] = [];
  for (let i = 0; table > 0 && i < exports.statisticsRows(); i++) {
    const row = table + i * statisticsRowBytes;
    const told = view.getUint32(row, true);
    if (told !== 0) rows.push([i, toldCounts(told, (bit) => view.getBigUint64(row + 8 + 8 * bit, true))]);
  }
  return rows;
}

function toldCounts(told: number, count: (bit: number) => bigint): ToldCounts {
  const at = (bit: number): string | null => ((told >> bit) & 1 ? count(bit).toString() : null);
  return [at(0), at(1), at(2)];
}

const added = (x: ToldCounts, y: ToldCounts): ToldCounts => combined(x, y, (one, other) => one + other);

/** Two that are put together count by count. */
export function combined(x: ToldCounts, y: ToldCounts, how: (x: bigint, y: bigint) => bigint): ToldCounts {
  const at = (i: number): string | null => {
    const [one, other] = [x[i], y[i]];
    return one === null || other === null ? (one ?? other) : how(BigInt(one), BigInt(other)).toString();
  };
  return [at(0), at(1), at(2)];
}

/** What the capturing machine said of its losses: the counts of all interfaces and sections added up. */
export function captureStatistics(all: readonly ToldCounts[]): Pick<CaptureFacts, 'capture_statistics'> {
  const sums = all.reduce(added, nothingTold);
  if (sums.every((sum) => sum === null)) return {};
  const [packets_received, packets_dropped, packets_dropped_by_system] = sums.map((sum) =>
    sum === null ? null : exactCount(BigInt(sum)),
  );
  return { capture_statistics: { packets_received, packets_dropped, packets_dropped_by_system } };
}

/** All that is told of one capture. */
export function allCounts(told: ToldStatistics | null): readonly ToldCounts[] {
  return told === null ? [] : [told.ended, ...told.last.map(([, counts]) => counts)];
}
