import type { ColumnElement, ColumnStatistics } from './writer-package.js';

/** Characters of a text that is copied one by one, where each is ASCII: a call for so few takes longer. */
const asciiMax = 64;
/** The largest and smallest values that INT64 has. */
const int64Max = (1n << 63n) - 1n;
const int64Min = -(1n << 63n);

/**
 * The values of one column that wait for their row group, as they lie in its page (PLAIN encoding). The
 * package would take an object for each value, which costs four times as much time for a million rows.
 */
export class ColumnValues {
  /** 1: the row has a value. */
  private readonly present: Uint8Array;
  private room = Buffer.allocUnsafe(4096);
  private words = new DataView(this.room.buffer, this.room.byteOffset, this.room.length);
  private length = 0;
  private rows = 0;
  private values = 0;

  /** @param rowsMax rows of a group */
  constructor(
    readonly element: ColumnElement,
    rowsMax: number,
  ) {
    this.present = new Uint8Array(rowsMax);
  }

  get byteLength(): number {
    return this.length;
  }

  get levels(): Uint8Array {
    return this.present.subarray(0, this.rows);
  }

  get nulls(): number {
    return this.rows - this.values;
  }

  get bytes(): Uint8Array {
    const bytes = this.room.subarray(0, this.length);
    return this.element.type === 'BOOLEAN' ? bits(bytes) : bytes;
  }

  putNull(): void {
    this.present[this.rows++] = 0;
  }

  /** @throws RangeError where it is no int64 */
  putInt64(value: bigint): void {
    if (value > int64Max || value < int64Min)
      throw new RangeError(`${this.element.name} has ${value}, and INT64 ends at ${int64Max}: --csv has all digits`);
    const at = this.take(8);
    this.words.setBigInt64(at, value, true);
  }

  /** An unsigned integer of 64 bits. @throws RangeError as putInt64 */
  putCount(from: DataView, at: number): void {
    if (from.getInt32(at + 4, true) < 0) this.putInt64(from.getBigUint64(at, true));
    else this.putWord(from, at);
  }

  /** Eight bytes of an int64 as they lie, little-endian. */
  putWord(from: DataView, at: number): void {
    const to = this.take(8);
    this.words.setInt32(to, from.getInt32(at, true), true);
    this.words.setInt32(to + 4, from.getInt32(at + 4, true), true);
  }

  putInt32(value: number): void {
    const at = this.take(4);
    this.words.setInt32(at, value, true);
  }

  putDouble(value: number): void {
    const at = this.take(8);
    this.room.writeDoubleLE(value, at);
  }

  putFlag(value: boolean): void {
    const at = this.take(1);
    this.room[at] = value ? 1 : 0;
  }

  putText(text: string): void {
    const { length } = text;
    if (length > asciiMax) return this.putLongText(text);
    const at = this.take(4 + length);
    const { room } = this;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.giveBack(4 + length);
        return this.putLongText(text);
      }
      room[at + 4 + i] = code;
    }
    this.words.setUint32(at, length, true);
  }

  private putLongText(text: string): void {
    const length = Buffer.byteLength(text);
    const at = this.take(4 + length);
    this.room.writeUInt32LE(length, at);
    this.room.write(text, at + 4);
  }

  /** Bytes of the column's fixed length. */
  putBytes(bytes: Uint8Array): void {
    const at = this.take(bytes.length);
    this.room.set(bytes, at);
  }

  clear(): void {
    this.length = 0;
    this.rows = 0;
    this.values = 0;
  }

  /** Of integers their range too: readers skip row groups by it. */
  statistics(): ColumnStatistics {
    const null_count = BigInt(this.nulls);
    if (this.element.type !== 'INT64' || this.values === 0) return { null_count };
    const { words } = this;
    let least = 0;
    let most = 0;
    for (let at = 8; at < this.length; at += 8) {
      if (isLess(words, at, least)) least = at;
      else if (isLess(words, most, at)) most = at;
    }
    return { null_count, min_value: words.getBigInt64(least, true), max_value: words.getBigInt64(most, true) };
  }

  /** Room for the bytes of a value of one more row. */
  private take(length: number): number {
    this.present[this.rows++] = 1;
    this.values++;
    const at = this.length;
    this.length += length;
    if (this.length > this.room.length) {
      const larger = Buffer.allocUnsafe(2 * this.length);
      larger.set(this.room.subarray(0, at));
      this.room = larger;
      this.words = new DataView(larger.buffer, larger.byteOffset, larger.length);
    }
    return at;
  }

  /** Takes back the room of the row that was put in last. */
  private giveBack(length: number): void {
    this.rows--;
    this.values--;
    this.length -= length;
  }
}

/** Compares int64 by their halves: numbers, where BigInts would be objects. */
function isLess(words: DataView, one: number, other: number): boolean {
  const [high, otherHigh] = [words.getInt32(one + 4, true), words.getInt32(other + 4, true)];
  return high < otherHigh || (high === otherHigh && words.getUint32(one, true) < words.getUint32(other, true));
}

/** Flags as Parquet packs them: eight a byte, the first one lowest. */
function bits(flags: Uint8Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil(flags.length / 8));
  flags.forEach((flag, i) => (packed[i >> 3] |= flag << (i & 7)));
  return packed;
}
