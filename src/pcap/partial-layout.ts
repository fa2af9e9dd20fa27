/**
 * The flat bytes of a mergeable result, little-endian:
 *
 *   header   u32: magic and version, IPv4 entries, IPv6 entries, link rows, family rows, IPv4 protocol rows, IPv6 protocol
 *            rows, tunnel rows, series rows, addresses, bytes of sketches, bytes of paths; then u64: the total length, bytes of
 *            TCP's state, bytes of names
 *   totals   44 cells of u64 (assembly/layout.ts names them)
 *   sizes    33 counts of u64
 *   rows     link, family, IPv4 protocol, IPv6 protocol, tunnel: number, packets, bytes as u64; only rows with packets
 *   series   packets, bytes as u64, from the first row to the last
 *   statistics  rows of the section that went on, then of the last one (assembly/statistics.ts); the totals
 *               tell how many
 *   spans    first ns, last ns of each span with traffic; the totals tell how many
 *   names    what tells names, or what was counted of it (names/collector.ts), where it was asked for
 *   paths    of tunnels (assembly/paths.ts), where conversations are those inside of them
 *   entries  IPv4 then IPv6, as assembly/entries.ts lays them out, each in the order of the table's hash
 *   tcp      state of TCP conversations (assembly/tcp-exchange.ts), where it was asked for
 *   left     addresses, then sketches, of what is not in the full table (assembly/sketch-exchange.ts)
 */
export const partialMagic = 0x08_50_52_54;
export const headerBytes = 72;
export const lengthAt = 48;
export const tcpBytesAt = 56;
export const namesBytesAt = 64;
export const totalsCells = 44;
export const sizesRows = 33;
export const sparseRowBytes = 24;
export const seriesRowBytes = 16;
export const statisticsRowBytes = 32;
export const spanBytes = 16;
export const entry4Bytes = 80;
export const entry6Bytes = 104;
/** Behind each entry, where conversations are those inside of tunnels. */
export const entryTailBytes = 8;
export const addressRowBytes = 72;
/** All buckets of all sketches, each with its large cells: more cannot come of one scan. */
export const sketchBytesMax = 64 * 1024 * 1024;

/** assembly/paths.ts: PATHS_BYTES_MAX. */
export const pathsBytesMax = 64 * 1024 * 1024;

/** Rows that each sparse table has at most, in the order of the layout. */
export const sparseRowsMax = [65_536, 65_536, 257, 257, 120] as const;
export const seriesRowsMax = 65_536;
/** Of each of the two sections: as many as there are interfaces. */
export const statisticsRowsMax = 65_536;
/** assembly/activity.ts: SPANS_MAX and its two ends. */
export const spansMax = 8_194;

/** Cells of the totals that the code outside the kernel reads. */
export const cells = {
  capturedBytes: 0,
  firstNs: 1,
  lastNs: 2,
  interfaces: 3,
  sections: 4,
  byteOrders: 5,
  widePackets: 6,
  wideFirstHigh: 7,
  wideFirstLow: 8,
  wideLastHigh: 9,
  wideLastLow: 10,
  untimedPackets: 11,
  droppedPackets: 12,
  droppedBytes: 13,
  droppedPairPackets: 14,
  droppedPairBytes: 15,
  pinnedDropped: 16,
  thresholds: 20,
  seriesShift: 22,
  seriesLow: 23,
  seriesRows: 24,
  kept: 25,
  examined: 27,
  addressThreshold: 28,
  baseHigh: 29,
  baseLow: 30,
  disorder: 31,
  zeroRecords: 32,
  statisticsTold: 33,
  statisticsSums: 34,
  activeShift: 37,
  activeSpans: 38,
  statisticsLeading: 39,
  statisticsLast: 40,
  baseDecided: 41,
  inner: 42,
  pathsFull: 43,
} as const;

/** A threshold of the totals that keeps all. */
export const allKept = 1n << 32n;
