import { Kernel, noLimit, phases } from './kernel.js';
import { scanOptionsDefault } from './scan-options.js';
import type { CaptureHeader } from './types.js';

/** Record header of the classic captures whose middle can be searched. */
const recordHeadBytes = 16;

/** Give readHeader this many first bytes (or the whole file when it is shorter). */
export const headerBytesWanted = 1024 * 1024;

/** Reads the headers that lead a capture: the state in which later chunks are assumed to start. */
export function readHeader(module: WebAssembly.Module, firstBytes: Uint8Array, fileSize: number): CaptureHeader {
  const kernel = Kernel.acquire(module, scanOptionsDefault, 'walk');
  const { exports } = kernel;
  exports.setHeadersOnly(true);
  exports.beginWindow(0n, noLimit, phases.header, 0);
  const bytes = firstBytes.subarray(0, headerBytesWanted);
  kernel.bytes(exports.spaceAt(), bytes.length).set(bytes);
  exports.filled(bytes.length);
  const phase = exports.phaseNow();
  // A capture with longer record headers (a1b2cd34) is rare and small: its chunks are not looked for.
  const splittable = exports.recordHeadNow() === recordHeadBytes;
  const state = phase === phases.records && splittable ? kernel.readState() : null;
  const firstRecord = Number(exports.position());
  kernel.release();
  return state === null ? { state: null, firstRecord: 0, fileSize } : { state, firstRecord, fileSize };
}
