import { emptyFile, looksTransferredAsText } from '../pcap/foreign.js';
import type { CaptureFacts, CaptureReport, NotACapture } from '../pcap/report-types.js';
import type { Compression } from './compression.js';
import type { InflateOutcome } from './inflated.js';

/** A report with what the file around the capture adds. */
export type CaptureEntry = (CaptureFacts & { readonly compression: Compression | null }) | NotACapture;

/** Bytes from the start of a damaged capture that are looked at for the marks of a transfer as text. */
const textBytes = 64 * 1024;

const transferRemedy = 'its line ends were changed by a transfer as text (FTP in ASCII mode): transfer it again in binary mode';

/** In place of what a report says of a cut. */
export const notCut = {
  truncated: false,
  truncated_offset: undefined,
  truncated_claimed: undefined,
  truncated_held: undefined,
} as const;

/**
 * The entry of a file that was counted to the size that it had when it was opened and has more bytes by now: the record in
 * which it ended then is one that was not yet complete.
 */
export function stillWritten<T extends { readonly error: string | null }>(entry: T): T {
  return entry.error === null ? { ...entry, ...notCut, grew: true } : entry;
}

/**
 * The report of a capture that came out of a compressed stream. Damage of that stream is damage of the capture, told
 * with its offset in the file as it is stored; of a cut the report has already been told. `firstBytes` gives the start of
 * a file that is not packed, which may tell why it is damaged.
 */
export function capturedIn(
  report: CaptureReport,
  compression: Compression | null,
  { truncated, damage, restBytes = 0 }: InflateOutcome,
  firstBytes: () => Uint8Array = () => new Uint8Array(0),
): CaptureEntry {
  if (report.error === 'not-a-capture') {
    if (damage !== null) return { ...report, error_detail: damage };
    if (compression === null || !truncated) return report;
    const cut = `the ${compression} stream is cut short`;
    // What came out of it is empty, the file is not.
    const nothing = report.error_detail === emptyFile;
    return { ...report, error_detail: nothing ? `${cut} before its first byte` : `${report.error_detail}: ${cut}` };
  }
  if (report.error !== null && looksTransferredAsText(firstBytes().subarray(0, textBytes)))
    return { ...report, error_detail: `${report.error_detail}; ${transferRemedy}`, compression };
  const rest = restBytes > 0 ? { rest_bytes: restBytes } : {};
  if (report.error !== null || damage === null) return { ...report, ...rest, compression };
  return { ...report, ...notCut, error: 'damaged', error_detail: damage, compression };
}
