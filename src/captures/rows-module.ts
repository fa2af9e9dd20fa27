import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileScanModule } from '../pcap/scan-module.js';
import { RowWriter } from '../pcap/rows/row-writer.js';

let writer: RowWriter | undefined;

/** What makes text of long tables, compiled when the first one is written. */
export function loadRowWriter(): RowWriter {
  writer ??= new RowWriter(compileScanModule(readFileSync(join(__dirname, '..', 'pcap', 'rows.wasm'))));
  return writer;
}
