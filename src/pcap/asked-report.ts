import type { ScanOptions, SortOrder } from './types.js';

// What the report of a finished analysis may be asked as, for who asks and for who makes it.

/**
 * Conversations that pairs and the matrix of a report are summed from: in nearly every capture all of them,
 * and their rows still fit a message of the cluster.
 */
export const pairedConversationsMax = 20_000;

/** Nanoseconds of a row while the scan does not know how long the capture is: 1/512 s, whose doublings meet 1 s. */
export const scanIntervalNs = 1_953_125n;

export const reportForms = ['json', 'csv', 'html'] as const;
export type ReportForm = (typeof reportForms)[number];

export interface AskedReport {
  /** The analysis: its name, the order of its conversations, and what it counted. */
  readonly file: string;
  readonly sort: SortOrder;
  readonly scan: ScanOptions;
  /** An AnalyzeResult. */
  readonly result: Uint8Array;
  readonly form: ReportForm;
  /** Of CSV. */
  readonly table: string;
  /** Rows of the long tables at most; null: all that there are. */
  readonly top: number | null;
}

/** What the thread that makes a report answers, once for each time that it is asked for more. */
export type ReportPiece =
  | { readonly event: 'piece'; readonly bytes: Uint8Array }
  | { readonly event: 'end' }
  | { readonly event: 'failed'; readonly code: string; readonly message: string };
