import { formatAddress } from '../../pcap/endpoint.js';
import { packedRowBytes, type PackedRows } from '../../pcap/rows/packed-rows.js';
import type { ColumnValues } from './column-values.js';
import type { TableFile } from './table-file.js';

// Rows as pcap/assembly/packed-rows.ts lays them out go into columns without an object for any of them. The
// columns are those of columns.ts, in their order.

const backAt = 72;
/** Bits of the word that has the ports: IPv6, and known within bounds. */
const six40 = 1 << 8;
const bounded41 = 1 << 9;
const rateMax = (1n << 63n) - 1n;
/** What stands for a first time where there is none: the largest int64. */
const noTimeHigh = 0x7fff_ffff;

/** All conversations of a file. */
export function addConversations(table: TableFile, file: string, rows: PackedRows<unknown>): void {
  const { bytes, kind } = rows;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const full = kind === 'boundedConversations';
  const size = packedRowBytes[kind];
  table.addAll(rows.length, (row, values) => putConversation(view, row * size, file, full, values));
}

function putConversation(
  view: DataView,
  at: number,
  file: string,
  full: boolean,
  values: readonly ColumnValues[],
): void {
  const state = view.getUint32(at + 68, true);
  const bounded = full && (state & bounded41) !== 0;
  const six = (state & six40) !== 0;
  values[0].putText(file);
  values[1].putText(view.getUint8(at + 64) === 6 ? 'tcp' : 'udp');
  putAddress(view, at + 32, six, values, 2);
  values[4].putInt32(view.getUint8(at + 67) | (view.getUint8(at + 68) << 8));
  putAddress(view, at + 48, six, values, 5);
  values[7].putInt32(view.getUint16(at + 65, true));
  const total = view.getBigUint64(at + 8, true) + view.getBigUint64(at + backAt + 8, true);
  const packets = view.getBigUint64(at, true) + view.getBigUint64(at + backAt, true);
  values[8].putInt64(packets);
  values[9].putInt64(total);
  values[10].putCount(view, at);
  values[11].putCount(view, at + 8);
  values[12].putCount(view, at + backAt);
  values[13].putCount(view, at + backAt + 8);
  const out = !bounded && isTime(view, at + 16);
  const back = isTime(view, at + backAt + 16);
  const first = firstAt(view, at, out, back);
  const last = lastAt(view, at, out, back);
  putTime(values[14], view, first);
  putTime(values[15], view, last);
  putTime(values[16], view, out ? at + 16 : null);
  putTime(values[17], view, out ? at + 24 : null);
  putTime(values[18], view, back ? at + backAt + 16 : null);
  putTime(values[19], view, back ? at + backAt + 24 : null);
  putRate(values[20], total, first === null ? 0n : view.getBigInt64(last!, true) - view.getBigInt64(first, true));
  if (bounded) {
    values[21].putCount(view, at + 16);
    values[22].putCount(view, at + 24);
  } else if (full) {
    values[21].putInt64(packets);
    values[22].putInt64(total);
  }
  for (let i = full ? 23 : 21; i < values.length; i++) values[i].putNull();
}

/** All endpoints of a file. */
export function addEndpoints(table: TableFile, file: string, rows: PackedRows<unknown>): void {
  const { bytes, kind } = rows;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = packedRowBytes[kind];
  table.addAll(rows.length, (row, values) => {
    const at = row * size;
    values[0].putText(file);
    putAddress(view, at, view.getUint8(at + 16) === 6, values, 1);
    [56, 64, 24, 32, 40, 48].forEach((place, i) => values[3 + i].putCount(view, at + place));
    for (const [i, place] of [72, 80].entries()) {
      if (kind === 'boundedEndpoints') values[9 + i].putCount(view, at + place);
      else values[9 + i].putNull();
    }
    // Rows with a name are not packed.
    values[11].putNull();
  });
}

const address = new Uint8Array(16);
const addressView = new DataView(address.buffer);

/** Two words, the first one higher; of an IPv4 address the lower half of the second one counts. */
function putAddress(view: DataView, at: number, six: boolean, values: readonly ColumnValues[], column: number): void {
  addressView.setUint32(12, view.getUint32(at + 8, true));
  if (six) {
    addressView.setUint32(0, view.getUint32(at + 4, true));
    addressView.setUint32(4, view.getUint32(at, true));
    addressView.setUint32(8, view.getUint32(at + 12, true));
    values[column].putText(formatAddress(address));
  } else {
    addressView.setUint32(0, 0);
    addressView.setUint32(4, 0);
    addressView.setUint32(8, 0xffff);
    values[column].putText(`${address[12]}.${address[13]}.${address[14]}.${address[15]}`);
  }
  values[column + 1].putBytes(address);
}

const isTime = (view: DataView, at: number): boolean =>
  view.getInt32(at + 4, true) !== noTimeHigh || view.getInt32(at, true) !== -1;

/** Where the earlier of two first times is, of those that there are. */
function firstAt(view: DataView, at: number, out: boolean, back: boolean): number | null {
  if (!back) return out ? at + 16 : null;
  return out && compare(view, at + 16, at + backAt + 16) <= 0 ? at + 16 : at + backAt + 16;
}

function lastAt(view: DataView, at: number, out: boolean, back: boolean): number | null {
  if (!back) return out ? at + 24 : null;
  return out && compare(view, at + 24, at + backAt + 24) >= 0 ? at + 24 : at + backAt + 24;
}

function compare(view: DataView, one: number, other: number): number {
  const high = view.getInt32(one + 4, true) - view.getInt32(other + 4, true);
  return high !== 0 ? high : view.getUint32(one, true) - view.getUint32(other, true);
}

function putTime(values: ColumnValues, view: DataView, at: number | null): void {
  if (at === null) values.putNull();
  else values.putWord(view, at);
}

/** Whole bits a second, as report-ranks.ts tells them. */
function putRate(values: ColumnValues, bytes: bigint, ns: bigint): void {
  if (ns <= 0n) return values.putNull();
  const rate = (bytes * 8_000_000_000n) / ns;
  values.putInt64(rate > rateMax ? rateMax : rate);
}
