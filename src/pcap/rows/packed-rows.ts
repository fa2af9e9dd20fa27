/**
 * Rows of a table, as arrays have them. Long tables are kept as the flat bytes that the scanner gave, a tenth
 * of what objects take; a row becomes an object when it is asked for.
 */
export interface Rows<T> extends Iterable<T> {
  readonly length: number;
  at(number: number): T | undefined;
  slice(from?: number, to?: number): Rows<T>;
  map<U>(make: (row: T, number: number) => U): U[];
}

/** Which rows these bytes are, and as what they are told. Bounded ones are those of a table that was full. */
export type RowKind = 'conversations' | 'boundedConversations' | 'times' | 'endpoints' | 'boundedEndpoints';

/** Bytes of a row, as assembly/packed-rows.ts lays it out. */
export const packedRowBytes: Readonly<Record<RowKind, number>> = {
  conversations: 104,
  boundedConversations: 104,
  times: 104,
  endpoints: 72,
  boundedEndpoints: 88,
};

export class PackedRows<T> implements Rows<T> {
  readonly length: number;
  private readonly view: DataView;

  constructor(
    readonly kind: RowKind,
    readonly bytes: Uint8Array,
    private readonly read: (view: DataView, at: number) => T,
  ) {
    this.length = bytes.length / packedRowBytes[kind];
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  at(number: number): T | undefined {
    const place = number < 0 ? this.length + number : number;
    return place < 0 || place >= this.length ? undefined : this.read(this.view, place * packedRowBytes[this.kind]);
  }

  slice(from = 0, to = this.length): PackedRows<T> {
    const size = packedRowBytes[this.kind];
    const place = (number: number): number =>
      Math.min(this.length, Math.max(0, number < 0 ? this.length + number : number));
    return new PackedRows(
      this.kind,
      this.bytes.subarray(place(from) * size, Math.max(place(from), place(to)) * size),
      this.read,
    );
  }

  map<U>(make: (row: T, number: number) => U): U[] {
    return Array.from({ length: this.length }, (_, i) => make(this.at(i)!, i));
  }

  /** What JSON.stringify sees: an array. */
  toJSON(): T[] {
    return [...this];
  }

  *[Symbol.iterator](): Generator<T> {
    for (let i = 0; i < this.length; i++) yield this.at(i)!;
  }
}
