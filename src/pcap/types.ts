/**
 * The words that the capture engine shares with those who call it: analyze on one core or all, the master, the workers.
 * The engine is pure: bytes are pushed in, facts come out. Files, sockets and threads are the callers'.
 */

/** An endpoint: the address as 4 or 16 bytes in network order, and a port. */
export interface Endpoint {
  readonly address: Uint8Array;
  readonly port: number;
}

/** What changes the content of a scan. Plain JSON, so that it travels to threads and workers as it is. */
export interface ScanOptions {
  /** Nanoseconds of one row of the time series, in decimal; null: no series. */
  readonly intervalNs: string | null;
  /** Conversations held at once, and as many address pairs of packets that belong to none. */
  readonly conversationsMax: number;
  /** The one TCP connection to count, as "A:P" texts that parseEndpoint has accepted; null: none. */
  readonly connection: { readonly client: string; readonly server: string } | null;
  /** Only packets that match this expression of pcap-filter(7) are counted; undefined: all. */
  readonly filter?: string;
  /** 'transparent': the filter sees packets without their VLAN tags, as the counts do; undefined: as tcpdump. */
  readonly filterTags?: 'transparent';
  /** Only packets of this span of time are counted; undefined: all. */
  readonly span?: TimeSpan;
  /** True: conversations and endpoints are those of the innermost IP header of each packet. */
  readonly inner?: boolean;
  /** True: the health of TCP conversations is told. */
  readonly tcp?: boolean;
  /** True: what packets tell of names is told. */
  readonly names?: boolean;
  /** True: packets are counted and not looked into, so that the report has their number and their link types alone. */
  readonly onlyNumbers?: boolean;
  /**
   * Seed of the table's hash, 0 to 2^32-1; all chunks of one analysis share it. No result depends on it. A random one
   * keeps the author of a capture from choosing flows that collide. Default: a constant.
   */
  readonly hashSeed?: number;
  /**
   * What times are counted from where they do not fit int64 ns, ns since 1970 in decimal; undefined: the
   * first packet of the file decides. Joined files say it, because all of them count from the same.
   */
  readonly timeBase?: string;
}

/**
 * after <= time < before, in decimal: ns since 1970, or behind a '+' ns from the first packet of the file
 * that has a time; null: no bound.
 */
export interface TimeSpan {
  readonly after: string | null;
  readonly before: string | null;
  /** Time of that first packet, where it is known before the scan; undefined: the scan begins with it. */
  readonly first?: string;
}

/** What changes only how a finished scan is told. */
export interface ReportOptions {
  /** Rows of `top` and of `endpoints`. */
  readonly top: number;
  readonly sort: SortOrder;
  /** How the capture was packed before its bytes were pushed. */
  readonly compression: 'none' | 'gzip' | 'zstd' | 'lz4';
  /** Long tables are told as PackedRows; by default all are arrays. */
  readonly packedRows?: boolean;
  /** The packed stream itself ended early: the capture is truncated even if the cut fell between two records. */
  readonly inputCut?: boolean;
}

export type SortOrder = 'bytes' | 'packets' | 'duration' | 'start';

/** An interface of a pcapng section, as far as it matters for reading packets. */
export interface InterfaceState {
  readonly linkType: number;
  readonly snapLength: number;
  /** Exponent byte of if_tsresol (default 6: microseconds). */
  readonly timeResolution: number;
  /** Seconds of if_tsoffset, in decimal. */
  readonly timeOffsetSeconds: string;
}

/** All that a reader must know to go on reading at a record boundary in the middle of a file. */
export interface ReadState {
  readonly format: 'pcap' | 'pcap-nsec' | 'pcapng';
  readonly byteOrder: 'little' | 'big';
  /** Classic captures: exactly one. pcapng: those of the current section, in order. */
  readonly interfaces: readonly InterfaceState[];
  /** Classic files before 2.3 hold a record's two lengths the other way round. */
  readonly lengthsSwapped: boolean;
  /**
   * What times are counted from, ns since 1970 in decimal, where that is decided; undefined: the next packet decides.
   */
  readonly timeBase?: string;
}

/** What the first bytes of a file told. */
export interface CaptureHeader {
  /** State after the headers that lead the file; null when the bytes are no capture's or end inside them. */
  readonly state: ReadState | null;
  /** Offset of the first record after those headers; 0 when state is null. */
  readonly firstRecord: number;
  readonly fileSize: number;
}

