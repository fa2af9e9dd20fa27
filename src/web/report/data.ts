import type { CaptureFacts, CaptureTotal, ConversationRow, EndpointRow, TimeSeries } from '../../pcap/report-types.js';
import type { Count } from '../../pcap/types.js';

/**
 * What a capture report shows: the document of `trireme analyze --json` with long tables cut, and what it
 * does not hold. It stands in the page as JSON, where counts past 2^53 are text.
 */
export interface ReportData {
  readonly schemaVersion: number;
  /** As in --json, in the same order. */
  readonly results: readonly ReportEntry[];
  readonly total: CaptureTotal;
  /** One for each of results. */
  readonly extras: readonly ReportExtras[];
  /** Every file in one line each, when there are several; of a joined capture always. */
  readonly files: readonly FileLine[];
  readonly filesTotal: number;
  /** The files are one capture, in order of first packet. */
  readonly joined: boolean;
  /** Order of the conversations. */
  readonly sort: string;
  /** Rates in bits, else in bytes. */
  readonly bits: boolean;
}

/** A conversation; with --inner its tunnels in one text, with --tcp the figures of its health that the table has. */
export type ReportConversation = Omit<ConversationRow, 'tcp'> & {
  readonly tunnels?: string;
  readonly health?: ReportHealth | null;
};

export interface ReportHealth {
  /** Segments sent again, without those out of order. */
  readonly resent: number;
  readonly gaps: number;
  readonly zero_windows: number;
  readonly round_trip_ns: number | null;
}

export type FactsEntry = {
  readonly file: string;
  readonly top: readonly ReportConversation[];
  readonly endpoints: readonly EndpointRow[];
  readonly series?: ReportSeries;
} & Omit<CaptureFacts, 'top' | 'top_times' | 'endpoints' | 'files' | 'files_skipped' | 'series'>;

/** A time series; folded: without its long empty stretches. */
export type ReportSeries = TimeSeries & { readonly folded?: true };

/** A capture, or a file that gave no counts. */
export type ReportEntry =
  | FactsEntry
  | {
      readonly file: string;
      readonly error: 'not-a-capture' | 'unreadable' | 'changed';
      readonly error_detail: string;
    };

export interface ReportExtras {
  /** Null for a file without counts. */
  readonly matrix: TrafficMatrix | null;
  /** Lines left out of the protocol tree. */
  readonly protocolsLeftOut: number;
}

export interface FileLine {
  readonly file: string;
  readonly packets: Count;
  /** On the wire; of a joined capture as captured. */
  readonly bytes: Count;
  /** Null for a file of a joined capture, which has no table of its own. */
  readonly conversations: Count | null;
  /** Of a joined capture: ns since the latest packet of the files before. */
  readonly gap_ns: string | null;
  /** What is wrong with the file, or null. */
  readonly note: string | null;
}

/** Who sent how much to whom, among the addresses with the most traffic. */
export interface TrafficMatrix {
  /** Most bytes first. The last stands for all others together when `others` is above 0. */
  readonly addresses: readonly string[];
  readonly others: number;
  /** Only where something was sent; `from` and `to` are positions in addresses. */
  readonly cells: readonly MatrixCell[];
  /** What the cells add up to: packets of the TCP and UDP conversations that they were summed from. */
  readonly packets: Count;
  readonly bytes: Count;
}

export interface MatrixCell {
  readonly from: number;
  readonly to: number;
  readonly packets: Count;
  readonly bytes: Count;
}

export function hasFacts(entry: ReportEntry): entry is FactsEntry {
  return entry.error === null || entry.error === 'damaged';
}
