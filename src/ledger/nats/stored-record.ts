import { decodeRecord, encodeRecord } from '../record-codec.js';
import type { AnalysisRecord } from '../types.js';

/** Bytes of a record: below the largest message of a NATS server by default, 1 MiB. */
export const storedRecordBytesMax = 768 * 1024;

/** A record with where its bytes are: written by compare-and-set, so what it does not name does not exist. */
export interface StoredRecord {
  readonly record: AnalysisRecord;
  /** Objects of finished chunks, by the chunk's key. */
  readonly chunks: ReadonlyMap<string, string>;
  /** Object of the result; empty: none. */
  readonly resultObject: string;
  /**
   * Which lease wrote it, by a random name: NATS may have lost a take, and given its number to another one. Empty:
   * none.
   */
  readonly take: string;
}

/** A stored record and the revision of its key, for compare-and-set. */
export interface FoundRecord extends StoredRecord {
  readonly keyRevision: number;
}

type Flat = AnalysisRecord & { chunkObjects?: [string, string][]; resultObject?: string; take?: string };

/** A record that no lease writes. */
export function withoutLease(record: AnalysisRecord, resultObject = ''): StoredRecord {
  return { record, chunks: new Map(), resultObject, take: '' };
}

export function encodeStored({ record, chunks, resultObject, take }: StoredRecord): Uint8Array {
  return encodeRecord({ ...record, chunkObjects: [...chunks], resultObject, take } as Flat);
}

/** Null: damaged, or of another form. */
export function decodeStored(bytes: Uint8Array): StoredRecord | null {
  const flat = decodeRecord(bytes, storedRecordBytesMax) as Flat | null;
  if (flat === null) return null;
  const { chunkObjects = [], resultObject = '', take = '', ...record } = flat;
  return { record, chunks: new Map(chunkObjects), resultObject, take };
}
