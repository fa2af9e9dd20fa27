import { sameAnswer } from './audit.js';
import type * as ChunkExtract from './chunk-extract.js';
import type * as ChunkPayload from './chunk-payload.js';
import type { Kind } from './kind.js';
import type * as Calibration from './scan-calibration.js';

// What it runs is loaded when it is needed, as that of SCAN_CHUNK.

/**
 * Takes packets out of one chunk of a capture, from a file of this machine or from bytes that the hub sends.
 * The unit is one byte.
 */
export const kind: Kind = {
  number: 102,
  name: 'EXTRACT_CHUNK',
  clientMay: false,
  needsSource: true,
  // The packets (takenBytesMax) and what is told of them.
  resultBytesMax: 2 ** 28,
  timeoutSeconds: 90,
  audit: sameAnswer(102),
  unitsOf: (payload) => (require('./chunk-payload.js') as typeof ChunkPayload).bytesOf(payload),
  calibrate: () => (require('./scan-calibration.js') as typeof Calibration).scanSecondsPerByte(),
  run: (batch) => (require('./chunk-extract.js') as typeof ChunkExtract).extractChunk(batch),
};
