import type { Kernel } from './kernel.js';
import {
  addressRowBytes,
  cells,
  entry4Bytes,
  entry6Bytes,
  entryTailBytes,
  headerBytes,
  lengthAt,
  namesBytesAt,
  partialMagic,
  seriesRowBytes,
  seriesRowsMax,
  sizesRows,
  sparseRowBytes,
  spanBytes,
  sparseRowsMax,
  statisticsRowBytes,
  tcpBytesAt,
  totalsCells,
} from './partial-layout.js';

/** The sparse tables of a kernel, in the order of the layout: where they are. */
export function sparseTables(kernel: Kernel): number[] {
  const { LINKS, FAMILIES, PROTOCOLS4, PROTOCOLS6, TUNNELS } = kernel.exports;
  return [LINKS.value, FAMILIES.value, PROTOCOLS4.value, PROTOCOLS6.value, TUNNELS.value];
}

/** Rows with packets of a table of the kernel. */
export function sparseRows(
  kernel: Kernel,
  at: number,
  rowsMax: number,
): { number: number; packets: bigint; bytes: bigint }[] {
  const { exports, view } = kernel;
  const rows = [];
  for (
    let number = exports.nextRow(at, 0, rowsMax);
    number < rowsMax;
    number = exports.nextRow(at, number + 1, rowsMax)
  ) {
    const row = at + 16 * number;
    rows.push({ number, packets: view.getBigUint64(row, true), bytes: view.getBigUint64(row + 8, true) });
  }
  return rows;
}

/** Writes what a kernel has counted as a mergeable result; without content, an empty one. */
export function writePartial(kernel: Kernel, content: boolean): Uint8Array {
  const { exports } = kernel;
  const entries4 = content ? exports.countEntries(false) : 0;
  const entries6 = content ? exports.countEntries(true) : 0;
  const tables = sparseTables(kernel).map((at, i) => (content ? sparseRows(kernel, at, sparseRowsMax[i]) : []));
  const seriesRows = content ? Number(kernel.cell(cells.seriesRows)) : 0;
  const leading = content ? takeStatistics(kernel, false) : noBytes;
  const last = content ? takeStatistics(kernel, true) : noBytes;
  const spans = content ? takeSpans(kernel) : noBytes;
  const sparse = tables.reduce((rows, table) => rows + table.length, 0);
  const addresses = content ? exports.leftCount.value : 0;
  const sketchBytes = content ? exports.sketchBytes() : 0;
  const pathsBytes = content ? exports.pathsBytes() : 0;
  const tcpBytes = content && kernel.watchesTcp ? Number(exports.tcpBytes()) : 0;
  if (content) kernel.takeNames();
  const names = (content ? kernel.names?.section() : undefined) ?? noBytes;
  const tail = kernel.cell(cells.inner) === 0n ? 0 : entryTailBytes;
  const length =
    headerBytes +
    8 * (totalsCells + sizesRows) +
    sparse * sparseRowBytes +
    seriesRows * seriesRowBytes +
    leading.length +
    last.length +
    spans.length +
    names.length +
    pathsBytes +
    entries4 * (entry4Bytes + tail) +
    entries6 * (entry6Bytes + tail) +
    tcpBytes +
    addresses * addressRowBytes +
    sketchBytes;
  const partial = new Uint8Array(length);
  const view = new DataView(partial.buffer);
  const counts = [partialMagic, entries4, entries6, ...tables.map((table) => table.length), seriesRows];
  counts.push(addresses, sketchBytes, pathsBytes);
  for (const [i, value] of counts.entries()) view.setUint32(4 * i, value, true);
  view.setBigUint64(lengthAt, BigInt(length), true);
  view.setBigUint64(tcpBytesAt, BigInt(tcpBytes), true);
  view.setBigUint64(namesBytesAt, BigInt(names.length), true);
  let at = headerBytes;
  partial.set(kernel.bytes(exports.TOTALS.value, 8 * totalsCells), at);
  at += 8 * totalsCells;
  partial.set(kernel.bytes(exports.SIZES.value, 8 * sizesRows), at);
  at += 8 * sizesRows;
  for (const row of tables.flat()) {
    view.setBigUint64(at, BigInt(row.number), true);
    view.setBigUint64(at + 8, row.packets, true);
    view.setBigUint64(at + 16, row.bytes, true);
    at += sparseRowBytes;
  }
  at = copySeries(kernel, partial, at, seriesRows);
  for (const bytes of [leading, last, spans, names]) {
    partial.set(bytes, at);
    at += bytes.length;
  }
  partial.set(kernel.bytes(exports.pathsAt(), pathsBytes), at);
  at += pathsBytes;
  if (entries4 > 0) at = copyEntries(kernel, partial, at, false, entry4Bytes + tail);
  if (entries6 > 0) at = copyEntries(kernel, partial, at, true, entry6Bytes + tail);
  if (tcpBytes > 0) at = copyTcp(kernel, partial, at, tcpBytes);
  if (addresses > 0 || sketchBytes > 0) copyLeft(kernel, partial, at);
  return partial;
}

const noBytes = new Uint8Array(0);

/** Rows of one of two sections; the kernel's totals then tell how many there are. */
function takeStatistics(kernel: Kernel, last: boolean): Uint8Array {
  kernel.exports.exportStatistics(last);
  const rows = Number(kernel.cell(last ? cells.statisticsLast : cells.statisticsLeading));
  return kernel.bytes(kernel.exports.WINDOW.value, rows * statisticsRowBytes).slice();
}

/** The spans with traffic; the kernel's totals then tell how many there are. */
export function takeSpans(kernel: Kernel): Uint8Array {
  kernel.call((exports) => exports.exportActivity());
  return kernel.bytes(kernel.exports.WINDOW.value, Number(kernel.cell(cells.activeSpans)) * spanBytes).slice();
}

/** The rows lie in a ring of the kernel. */
function copySeries(kernel: Kernel, to: Uint8Array, at: number, rows: number): number {
  const low = kernel.signedCell(cells.seriesLow);
  for (let i = 0; i < rows; i++) {
    const place = Number(BigInt.asUintN(16, low + BigInt(i)));
    to.set(kernel.bytes(kernel.exports.SERIES.value + place * seriesRowBytes, seriesRowBytes), at);
    at += seriesRowBytes;
  }
  return at;
}

function copyEntries(kernel: Kernel, to: Uint8Array, at: number, six: boolean, entryBytes: number): number {
  kernel.exports.beginExport();
  for (;;) {
    const bytes = kernel.exports.exportEntries(six) * entryBytes;
    if (bytes === 0) return at;
    to.set(kernel.bytes(kernel.exports.WINDOW.value, bytes), at);
    at += bytes;
  }
}

function copyTcp(kernel: Kernel, to: Uint8Array, at: number, bytes: number): number {
  const from = kernel.call(({ tcpRoom, exportTcp }) => {
    const room = tcpRoom(bytes);
    exportTcp();
    return room;
  });
  to.set(kernel.bytes(from, bytes), at);
  kernel.exports.tcpDone();
  return at + bytes;
}

/** What is told of what left the full table. */
function copyLeft(kernel: Kernel, to: Uint8Array, at: number): void {
  const { exports } = kernel;
  exports.beginLeftExport();
  for (const next of [(): number => exports.exportLeftRows() * addressRowBytes, (): number => exports.exportSketches()])
    for (let bytes = next(); bytes > 0; bytes = next()) {
      to.set(kernel.bytes(exports.WINDOW.value, bytes), at);
      at += bytes;
    }
}

if (seriesRowsMax !== 65_536) throw new Error('the ring of the series takes 16 bits of the row number');
