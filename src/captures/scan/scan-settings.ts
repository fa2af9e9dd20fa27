import type { CaptureReport } from '../../pcap/report-types.js';
import type { Outcome } from '../../pcap/report.js';
import type { CaptureEntry } from './capture-entry.js';
import type { ReportOptions, ScanOptions, SortOrder } from '../../pcap/types.js';

/** What an analysis of one capture is asked. */
export interface ScanSettings {
  readonly scan: ScanOptions;
  /** Rows of the tables. */
  readonly top: number;
  readonly sort: SortOrder;
  /** Long tables come as PackedRows, for who writes them; by default all are arrays. */
  readonly packedRows?: boolean;
  /** Threads that may scan, this one included. */
  readonly threadsMax: number;
  /** A file is given one thread for each of these: below twice this, it is scanned by this thread alone. */
  readonly threadBytesMin: number;
  /** Hears of bytes of the file read so far, often; total is null for a pipe. */
  readonly onProgress?: (bytesDone: number, bytesTotal: number | null) => void;
  /** Indexes beside captures; undefined: one that is there is used, and nothing is said of it. */
  readonly index?: IndexSettings;
  /** Only for standard input. */
  readonly input?: InputSettings;
}

/** How a pipe is read whose writer may go on for ever. */
export interface InputSettings {
  /** Aborted: what has come is all there is. */
  readonly ended: AbortSignal;
  /** A signal has asked for the end: bytes that end within a record are no cut then. */
  readonly interrupted: () => boolean;
  /** Milliseconds between two calls of onSoFar; null: none. */
  readonly everyMs: number | null;
  /** Hears what was counted so far, unless nothing has come since it heard last. */
  readonly onSoFar: (entry: CaptureEntry) => void;
}

export interface IndexSettings {
  /** use: one that is there tells which pieces are read; make: one is made while the capture is scanned. */
  readonly mode: 'use' | 'ignore' | 'make';
  /** Hears the bytes of an index that was made. */
  readonly onMade: (bytes: Uint8Array) => void;
  /** Hears how much was read by an index, or why one is not used or not made. */
  readonly onNote: (text: string) => void;
}

/** A scan that holds the counts of a whole file. One of the two ends it. */
export interface WholeScan {
  report(options: ReportOptions): CaptureReport;
  /** A mergeable result, for a capture that goes on in other files; and how the file ended. */
  end(): Outcome & { readonly partial: Uint8Array };
}
