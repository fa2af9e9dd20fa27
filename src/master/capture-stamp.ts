import { TriremeError } from '../common/errors.js';
import type { CaptureStamp } from '../ledger/types.js';
import type { OpenCapture } from './open-capture.js';

/** What an open capture is, to be known again later. */
export async function stampOf(capture: OpenCapture, spooled: boolean): Promise<CaptureStamp> {
  const { sizeBytes, modified, content, spoolBytes } = capture;
  return { sizeBytes, modified, content: await content(), spooled, spoolBytes };
}

/**
 * Makes sure that a capture is still the one that was submitted: results of two must never be mixed.
 * @throws TriremeError FILE_CHANGED that says what differs
 */
export async function checkStamp(name: string, capture: OpenCapture, wanted: CaptureStamp): Promise<void> {
  const { sizeBytes, modified, content } = await stampOf(capture, wanted.spooled);
  // What is appended to has another time of change, and is the same up to its size.
  const written = modified !== wanted.modified && capture.grown !== true;
  const differs =
    sizeBytes !== wanted.sizeBytes
      ? `it had ${wanted.sizeBytes} bytes and has ${sizeBytes} now`
      : written
        ? `it was written to at ${timeOf(modified)}`
        : content !== wanted.content
          ? 'its content differs'
          : null;
  if (differs === null) return;
  throw new TriremeError(
    'FILE_CHANGED',
    `${name}: changed since the analysis was submitted: ${differs}; submit it anew`,
  );
}

/** Nanoseconds since 1970 as a date; what a server said, as it is. */
function timeOf(modified: string): string {
  return /^\d+$/.test(modified) ? new Date(Number(BigInt(modified) / 1_000_000n)).toISOString() : modified;
}
