import { TriremeError } from '../common/errors.js';
import type { Kernel } from './kernel.js';
import {
  addressRowBytes,
  allKept,
  cells,
  entry4Bytes,
  entry6Bytes,
  entryTailBytes,
  headerBytes,
  lengthAt,
  namesBytesAt,
  partialMagic,
  pathsBytesMax,
  seriesRowBytes,
  seriesRowsMax,
  sizesRows,
  sketchBytesMax,
  sparseRowBytes,
  spanBytes,
  spansMax,
  sparseRowsMax,
  statisticsRowBytes,
  statisticsRowsMax,
  tcpBytesAt,
  totalsCells,
} from './partial-layout.js';
import { sparseTables } from './partial.js';
import { addTcp, unsettledStates, type Unsettled } from './tcp-pieces.js';

function refuse(what: string): never {
  throw new TriremeError('JOB_FAILED', `a chunk's result is not valid: ${what}`);
}

interface Shape {
  readonly view: DataView;
  readonly entries4: number;
  readonly entries6: number;
  readonly sparse: readonly number[];
  readonly seriesRows: number;
  readonly addresses: number;
  readonly sketchBytes: number;
  readonly pathsBytes: number;
  /** Of TCP's state; 0: it was not asked for. */
  readonly tcpBytes: number;
  /** Of names; 0: they were not asked for. */
  readonly namesBytes: number;
  /** Bytes behind each entry. */
  readonly tail: number;
  /** Rows of interface statistics: of the section that went on, and of the last one. */
  readonly statistics: readonly [number, number];
  readonly spans: number;
}

/** Reads the header and checks every length against the bytes that are there: a worker may send anything. */
function readShape(partial: Uint8Array): Shape {
  const view = new DataView(partial.buffer, partial.byteOffset, partial.byteLength);
  const fixed = headerBytes + 8 * (totalsCells + sizesRows);
  if (partial.byteLength < fixed) refuse(`${partial.byteLength} bytes, the least is ${fixed}`);
  if (view.getUint32(0, true) !== partialMagic) refuse('magic or version unknown');
  const [entries4, entries6, ...rows] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((i) => view.getUint32(4 * i, true));
  const sparse = rows.slice(0, sparseRowsMax.length);
  const [seriesRows, addresses, sketchBytes, pathsBytes] = rows.slice(sparseRowsMax.length);
  for (const [i, count] of sparse.entries()) if (count > sparseRowsMax[i]) refuse(`${count} rows in table ${i}`);
  if (seriesRows > seriesRowsMax) refuse(`${seriesRows} rows of time`);
  if (sketchBytes > sketchBytesMax) refuse(`${sketchBytes} bytes of sketches`);
  if (pathsBytes > pathsBytesMax) refuse(`${pathsBytes} bytes of paths`);
  const total = (number: number): number => Number(view.getBigUint64(headerBytes + 8 * number, true));
  const statistics: [number, number] = [total(cells.statisticsLeading), total(cells.statisticsLast)];
  if (statistics.some((count) => count > statisticsRowsMax)) refuse(`${statistics.join(' and ')} rows of statistics`);
  const spans = total(cells.activeSpans);
  if (spans > spansMax) refuse(`${spans} spans with traffic`);
  const tail = total(cells.inner) === 0 ? 0 : entryTailBytes;
  const tcpBytes = Number(view.getBigUint64(tcpBytesAt, true));
  const namesBytes = Number(view.getBigUint64(namesBytesAt, true));
  const length =
    fixed +
    sparse.reduce((sum, count) => sum + count, 0) * sparseRowBytes +
    seriesRows * seriesRowBytes +
    (statistics[0] + statistics[1]) * statisticsRowBytes +
    spans * spanBytes +
    namesBytes +
    pathsBytes +
    entries4 * (entry4Bytes + tail) +
    entries6 * (entry6Bytes + tail) +
    tcpBytes +
    addresses * addressRowBytes +
    sketchBytes;
  if (length !== partial.byteLength || view.getBigUint64(lengthAt, true) !== BigInt(length))
    refuse(`${partial.byteLength} bytes where its counts make ${length}`);
  const left = { addresses, sketchBytes, pathsBytes, tcpBytes, namesBytes };
  return { view, entries4, entries6, sparse, seriesRows, ...left, tail, statistics, spans };
}

/** Interface and section blocks met in the chunk. */
export function sectionsMet(partial: Uint8Array): boolean {
  const { view } = readShape(partial);
  const cell = (number: number): bigint => view.getBigUint64(headerBytes + 8 * number, true);
  return cell(cells.interfaces) !== 0n || cell(cells.sections) !== 0n;
}

