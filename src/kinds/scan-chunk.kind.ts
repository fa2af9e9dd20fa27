import { sameAnswer } from './audit.js';
import type * as ChunkPayload from './chunk-payload.js';
import type * as ChunkScan from './chunk-scan.js';
import type { Kind } from './kind.js';
import type * as Calibration from './scan-calibration.js';

// Loaded when they are needed: the roles that only want the kind's name do not pay for the scanner, and the generated
// messages, which the first chunk needs, bring gRPC along: 77 ms and 14 MB on every job thread.
const scan = (): typeof ChunkScan => require('./chunk-scan.js') as typeof ChunkScan;
const calibration = (): typeof Calibration => require('./scan-calibration.js') as typeof Calibration;

/** Scans one chunk of a capture, from a file of this machine or from bytes that the hub sends. The unit is one byte. */
export const kind: Kind = {
  number: 100,
  name: 'SCAN_CHUNK',
  clientMay: false,
  needsSource: true,
  // A table of as many conversations as an analysis may have.
  resultBytesMax: 2 ** 30,
  // Only silence counts. Uploads end after 30 s of it and URLs after 60 s, each with its own words; a disk that is busy
  // gives something within this time, and one that gives nothing hangs.
  timeoutSeconds: 90,
  // A file that is gone for one worker may have been there for another.
  audit: { ...sameAnswer(100), inconclusive: (answer) => scan().hasFailedFiles(answer) },
  unitsOf: (payload) => (require('./chunk-payload.js') as typeof ChunkPayload).bytesOf(payload),
  calibrate: () => calibration().scanSecondsPerByte(),
  run: (batch) => scan().scanChunk(batch),
};
