import { packedRowBytes, type PackedRows, type RowKind } from './packed-rows.js';

/** Numbers of the fields that assembly/index.ts writes. */
export const rowFields = {
  proto: 0,
  a: 1,
  b: 2,
  packets: 3,
  bytes: 4,
  packets_a_to_b: 5,
  bytes_a_to_b: 6,
  packets_b_to_a: 7,
  bytes_b_to_a: 8,
  first_ns: 9,
  last_ns: 10,
  first_ns_a_to_b: 11,
  last_ns_a_to_b: 12,
  first_ns_b_to_a: 13,
  last_ns_b_to_a: 14,
  packets_max: 22,
  bytes_max: 23,
  bits_per_second: 32,
} as const;

export const endpointFields = {
  address: 15,
  packets: 16,
  bytes: 17,
  packets_sent: 18,
  bytes_sent: 19,
  packets_received: 20,
  bytes_received: 21,
} as const;

/** Of an endpoint where the table was full. */
export const boundedEndpointFields = { ...endpointFields, packets_max: 24, bytes_max: 25 } as const;

/**
 * Numbers of the fields that say what a row has at most: packets, bytes. Where a table was not full, just its figures.
 */
export const boundFieldsOf: Readonly<Record<RowKind, readonly number[]>> = {
  conversations: [rowFields.packets_max, rowFields.bytes_max],
  boundedConversations: [rowFields.packets_max, rowFields.bytes_max],
  times: [],
  endpoints: [endpointFields.packets, endpointFields.bytes],
  boundedEndpoints: [boundedEndpointFields.packets_max, boundedEndpointFields.bytes_max],
};

/** How a row is written: texts, and numbers of fields between them. */
export interface RowTemplate {
  readonly parts: readonly (string | number)[];
  /** Times stand in quotes and are null where there is none; else without, and nothing. */
  readonly timesQuoted: boolean;
}

interface Place {
  readonly value: number;
}

interface RowExports {
  readonly memory: WebAssembly.Memory;
  readonly TEMPLATE: Place;
  readonly TEMPLATE_BYTES: Place;
  readonly ROWS: Place;
  readonly ROWS_BYTES: Place;
  readonly TEXT: Place;
  readonly TEXT_BYTES: Place;
  readonly FIELD_BYTES_MAX: Place;
  setQuoted(times: boolean): void;
  writeRows(rows: number, rowBytes: number, steps: number): number;
}

/** A step of a template: its place or field, and the length of a literal. */
const stepBytes = 8;
/** Added to the length of a literal, so that an empty one is still none of a field. */
const literalMark = 256;

/** Makes the text of packed rows without an object for any of them. Pure: bytes in, bytes out. */
export class RowWriter {
  private readonly exports: RowExports;

  /** @param module dist/src/pcap/rows.wasm, compiled */
  constructor(module: WebAssembly.Module) {
    this.exports = new WebAssembly.Instance(module).exports as unknown as RowExports;
  }

  /** Whether a template is short enough for this writer; one with a very long file name may not be. */
  takes({ parts }: RowTemplate): boolean {
    const { TEMPLATE_BYTES, TEXT_BYTES, FIELD_BYTES_MAX } = this.exports;
    const literals = parts.reduce(
      (sum: number, part) => sum + (typeof part === 'string' ? Buffer.byteLength(part) + 8 : 0),
      0,
    );
    return (
      literals + parts.length * stepBytes <= TEMPLATE_BYTES.value &&
      literals + parts.length * FIELD_BYTES_MAX.value <= TEXT_BYTES.value
    );
  }

  /** The text of all rows, in pieces of up to 2 MiB. */
  *write(rows: PackedRows<unknown>, template: RowTemplate): Generator<Uint8Array> {
    const { exports } = this;
    const rowBytes = packedRowBytes[rows.kind];
    const memory = Buffer.from(exports.memory.buffer);
    const most = this.rowsAtOnce(template, rowBytes);
    for (let from = 0; from < rows.length; from += most) {
      const count = Math.min(most, rows.length - from);
      // Laid anew each time: another table may have been written between two pieces of this one.
      this.layTemplate(memory, template);
      memory.set(rows.bytes.subarray(from * rowBytes, (from + count) * rowBytes), exports.ROWS.value);
      exports.setQuoted(template.timesQuoted);
      const end = exports.writeRows(count, rowBytes, template.parts.length);
      yield Buffer.from(memory.subarray(exports.TEXT.value, end));
    }
  }

  private layTemplate(memory: Buffer, { parts }: RowTemplate): void {
    let step = this.exports.TEMPLATE.value;
    let place = step + parts.length * stepBytes;
    for (const part of parts) {
      const length = typeof part === 'string' ? memory.write(part, place) : 0;
      memory.writeUInt32LE(typeof part === 'string' ? place : part, step);
      memory.writeUInt32LE(typeof part === 'string' ? length + literalMark : 0, step + 4);
      place += length;
      step += stepBytes;
    }
  }

  private rowsAtOnce({ parts }: RowTemplate, rowBytes: number): number {
    const { ROWS_BYTES, TEXT_BYTES, FIELD_BYTES_MAX } = this.exports;
    const textMax = parts.reduce(
      (sum: number, part) => sum + (typeof part === 'string' ? Buffer.byteLength(part) : FIELD_BYTES_MAX.value),
      0,
    );
    return Math.max(1, Math.floor(Math.min(ROWS_BYTES.value / rowBytes, TEXT_BYTES.value / textMax)));
  }
}