/** Adds a result to a kernel. Throws JOB_FAILED when it is not valid; the kernel's sums are then void. */
export function addPartial(kernel: Kernel, partial: Uint8Array): void {
  const shape = readShape(partial);
  const { tail } = shape;
  if (tail > 0 !== (kernel.cell(cells.inner) !== 0n)) refuse('its conversations are not those that were asked for');
  if (kernel.watchesTcp ? shape.tcpBytes === 0 && shape.entries4 + shape.entries6 > 0 : shape.tcpBytes > 0)
    refuse('it has the state of TCP conversations or not, other than what was asked for');
  // Where no packet was counted, as of what is no capture, there may be none.
  const captured = shape.view.getBigUint64(headerBytes + 8 * cells.capturedBytes, true);
  if (kernel.names === null ? shape.namesBytes > 0 : shape.namesBytes === 0 && captured > 0n)
    refuse('it has names or not, other than what was asked for');
  addTotals(kernel, shape.view);
  let at = headerBytes + 8 * totalsCells;
  const sizes = kernel.exports.SIZES.value;
  for (let i = 0; i < sizesRows; i++) addAt(kernel, sizes + 8 * i, shape.view.getBigUint64(at + 8 * i, true));
  at += 8 * sizesRows;
  for (const [i, table] of sparseTables(kernel).entries())
    for (let row = 0; row < shape.sparse[i]; row++, at += sparseRowBytes) {
      const number = shape.view.getBigUint64(at, true);
      if (number >= BigInt(sparseRowsMax[i])) refuse(`row ${number} in table ${i}`);
      const [packets, bytes] = [shape.view.getBigUint64(at + 8, true), shape.view.getBigUint64(at + 16, true)];
      kernel.exports.importRow(table, Number(number), packets, bytes);
    }
  at = addSeries(kernel, shape, partial, at);
  at = addStatistics(kernel, shape, partial, at);
  at = addSpans(kernel, shape, partial, at);
  addNames(kernel, partial.subarray(at, at + shape.namesBytes));
  at += shape.namesBytes;
  kernel.call((exports) => exports.makeRoom(shape.entries4 + shape.entries6));
  at = addPaths(kernel, partial, at, shape.pathsBytes);
  at = addEntries(kernel, partial, at, false, entry4Bytes + tail, shape.entries4);
  at = addEntries(kernel, partial, at, true, entry6Bytes + tail, shape.entries6);
  if (shape.tcpBytes > 0) addTcp(kernel, partial.subarray(at, at + shape.tcpBytes), refuse);
  at += shape.tcpBytes;
  kernel.exports.endImport();
  at = addAddresses(kernel, partial, at, shape.addresses);
  addSketches(kernel, partial.subarray(at));
}

/** With tcp: what is missing before a result can be added, as the next one; null: nothing. */
export function unsettledBefore(kernel: Kernel, partial: Uint8Array): Unsettled | null {
  const shape = readShape(partial);
  if (!kernel.watchesTcp || shape.tcpBytes === 0) return null;
  const tcpAt = partial.length - shape.sketchBytes - shape.addresses * addressRowBytes - shape.tcpBytes;
  const entries = shape.entries4 * (entry4Bytes + shape.tail) + shape.entries6 * (entry6Bytes + shape.tail);
  addPaths(kernel, partial, tcpAt - entries - shape.pathsBytes, shape.pathsBytes);
  const states = unsettledStates(kernel, partial.subarray(tcpAt, tcpAt + shape.tcpBytes), refuse);
  kernel.exports.endImport();
  return states;
}

/** Adds to a number of 64 bits that lies at an address. */
function addAt({ view }: Kernel, at: number, value: bigint): void {
  view.setBigUint64(at, BigInt.asUintN(64, view.getBigUint64(at, true) + value), true);
}

