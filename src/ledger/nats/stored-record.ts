import { decodeRecord, encodeRecord } from '../record-codec.js';
import type { AnalysisRecord } from '../types.js';
import { storedRecordBytesMax } from './limits.js';

/** A record with where its bytes are: written by compare-and-set, so what it does not name does not exist. */
export interface StoredRecord {
  readonly record: AnalysisRecord;
  /** Objects of finished chunks, by the chunk's key. */
  readonly chunks: ReadonlyMap<string, string>;
  /** Object of the result; empty: none. */
  readonly resultObject: string;
}

/** A stored record and the revision of its key, for compare-and-set. */
export interface FoundRecord extends StoredRecord {
  readonly keyRevision: number;
}

type Flat = AnalysisRecord & { chunkObjects?: [string, string][]; resultObject?: string };

export function encodeStored({ record, chunks, resultObject }: StoredRecord): Uint8Array {
  return encodeRecord({ ...record, chunkObjects: [...chunks], resultObject } as Flat);
}

/** Null: damaged, or of another form. */
export function decodeStored(bytes: Uint8Array): StoredRecord | null {
  const flat = decodeRecord(bytes, storedRecordBytesMax) as Flat | null;
  if (flat === null) return null;
  const { chunkObjects = [], resultObject = '', ...record } = flat;
  return { record, chunks: new Map(chunkObjects), resultObject };
}
