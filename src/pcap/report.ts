import { TriremeError } from '../common/errors.js';
import { pinnedKey } from './connection-key.js';
import { limitFacts } from './full-table.js';
import type { Kernel } from './kernel.js';
import { cells, sizesRows, sparseRowsMax } from './partial-layout.js';
import { sparseRows, sparseTables } from './partial.js';
import { extremes } from './partial-reader.js';
import { allCounts, captureStatistics, ratesOf, toldStatistics } from './report-facts.js';
import { innerConversations, rankedConversations, rankedEndpoints, rankTable } from './report-ranks.js';
import { protocolRows } from './report-protocols.js';
import { seriesOf } from './report-series.js';
import { tunnelRows } from './report-tunnels.js';
import { exactCount } from './report-total.js';
import { namesOf } from './report-names.js';
import { tcpTotals, withHealth } from './tcp-facts.js';
import { topAll, topObjectsMax } from './request.js';
import type { CaptureFacts, CaptureReport, ConnectionFacts, SizeRow } from './report-types.js';
import type { ChunkResult, ReportOptions, ScanOptions } from './types.js';

/** How a scan ended, as a chunk's result says it. */
export type Outcome = Pick<ChunkResult, 'end' | 'endState' | 'cut' | 'damage' | 'notACapture'>;

const tcp = 6;
const udp = 17;

/** Tells what a kernel has counted. */
export function buildReport(
  kernel: Kernel,
  outcome: Outcome,
  scan: ScanOptions,
  options: ReportOptions,
): CaptureReport {
  const inner = scan.inner === true;
  const packed = options.packedRows === true && !inner && scan.tcp !== true && scan.names !== true;
  const most = packed ? topAll : topObjectsMax;
  if (!Number.isInteger(options.top) || options.top < 0 || options.top > most)
    throw new TriremeError('USAGE', `top ${options.top} is outside 0 to ${most}`);
  if (outcome.notACapture !== null || outcome.endState === null)
    return { error: 'not-a-capture', error_detail: outcome.notACapture ?? 'no header was read' };
  const state = outcome.endState;
  const [links, families, protocols4, protocols6, tunnels] = sparseTables(kernel).map((at, i) =>
    sparseRows(kernel, at, sparseRowsMax[i]),
  );
  const sum = (rows: readonly { packets: bigint }[]): bigint => rows.reduce((total, row) => total + row.packets, 0n);
  const packetsOf = (rows: readonly { number: number; packets: bigint }[], number: number): bigint =>
    rows.find((row) => row.number === number)?.packets ?? 0n;
  const orders = Number(kernel.cell(cells.byteOrders));
  const { cut } = outcome;
  const truncated = cut !== null || options.inputCut === true;
  rankTable(kernel, options);
  const rows = inner ? innerConversations(kernel) : rankedConversations(kernel, packed);
  const ranked = scan.tcp === true ? { ...rows, top: withHealth(kernel, [...rows.top]) } : rows;
  const endpoints = rankedEndpoints(kernel, options.packedRows === true && scan.names !== true);
  const named = scan.names === true ? namesOf(kernel, endpoints, options.top) : endpoints;
  const widePackets = kernel.cell(cells.widePackets);
  const [first_ns, last_ns] = fileTimes(kernel);
  const packets = sum(links);
  const originalBytes = links.reduce((total, row) => total + row.bytes, 0n);
  const series = scan.intervalNs === null ? undefined : seriesOf(kernel, scan.intervalNs);
  return {
    ...filterFacts(kernel, scan),
    ...(inner ? { inner: true as const } : {}),
    format: state.format,
    byte_order: orders === 3 ? 'mixed' : orders === 2 ? 'big' : orders === 1 ? 'little' : state.byteOrder,
    packets: exactCount(packets),
    captured_bytes: exactCount(kernel.cell(cells.capturedBytes)),
    original_bytes: exactCount(originalBytes),
    first_ns,
    last_ns,
    times_in_order: kernel.cell(cells.disorder) === 0n,
    rates: ratesOf(kernel, packets, originalBytes),
    ipv4: exactCount(sum(protocols4)),
    ipv6: exactCount(sum(protocols6)),
    ipv4_tcp: exactCount(packetsOf(protocols4, tcp)),
    ipv4_udp: exactCount(packetsOf(protocols4, udp)),
    ipv6_tcp: exactCount(packetsOf(protocols6, tcp)),
    ipv6_udp: exactCount(packetsOf(protocols6, udp)),
    other: exactCount(sum(families)),
    truncated,
    error: outcome.damage === null ? null : 'damaged',
    link_types: Object.fromEntries(links.map((row) => [String(row.number), exactCount(row.packets)])),
    gzip: options.compression === 'gzip',
    ...(outcome.damage === null ? {} : { error_detail: outcome.damage.detail, error_offset: outcome.damage.offset }),
    ...(truncated ? { truncated_offset: outcome.end } : {}),
    ...(cut === null || cut.claimed === null ? {} : { truncated_claimed: cut.claimed, truncated_held: cut.held }),
    interfaces: exactCount(kernel.cell(cells.interfaces)),
    sections: exactCount(kernel.cell(cells.sections)),
    ...ranked,
    ...(scan.connection === null ? {} : { connection: connectionFacts(kernel, scan.connection) }),
    ...(scan.tcp === true ? { tcp: tcpTotals(kernel, inner, series) } : {}),
    protocols: protocolRows(links, families, protocols4, protocols6),
    tunnels: tunnelRows(tunnels),
    ...named,
    packet_sizes: sizeRows(kernel),
    ...(series === undefined ? {} : { series }),
    ...limitFacts(kernel, scan.conversationsMax),
    ...captureStatistics(allCounts(toldStatistics(kernel))),
    ...zeroRecords(kernel),
    ...(widePackets === 0n ? {} : { packets_time_saturated: exactCount(widePackets) }),
  } satisfies CaptureFacts;
}