function addTotals(kernel: Kernel, view: DataView): void {
  const cell = (number: number): bigint => view.getBigUint64(headerBytes + 8 * number, true);
  const signed = (number: number): bigint => view.getBigInt64(headerBytes + 8 * number, true);
  for (const group of [0, 1]) {
    const threshold = cell(cells.thresholds + group);
    if (threshold > allKept) refuse(`threshold ${threshold}`);
    kernel.call((exports) => exports.lowerThreshold(group, threshold));
  }
  const addresses = cell(cells.addressThreshold);
  if (addresses > allKept) refuse(`threshold ${addresses}`);
  kernel.call((exports) => exports.lowerAddressThreshold(addresses));
  takeBase(kernel, baseOf(cell));
  noteDisorder(kernel, signed, cell);
  kernel.call((exports) => exports.foldActivity());
  addWide(kernel, cell);
  for (const number of [
    cells.capturedBytes,
    cells.interfaces,
    cells.widePackets,
    cells.untimedPackets,
    cells.examined,
    cells.zeroRecords,
  ])
    kernel.addCell(number, cell(number));
  for (let number: number = cells.droppedPackets; number < cells.thresholds; number++)
    kernel.addCell(number, cell(number));
  includeTimes(kernel, signed(cells.firstNs), signed(cells.lastNs));
  kernel.exports.restartActivity();
  kernel.setCell(cells.byteOrders, kernel.cell(cells.byteOrders) | (cell(cells.byteOrders) & 3n));
}

/** Whether the times of a result are counted from where those of a kernel are, as far as either has decided. */
export function sameBase(kernel: Kernel, partial: Uint8Array): boolean {
  const { view } = readShape(partial);
  const base = baseOf((number) => view.getBigUint64(headerBytes + 8 * number, true));
  return base === null || !kernel.baseDecided || base === kernel.base;
}

function baseOf(cell: Cell): bigint | null {
  if (cell(cells.baseDecided) === 0n) return null;
  return (BigInt.asIntN(64, cell(cells.baseHigh)) << 64n) | cell(cells.baseLow);
}

/** Times of one capture are all counted from one base. */
function takeBase(kernel: Kernel, base: bigint | null): void {
  if (base === null) return;
  if (!kernel.baseDecided) kernel.setBase(base.toString());
  else if (base !== kernel.base) refuse('its times are counted from another base');
}

type Cell = (number: number) => bigint;

/** What comes after is in order when it is so in itself and begins at or behind the end of what is there. */
function noteDisorder(kernel: Kernel, signed: Cell, cell: Cell): void {
  const [, last] = extremes(
    (number) => kernel.signedCell(number),
    (number) => kernel.cell(number),
  );
  const [first] = extremes(signed, cell);
  if (cell(cells.disorder) === 0n && (first === null || last === null || first >= last)) return;
  kernel.setCell(cells.disorder, 1n);
}

/** The smallest and the largest time of totals, from their base; null: no packet has one. */
export function extremes(signed: Cell, cell: Cell): [bigint | null, bigint | null] {
  const wide = (high: number): bigint => (signed(high) << 64n) | cell(high + 1);
  const [first, last] = [signed(cells.firstNs), signed(cells.lastNs)];
  const times = first <= last ? [first, last] : [];
  if (cell(cells.widePackets) > 0n) times.push(wide(cells.wideFirstHigh), wide(cells.wideLastHigh));
  if (times.length === 0) return [null, null];
  return [times.reduce((x, y) => (y < x ? y : x)), times.reduce((x, y) => (y > x ? y : x))];
}

/** Extends the times of the first and the last packet. */
export function includeTimes(kernel: Kernel, first: bigint, last: bigint): void {
  if (first < kernel.signedCell(cells.firstNs)) kernel.setCell(cells.firstNs, first);
  if (last > kernel.signedCell(cells.lastNs)) kernel.setCell(cells.lastNs, last);
}

/** Takes over 128-bit extremes, before the counts of such packets are added. */
export function addWide(kernel: Kernel, cell: (number: number) => bigint): void {
  if (cell(cells.widePackets) === 0n) return;
  const first = kernel.cell(cells.widePackets) === 0n;
  const wide = (of: (number: number) => bigint, high: number): bigint =>
    (BigInt.asIntN(64, of(high)) << 64n) | of(high + 1);
  const own = (number: number): bigint => kernel.cell(number);
  const take = (high: number): void => {
    for (const number of [high, high + 1]) kernel.setCell(number, cell(number));
  };
  if (first || wide(cell, cells.wideFirstHigh) < wide(own, cells.wideFirstHigh)) take(cells.wideFirstHigh);
  if (first || wide(cell, cells.wideLastHigh) > wide(own, cells.wideLastHigh)) take(cells.wideLastHigh);
}

function addSeries(kernel: Kernel, shape: Shape, partial: Uint8Array, at: number): number {
  const bytes = shape.seriesRows * seriesRowBytes;
  if (bytes === 0) return at;
  const shift = shape.view.getBigUint64(headerBytes + 8 * cells.seriesShift, true);
  const low = shape.view.getBigInt64(headerBytes + 8 * cells.seriesLow, true);
  if (shift > 63n || low > 1n << 62n || low < -(1n << 62n)) refuse(`rows of time from ${low}, doubled ${shift} times`);
  kernel.bytes(kernel.exports.WINDOW.value, bytes).set(partial.subarray(at, at + bytes));
  kernel.call((exports) => exports.importSeries(shift, low, shape.seriesRows));
  return at + bytes;
}

