import { crc32 } from 'node:zlib';
import type { AnalysisRecord, AnalysisState } from './types.js';

/** A record holds a path of up to 4096 characters twice, and facts; a larger one is damage. */
const recordBytesMax = 256 * 1024;

/** Version of the form of records. One of another form is refused: guessing could mix what must not be mixed. */
const recordForm = 1;

const states: readonly AnalysisState[] = ['queued', 'running', 'done', 'failed', 'cancelled'];

/** A record as one line of JSON, for stores that see to its checksum themselves. */
export function recordText(record: AnalysisRecord): string {
  return JSON.stringify({ form: recordForm, ...record });
}

/** Null: it is no record, or one of another form. */
export function recordOf(text: string): AnalysisRecord | null {
  try {
    const { form, ...record } = JSON.parse(text) as AnalysisRecord & { form: number };
    // Records from before there were owners have none.
    return form === recordForm && states.includes(record.state) ? { ...record, owner: record.owner ?? '' } : null;
  } catch {
    return null;
  }
}

/** A record as stored: one line of JSON after its CRC-32. */
export function encodeRecord(record: AnalysisRecord): Uint8Array {
  const json = Buffer.from(recordText(record));
  const bytes = Buffer.allocUnsafe(4 + json.length);
  bytes.writeUInt32LE(crc32(json), 0);
  json.copy(bytes, 4);
  return bytes;
}

/** Null: damaged, or of another form. */
export function decodeRecord(bytes: Uint8Array, bytesMax = recordBytesMax): AnalysisRecord | null {
  if (bytes.length < 5 || bytes.length > bytesMax) return null;
  const json = Buffer.from(bytes.buffer, bytes.byteOffset + 4, bytes.length - 4);
  if (Buffer.from(bytes.buffer, bytes.byteOffset, 4).readUInt32LE(0) !== crc32(json)) return null;
  return recordOf(json.toString());
}
