import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileScanModule } from '../pcap/scan-module.js';

let compiled: WebAssembly.Module | undefined;

/** The scanner, compiled once per process. Threads are sent this module and compile nothing. */
export function loadScanModule(): WebAssembly.Module {
  compiled ??= compileScanModule(readFileSync(join(__dirname, '..', 'pcap', 'scan.wasm')));
  return compiled;
}

/** Whether this process has scanned with it. */
export const scanned = (): boolean => compiled !== undefined;
