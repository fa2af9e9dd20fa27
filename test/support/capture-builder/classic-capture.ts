import { join, writer, zeros, type ByteOrder } from './bytes.js';

export interface ClassicRecord {
  readonly bytes: Uint8Array;
  readonly seconds?: number;
  /** Micro- or nanoseconds as stored; may be a second or more. */
  readonly fraction?: number;
  /** On the wire; the captured length by default. */
  readonly originalLength?: number;
  /** Written in place of the true captured length: damage, or a snap length's doing. */
  readonly capturedLength?: number;
}

export interface ClassicForm {
  readonly order?: ByteOrder;
  readonly nanoseconds?: boolean;
  /** Before 2.3 the two lengths of a record are the other way round. */
  readonly version?: readonly [number, number];
  readonly linkType?: number;
  /** The upper 16 bits of the link type's word (length of the frame check sequence). */
  readonly upperBits?: number;
  readonly snapLength?: number;
}

/** Where the first record of every classic capture begins. */
export const classicHeaderBytes = 24;

/** A classic capture; records longer than the snap length (0: none) are cut to it. */
export function classicCapture(records: readonly ClassicRecord[], form: ClassicForm = {}): Uint8Array {
  return join(classicHeader(form), ...records.map((record, i) => classicRecord(record, form, i)));
}

export function classicHeader(form: ClassicForm = {}): Uint8Array {
  const { u16, u32 } = writer(form.order ?? 'little');
  const [major, minor] = form.version ?? [2, 4];
  const linkWord = (((form.upperBits ?? 0) << 16) | (form.linkType ?? 1)) >>> 0;
  const magic = form.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  return join(u32(magic), u16(major), u16(minor), zeros(8), u32(form.snapLength ?? 262_144), u32(linkWord));
}

/** One record; without a time of its own, record `index` is `index` seconds and 1,000 fractions after 1.7e9. */
export function classicRecord(record: ClassicRecord, form: ClassicForm = {}, index = 0): Uint8Array {
  const { u32 } = writer(form.order ?? 'little');
  const kept = form.snapLength ? record.bytes.subarray(0, form.snapLength) : record.bytes;
  const captured = u32(record.capturedLength ?? kept.length);
  const original = u32(record.originalLength ?? record.bytes.length);
  const [major, minor] = form.version ?? [2, 4];
  const swapped = major < 2 || (major === 2 && minor < 3);
  return join(
    u32(record.seconds ?? 1_700_000_000 + index),
    u32(record.fraction ?? index * 1000),
    ...(swapped ? [original, captured] : [captured, original]),
    kept,
  );
}
