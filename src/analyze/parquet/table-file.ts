import { Spool } from '../files/spool.js';
import type { Field } from '../tables.js';
import { ColumnValues } from './column-values.js';
import type { ParquetColumn } from './columns.js';
import { loadWriterPackage, type ByteWriter, type ColumnChunk, type ParquetWriter } from './writer-package.js';

/** Rows that are encoded together: readers skip whole groups, and use a core for each. */
export const rowGroupRowsMax = 65_536;
/** Bytes of one column of a group, where its texts are long: so a group is a few times this in memory. */
export const columnBytesMax = 8 * 1024 * 1024;

/** The Parquet file of one table: rows go in one by one, and lie on the disk by row groups. */
export class TableFile {
  private readonly spool: Spool;
  private readonly bytes: ByteWriter;
  private readonly writer: ParquetWriter;
  /** The rows that wait, by column of the table: the values of each of its elements. */
  private readonly values: readonly (readonly ColumnValues[])[];
  private readonly all: readonly ColumnValues[];
  private waiting = 0;

  /** @param rowsMax smaller in tests */
  constructor(
    folder: string,
    private readonly columns: readonly ParquetColumn[],
    private readonly rowsMax = rowGroupRowsMax,
    private readonly bytesMax = columnBytesMax,
  ) {
    const { ByteWriter, ParquetWriter } = loadWriterPackage();
    this.values = columns.map(({ elements }) => elements.map((element) => new ColumnValues(element, rowsMax)));
    this.all = this.values.flat();
    this.spool = new Spool(folder);
    this.bytes = new ByteWriter();
    this.bytes.finish = () => this.flush();
    this.writer = new ParquetWriter({
      writer: this.bytes,
      schema: [{ name: 'root', num_children: this.all.length }, ...this.all.map(({ element }) => element)],
      createdBy: 'trireme',
    });
  }

  /** A row's fields in the order of the columns; those that are left out at the end are empty. */
  add(fields: readonly Field[]): void {
    for (let i = 0; i < this.columns.length; i++) this.columns[i].put(fields[i], this.values[i]);
    this.rowAdded();
  }

  /** Rows that someone else puts into the values, column by column. */
  addAll(rows: number, put: (row: number, values: readonly ColumnValues[]) => void): void {
    for (let row = 0; row < rows; row++) {
      put(row, this.all);
      this.rowAdded();
    }
  }

  /**
   * The whole file. Call it once, and close() behind it. @param notes what is to be known of its rows, for its metadata
   */
  finish(notes: readonly string[]): Iterable<Uint8Array> {
    if (this.waiting > 0) this.writeGroup();
    if (notes.length > 0) this.writer.kvMetadata = notes.map((value) => ({ key: 'trireme.note', value }));
    this.writer.finish();
    return this.spool.pieces();
  }

  close(): void {
    this.spool.close();
  }

  private rowAdded(): void {
    this.waiting++;
    if (this.waiting < this.rowsMax && this.all.every(({ byteLength }) => byteLength < this.bytesMax)) return;
    this.writeGroup();
  }

  private writeGroup(): void {
    const from = this.bytes.offset;
    const columns = this.all.map((values) => writeChunk(this.bytes, values));
    this.writer.row_groups.push({
      columns,
      total_byte_size: columns.reduce((sum, { meta_data }) => sum + meta_data.total_uncompressed_size, 0n),
      num_rows: BigInt(this.waiting),
      total_compressed_size: BigInt(this.bytes.offset - from),
    });
    this.writer.num_rows += BigInt(this.waiting);
    for (const values of this.all) values.clear();
    this.waiting = 0;
    this.flush();
  }

  private flush(): void {
    this.spool.write(this.bytes.getBytes());
    this.bytes.index = 0;
  }
}

/** Writes the values of a column as one page. */
function writeChunk(writer: ByteWriter, values: ColumnValues): ColumnChunk {
  const { ByteWriter, snappyCompress, writePageHeader, writeRleBitPackedHybrid } = loadWriterPackage();
  const levels = new ByteWriter();
  writeRleBitPackedHybrid(levels, values.levels, 1);
  const plain = values.bytes;
  const packed = snappyCompress(plain);
  const from = writer.offset;
  const rows = values.levels.length;
  writePageHeader(writer, {
    type: 'DATA_PAGE_V2',
    uncompressed_page_size: levels.offset + plain.length,
    compressed_page_size: levels.offset + packed.length,
    data_page_header_v2: {
      num_values: rows,
      num_nulls: values.nulls,
      num_rows: rows,
      encoding: 'PLAIN',
      definition_levels_byte_length: levels.offset,
      repetition_levels_byte_length: 0,
      is_compressed: true,
    },
  });
  const headerBytes = writer.offset - from;
  writer.appendBytes(levels.getBytes());
  writer.appendBytes(packed);
  return {
    meta_data: {
      type: values.element.type,
      encodings: ['PLAIN', 'RLE'],
      path_in_schema: [values.element.name],
      codec: 'SNAPPY',
      num_values: BigInt(rows),
      total_uncompressed_size: BigInt(headerBytes + levels.offset + plain.length),
      total_compressed_size: BigInt(writer.offset - from),
      data_page_offset: BigInt(from),
      statistics: values.statistics(),
    },
    file_offset: BigInt(from),
  };
}