/** Counts sections as well, on which it depends what a row is added to. */
function addStatistics(kernel: Kernel, { view, statistics }: Shape, partial: Uint8Array, at: number): number {
  const cell = (number: number): bigint => view.getBigUint64(headerBytes + 8 * number, true);
  const [leading, last] = statistics;
  const bytes = (leading + last) * statisticsRowBytes;
  kernel.bytes(kernel.exports.WINDOW.value, bytes).set(partial.subarray(at, at + bytes));
  const sections = cell(cells.sections) > 0n;
  if (!kernel.call((exports) => exports.importStatistics(leading, last, sections)))
    refuse('a row of its statistics is none');
  kernel.addCell(cells.sections, cell(cells.sections));
  for (let i = 0; i < 3; i++) kernel.addCell(cells.statisticsSums + i, cell(cells.statisticsSums + i));
  kernel.setCell(cells.statisticsTold, kernel.cell(cells.statisticsTold) | (cell(cells.statisticsTold) & 7n));
  return at + bytes;
}

function addSpans(kernel: Kernel, { view, spans }: Shape, partial: Uint8Array, at: number): number {
  const bytes = spans * spanBytes;
  const shift = view.getBigUint64(headerBytes + 8 * cells.activeShift, true);
  if (shift > 28n) refuse(`spans with a gap that was doubled ${shift} times`);
  kernel.bytes(kernel.exports.WINDOW.value, bytes).set(partial.subarray(at, at + bytes));
  if (!kernel.call((exports) => exports.importActivity(spans, shift))) refuse('a span with traffic is none');
  return at + bytes;
}

/** What was met of names, right behind what is there. */
function addNames(kernel: Kernel, section: Uint8Array): void {
  kernel.takeNames();
  if (section.length === 0) return;
  kernel.names?.add(section);
}

/** Takes the paths of tunnels, which the entries behind them name. */
function addPaths(kernel: Kernel, partial: Uint8Array, at: number, bytes: number): number {
  if (bytes === 0) return at;
  const room = kernel.call((exports) => exports.importRoom(bytes));
  kernel.bytes(room, bytes).set(partial.subarray(at, at + bytes));
  if (!kernel.call((exports) => exports.importPaths())) refuse('a path of its tunnels is none');
  return at + bytes;
}

function addEntries(
  kernel: Kernel,
  partial: Uint8Array,
  at: number,
  six: boolean,
  entryBytes: number,
  entries: number,
): number {
  const { exports } = kernel;
  const most = Math.floor(exports.WINDOW_BYTES.value / entryBytes);
  for (let left = entries; left > 0;) {
    const count = Math.min(left, most);
    kernel.bytes(exports.WINDOW.value, count * entryBytes).set(partial.subarray(at, at + count * entryBytes));
    if (!kernel.call(() => exports.importEntries(six, count))) refuse('an entry of its table is none');
    at += count * entryBytes;
    left -= count;
  }
  return at;
}

/** Adds addresses of what left the full table. */
function addAddresses(kernel: Kernel, partial: Uint8Array, at: number, addresses: number): number {
  const { exports } = kernel;
  const most = Math.floor(exports.WINDOW_BYTES.value / addressRowBytes);
  for (let left = addresses; left > 0;) {
    const count = Math.min(left, most);
    const bytes = count * addressRowBytes;
    kernel.bytes(exports.WINDOW.value, bytes).set(partial.subarray(at, at + bytes));
    if (!kernel.call(() => exports.importLeftRows(count))) refuse('an address of its table is none');
    at += bytes;
    left -= count;
  }
  return at;
}

/** Adds the sketches. A bucket that the window cuts comes again with the next ones. */
function addSketches(kernel: Kernel, sketches: Uint8Array): void {
  const { exports } = kernel;
  for (let at = 0; at < sketches.length;) {
    const bytes = Math.min(sketches.length - at, exports.WINDOW_BYTES.value);
    kernel.bytes(exports.WINDOW.value, bytes).set(sketches.subarray(at, at + bytes));
    const taken = kernel.call(() => exports.importSketches(bytes));
    if (taken <= 0) refuse('a bucket of its sketches is none');
    at += taken;
  }
}
