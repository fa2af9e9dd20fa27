import { join } from 'node:path';
import { projectRoot } from '../../common/version.js';

// What is used of hyparquet-writer: everything of the format but the values of pages, which column-values.ts
// encodes. It is an ES module, which Node 20.15 cannot require: the build bundles it
// (scripts/build-parquet.mjs).

/** A column of a file; parquet.thrift of the format has the words. */
export interface ColumnElement {
  readonly name: string;
  readonly type: 'BOOLEAN' | 'INT32' | 'INT64' | 'DOUBLE' | 'BYTE_ARRAY' | 'FIXED_LEN_BYTE_ARRAY';
  readonly type_length?: number;
  readonly converted_type?: 'UTF8';
  readonly logical_type?: { readonly type: 'TIMESTAMP'; readonly isAdjustedToUTC: boolean; readonly unit: 'NANOS' };
  readonly repetition_type: 'OPTIONAL';
}

/** Bytes of a file that are not taken yet. */
export interface ByteWriter {
  /** Bytes that wait. */
  index: number;
  /** Bytes so far. */
  readonly offset: number;
  finish(): void;
  getBytes(): Uint8Array;
  appendBytes(bytes: Uint8Array): void;
}

export interface ColumnStatistics {
  readonly null_count: bigint;
  readonly min_value?: bigint;
  readonly max_value?: bigint;
}

interface ColumnChunk {
  readonly meta_data: {
    readonly type: ColumnElement['type'];
    readonly encodings: readonly string[];
    readonly path_in_schema: readonly string[];
    readonly codec: 'SNAPPY';
    readonly num_values: bigint;
    readonly total_uncompressed_size: bigint;
    readonly total_compressed_size: bigint;
    readonly data_page_offset: bigint;
    readonly statistics: ColumnStatistics;
  };
  readonly file_offset: bigint;
}

interface ParquetWriter {
  num_rows: bigint;
  readonly row_groups: {
    readonly columns: readonly ColumnChunk[];
    readonly total_byte_size: bigint;
    readonly num_rows: bigint;
    readonly total_compressed_size: bigint;
  }[];
  kvMetadata: readonly { readonly key: string; readonly value: string }[] | undefined;
  /** Writes the footer. */
  finish(): void;
}

interface PageHeader {
  readonly type: 'DATA_PAGE_V2';
  readonly uncompressed_page_size: number;
  readonly compressed_page_size: number;
  readonly data_page_header_v2: {
    readonly num_values: number;
    readonly num_nulls: number;
    readonly num_rows: number;
    readonly encoding: 'PLAIN';
    readonly definition_levels_byte_length: number;
    readonly repetition_levels_byte_length: number;
    readonly is_compressed: boolean;
  };
}

interface WriterPackage {
  readonly ByteWriter: new () => ByteWriter;
  readonly ParquetWriter: new (options: {
    readonly writer: ByteWriter;
    readonly schema: readonly (ColumnElement | { readonly name: string; readonly num_children: number })[];
    readonly createdBy: string;
  }) => ParquetWriter;
  readonly writePageHeader: (writer: ByteWriter, header: PageHeader) => void;
  /** Definition levels. Returns their bytes. */
  readonly writeRleBitPackedHybrid: (writer: ByteWriter, values: Uint8Array, bitWidth: number) => number;
  readonly snappyCompress: (bytes: Uint8Array) => Uint8Array;
}

export type { ColumnChunk, ParquetWriter };

const requireAny = require as (id: string) => unknown;

/** Loaded only where a Parquet file is written. */
export function loadWriterPackage(): WriterPackage {
  return requireAny(join(projectRoot, 'dist', 'parquet-writer.js')) as WriterPackage;
}