/**
 * Members or frames of a packed file, one after the other. What those before them inflate to is not known
 * when ranges are planned, so positions in a packed file that is cut have gaps: each range begins at a
 * position past all that the one before it may inflate to.
 */
export interface PackedRange {
  /** Where it begins in the file as it is stored. */
  readonly from: number;
  /** Where the next one begins; null: it goes on to the end of the file. */
  readonly to: number | null;
  /** Position of the first byte that it inflates to. */
  readonly position: number;
  /** Bytes that it may inflate to; the next range has the position behind them. */
  readonly bytesMax: number;
  /**
   * Bytes that what is before it inflates to, where they are known; then the bound of a whole file holds in
   * place of bytesMax.
   */
  readonly before?: number;
}

/** What was found of a PackedRange. */
export interface RangeFacts {
  /** Bytes that it inflates to, as far as it was inflated. */
  readonly bytes: number;
  /** The same with what was inflated behind its end, in whole pieces, to complete the last record. */
  readonly inflated: number;
  /** It was inflated to its end, without damage, and it ends where the next one begins. */
  readonly fits: boolean;
}

/** A byte range of a capture and what is known about its start. */
export interface ChunkPlan {
  /** Position in the file at which the pushed bytes begin. */
  readonly start: number;
  /** The chunk ends at the first record boundary at or past this position; null: it runs to the end of the file. */
  readonly end: number | null;
  /** True: start is a record boundary (or 0, the file header). False: the scanner looks for a plausible one first. */
  readonly startCertain: boolean;
  /**
   * The state in force at start, assumed or proven; null only for a chunk that begins with the file header (start 0).
   */
  readonly state: ReadState | null;
  /**
   * With tcp: states of conversations before the chunk, in base64, because what was scanned without them did not settle
   * (tcp-pieces.ts); undefined: none is known.
   */
  readonly tcpStates?: string;
  /**
   * These are too many for a plan: all packets of TCP conversations are kept, and whoever knows the states counts them.
   */
  readonly tcpLogged?: true;
  /** Of a joined capture: tells the files of this chunk from others that would lie at the same place. */
  readonly files?: string;
  /** Where the bytes of the chunk are in a packed file of several chunks. */
  readonly packed?: PackedRange;
}

/** The record in which a file ends. */
export interface CutRecord {
  /** Bytes that the record says it has; null where not even its header is whole. */
  readonly claimed: number | null;
  /** Bytes of it that the file holds. */
  readonly held: number;
}

/** Where a scan met what cannot be read. */
export interface Damage {
  readonly offset: number;
  /** For people. */
  readonly detail: string;
  /** What the detail is made of beside the offset: a code and two numbers (damage.ts). */
  readonly words?: readonly [number, number, number];
}

/** What one chunk gave. */
export interface ChunkResult {
  readonly plan: ChunkPlan;
  /** First record boundary, or null when no plausible one was found in the range ("no start found" is an answer). */
  readonly start: number | null;
  /** Where the first record at or past the plan's end begins; where the file ended; or where damage was met. */
  readonly end: number;
  /** State in force at end. Null when the file header itself could not be read. */
  readonly endState: ReadState | null;
  /** The file ended inside a record (at end); null: it did not. */
  readonly cut: CutRecord | null;
  /** Damage that stopped the scan: where, and words for people. */
  readonly damage: Damage | null;
  /** The file header was no capture's: words for people. */
  readonly notACapture: string | null;
  /** The pushed bytes ended here (the caller called end() while more were wanted): nothing follows this chunk. */
  readonly endOfInput: boolean;
  /** Bytes of the file from start to end: what the scan covered. */
  readonly bytes: number;
  /** Of a chunk of a packed file. */
  readonly range?: RangeFacts;
  /** Mergeable facts of the records from start to end; the layout is in partial-layout.ts. */
  readonly partial: Uint8Array;
}

/** What the serial header walk is asked: the first record boundary at or past each cut, read from a proven start. */
export interface WalkPlan {
  readonly start: number;
  readonly state: ReadState;
  /** Ascending positions past start. */
  readonly cuts: readonly number[];
}

export interface WalkResult {
  readonly plan: WalkPlan;
  /** One per cut that was reached before the file or its soundness ended. */
  readonly boundaries: readonly { readonly offset: number; readonly state: ReadState }[];
}

/** Exact: a number up to 2^53 - 1, a bigint above. */
export type Count = number | bigint;