function filterFacts(kernel: Kernel, { filter, filterTags, span }: ScanOptions): Pick<CaptureFacts, 'filter'> {
  if (filter === undefined && span === undefined) return {};
  return {
    filter: {
      expression: filter ?? null,
      ...(filter === undefined || filterTags === undefined ? {} : { tags: filterTags }),
      of_packets: exactCount(kernel.cell(cells.examined)),
      ...(span?.after == null ? {} : { after_ns: span.after }),
      ...(span?.before == null ? {} : { before_ns: span.before }),
    },
  };
}

function zeroRecords(kernel: Kernel): Pick<CaptureFacts, 'zero_records'> {
  const records = kernel.cell(cells.zeroRecords);
  return records === 0n ? {} : { zero_records: exactCount(records) };
}

/** The smallest and the largest time, exact beyond int64. */
export function fileTimes(kernel: Kernel): [string | null, string | null] {
  const [first, last] = extremes(
    (number) => kernel.signedCell(number),
    (number) => kernel.cell(number),
  );
  const text = (time: bigint | null): string | null => (time === null ? null : (time + kernel.base).toString());
  return [text(first), text(last)];
}

function sizeRows(kernel: Kernel): SizeRow[] {
  const rows: SizeRow[] = [];
  for (let bits = 0; bits < sizesRows; bits++) {
    const packets = kernel.view.getBigUint64(kernel.exports.SIZES.value + 8 * bits, true);
    if (packets > 0n)
      rows.push({ from: bits === 0 ? 0 : 2 ** (bits - 1), to: 2 ** bits - 1, packets: exactCount(packets) });
  }
  return rows;
}

/** What the table holds of the connection, and what was counted beside it while sampling kept it out. */
function connectionFacts(kernel: Kernel, asked: { readonly client: string; readonly server: string }): ConnectionFacts {
  const counts = [0, 1, 2, 3].map(
    // What tunnels added to its entry is taken off in the cell, which may be below 0.
    (i) =>
      BigInt.asUintN(
        64,
        kernel.view.getBigUint64(kernel.exports.pinnedSums.value + 8 * i, true) + kernel.cell(cells.pinnedDropped + i),
      ),
  );
  const { clientIsA } = pinnedKey(asked);
  const [packetsOut, bytesOut, packetsBack, bytesBack] = clientIsA
    ? counts
    : [...counts.slice(2), ...counts.slice(0, 2)];
  return {
    client: asked.client,
    server: asked.server,
    packets: exactCount(packetsOut + packetsBack),
    bytes: exactCount(bytesOut + bytesBack),
    packets_client_to_server: exactCount(packetsOut),
    packets_server_to_client: exactCount(packetsBack),
    bytes_client_to_server: exactCount(bytesOut),
    bytes_server_to_client: exactCount(bytesBack),
  };
}
