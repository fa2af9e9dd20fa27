import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RowWriter } from '../../pcap/rows/row-writer.js';

let compiled: WebAssembly.Module | undefined;

/** The scanner, compiled once per process. Threads are sent this module and compile nothing. */
export function loadScanModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(join(__dirname, '..', '..', 'pcap', 'scan.wasm')));
  return compiled;
}

/** Whether this process has scanned with it. */
export const scanned = (): boolean => compiled !== undefined;

let writer: RowWriter | undefined;

/** What makes text of long tables, compiled when the first one is written. */
export function loadRowWriter(): RowWriter {
  writer ??= new RowWriter(new WebAssembly.Module(readFileSync(join(__dirname, '..', '..', 'pcap', 'rows.wasm'))));
  return writer;
}
