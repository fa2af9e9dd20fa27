import type { Outcome } from '../pcap/report.js';
import type { CaptureReport } from '../pcap/report-types.js';
import type { ReportOptions } from '../pcap/types.js';

/** A scan that holds the counts of a whole file. One of the two ends it. */
export interface WholeScan {
  report(options: ReportOptions): CaptureReport;
  /** A mergeable result, for a capture that goes on in other files; and how the file ended. */
  end(): Outcome & { readonly partial: Uint8Array };
}
