import type { Kernel } from './kernel.js';
import { cells, spanBytes } from './partial-layout.js';
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

/** What the capturing machine said of its losses. */
export function captureStatistics(kernel: Kernel): Pick<CaptureFacts, 'capture_statistics'> {
  kernel.exports.sumStatistics();
  const told = kernel.cell(cells.statisticsTold);
  if (told === 0n) return {};
  const count = (bit: number) =>
    (told >> BigInt(bit)) & 1n ? exactCount(kernel.cell(cells.statisticsSums + bit)) : null;
  return {
    capture_statistics: {
      packets_received: count(0),
      packets_dropped: count(1),
      packets_dropped_by_system: count(2),
    },
  };
}
