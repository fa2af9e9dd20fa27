import type { CaptureEntry } from '../captures/scan/capture-entry.js';
import type { Compression } from '../captures/packed/compression.js';
import type { InflateOutcome } from '../captures/packed/inflated.js';
import type { JoinEntry } from '../captures/join/join-entry.js';
import type { BesideBytes } from './read-index.js';
import type { CaptureBytes } from './open-capture.js';
import type { ChunkPlan, ChunkResult, ScanOptions, SortOrder } from '../pcap/types.js';

/** What the merge of one analysis is told at its start. */
export interface MergeData {
  readonly module: WebAssembly.Module;
  /** Descriptors belong to the process: the thread reads the very file that the master opened. */
  readonly bytes: CaptureBytes;
  /** Of the capture, or its URL. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly chunkBytes: number;
  readonly scan: ScanOptions;
  /** An index beside the capture may say which pieces of it are read; that of a file is here. */
  readonly byIndex: boolean;
  readonly beside: BesideBytes | null;
  readonly top: number;
  readonly sort: SortOrder;
}

/** A result, whose partial is transferred. */
export interface MergeOffer {
  readonly result: ChunkResult;
  readonly outcome: InflateOutcome;
}

/** To the thread. */
export type MergeRequest =
  { readonly request: 'start'; readonly data: MergeData } | { readonly request: 'offer'; readonly offer: MergeOffer };

/** A file of a joined capture: its position among the parts, and how it is packed. */
export interface PlannedFile {
  readonly part: number;
  readonly compression: Compression | null;
}

/** From the thread. */
export type MergeEvent =
  /** Comes a second time where an index did not fit its capture: what was planned before is not wanted any more. */
  | {
      readonly type: 'planned';
      readonly plans: readonly ChunkPlan[];
      readonly compression: Compression | null;
      /** What the chunks are scanned with: what was asked for, and what the capture's first packet adds to it. */
      readonly scan: ScanOptions;
      /** Of a joined capture: the files of each plan. */
      readonly files?: readonly (readonly PlannedFile[])[];
      /** What there is to say of the capture's index; empty: nothing. */
      readonly note?: string;
    }
  /** An offer was taken in: up to where all is proven, and plans whose results cannot matter any more. */
  | { readonly type: 'merged'; readonly provenBytes: number; readonly unwanted: readonly ChunkPlan[] }
  /** Of a joined capture with the files of the plan. */
  | { readonly type: 'rescan'; readonly plan: ChunkPlan; readonly files?: readonly PlannedFile[] }
  | { readonly type: 'walking' }
  | {
      readonly type: 'complete';
      readonly reportJson: string;
      readonly counts: ReportCounts;
      /** Of a joined capture: names of files that gave no counts. */
      readonly failed?: readonly string[];
    }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

/** The first facts of a report as they travel beside it. */
export interface ReportCounts {
  readonly format: string;
  readonly packets: bigint;
  readonly ipv4Tcp: bigint;
  readonly connectionPackets: bigint;
  readonly conversations: bigint;
  readonly truncated: boolean;
  readonly error: string;
}

/** The first facts of an entry. */
export function countsOf(entry: CaptureEntry | JoinEntry): ReportCounts {
  if (entry.error !== null && entry.error !== 'damaged') {
    const none = { packets: 0n, ipv4Tcp: 0n, connectionPackets: 0n, conversations: 0n };
    return { ...none, format: '', truncated: false, error: entry.error };
  }
  return {
    format: entry.format,
    packets: BigInt(entry.packets),
    ipv4Tcp: BigInt(entry.ipv4_tcp),
    connectionPackets: BigInt(entry.connection?.packets ?? 0),
    conversations: BigInt(entry.conversations),
    truncated: entry.truncated,
    error: entry.error ?? '',
  };
}
