// Where everything stands in memory. Fixed tables first, then the window, then the arena from which the conversation
// table grows. Pages that are never touched cost no memory.

/** Cells of 8 bytes; the order is the order of a partial result's totals (see ../partial-layout.ts). */
export const TOTALS: usize = 0x400;
export const CAPTURED_BYTES: usize = TOTALS;
export const FIRST_NS: usize = TOTALS + 8;
export const LAST_NS: usize = TOTALS + 16;
export const INTERFACES_SEEN: usize = TOTALS + 24;
export const SECTIONS_SEEN: usize = TOTALS + 32;
/** 1: little-endian met, 2: big-endian met. */
export const BYTE_ORDERS: usize = TOTALS + 40;
/** Packets whose time is outside int64 ns, and the extremes of their times in 128 bits. */
export const WIDE_PACKETS: usize = TOTALS + 48;
export const WIDE_FIRST_HIGH: usize = TOTALS + 56;
export const WIDE_FIRST_LOW: usize = TOTALS + 64;
export const WIDE_LAST_HIGH: usize = TOTALS + 72;
export const WIDE_LAST_LOW: usize = TOTALS + 80;
export const UNTIMED_PACKETS: usize = TOTALS + 88;
/** Packets and bytes of conversations, then of address pairs, that sampling keeps out of the table. */
export const DROPPED: usize = TOTALS + 96;
/** Packets and bytes from a to b, then from b to a, of the pinned connection while it is not in the table. */
export const PINNED_DROPPED: usize = TOTALS + 128;
/** Keys with a sample hash below are kept: conversations, address pairs. 2^32: all. */
export const THRESHOLDS: usize = TOTALS + 160;
export const SERIES_SHIFT: usize = TOTALS + 176;
export const SERIES_LOW: usize = TOTALS + 184;
/** Rows from the first to the last; 0: none. */
export const SERIES_ROWS: usize = TOTALS + 192;
/** Entries in the table: conversations, address pairs. */
export const KEPT: usize = TOTALS + 200;
/** Packets that a filter or a span of time was asked of. */
export const EXAMINED: usize = TOTALS + 216;
/** Addresses of what left the table are held whose sample hash is below; 2^32: all. */
export const ADDRESS_THRESHOLD: usize = TOTALS + 224;
/** Times are told from here, in 128 bits: 0, or where they do not fit int64 ns. */
export const BASE_HIGH: usize = TOTALS + 232;
export const BASE_LOW: usize = TOTALS + 240;
/** 1: a packet's time is before that of one before it. */
export const DISORDER: usize = TOTALS + 248;
/** Records of nothing but zeros. */
export const ZERO_RECORDS: usize = TOTALS + 256;
/** Which counts interface statistics told, a bit each, and their sums over interfaces. */
export const STATISTICS_TOLD: usize = TOTALS + 264;
export const STATISTICS_SUMS: usize = TOTALS + 272;
/** Spans with traffic: how often their gap was doubled, and how many are exported. */
export const ACTIVE_SHIFT: usize = TOTALS + 296;
export const ACTIVE_SPANS: usize = TOTALS + 304;
/** Rows of interface statistics that are exported: of the section that went on, and of the last one. */
export const STATISTICS_LEADING: usize = TOTALS + 312;
export const STATISTICS_LAST: usize = TOTALS + 320;
/** 1: a packet has decided what times are told from. */
export const BASE_DECIDED: usize = TOTALS + 328;
/** 1: conversations are those of the innermost IP header, and their entries have cells for paths of tunnels. */
export const INNER: usize = TOTALS + 336;
/** 1: there are more paths of tunnels than fit (paths.ts). */
export const PATHS_FULL: usize = TOTALS + 344;
export const TOTALS_CELLS: i32 = 44;

/** Packets by the number of significant bits of the original length, 0 to 32. */
export const SIZES: usize = 0x800;
/** Packets and bytes by type of tunnel, then by depth (tunnels.ts). */
export const TUNNELS: usize = 0x1000;
/** Packets and bytes by IP protocol; row 256: not captured. */
export const PROTOCOLS4: usize = 0x2000;
export const PROTOCOLS6: usize = 0x4000;
/** A byte for each block of rows of LINKS, then of FAMILIES: 1 where a row may have packets. Few have, of 131,072. */
export const BLOCKS: usize = 0x8000;
export const BLOCK_ROWS: u32 = 512;
const BLOCK_SHIFT: usize = 13;
/** Packets and bytes by LINKTYPE. */
export const LINKS: usize = 0x10000;
/** Packets and bytes that are neither IPv4 nor IPv6, by EtherType; the first rows are the FAMILY_ values. */
export const FAMILIES: usize = 0x110000;
/** Packets and bytes by time, a ring; and its twin for coarsening. */
export const SERIES: usize = 0x210000;
export const SERIES_TWIN: usize = 0x310000;
export const SERIES_ROWS_MAX: i64 = 65536;
export const INTERFACES: usize = 0x410000;
export const INTERFACE_BYTES: usize = 64;
export const INTERFACES_MAX: u32 = 65536;
/** Numbers of the functions that filter packets, a byte for each link type; 0: not asked for yet. */
export const FILTER_SLOTS: usize = 0x810000;
export const FILTER_SLOTS_BYTES: usize = 0x10000;
export const WINDOW: usize = 0x820000;
export const WINDOW_BYTES: usize = 0x400000;
export const WINDOW_END: usize = 0xc20000;
// The compiler's own data begins at --memoryBase 0xc30000; the arena behind it.

/** An 802.3 length instead of an EtherType. */
export const FAMILY_LLC: u32 = 0;
export const FAMILY_LINK_UNKNOWN: u32 = 1;
/** Cut before the first byte of a network header. */
export const FAMILY_CUT: u32 = 2;
export const FAMILY_PPP: u32 = 3;
export const FAMILY_NULL: u32 = 4;
export const FAMILY_RAW: u32 = 5;
/** The link says IPv4 (IPv6), the version nibble does not. */
export const FAMILY_NOT_IPV4: u32 = 6;
export const FAMILY_NOT_IPV6: u32 = 7;
/** 802.11 frames without a readable network header: management, control, encrypted, aggregated. */
export const FAMILY_WLAN: u32 = 8;

export const I64_MAX: i64 = 0x7fffffffffffffff;
export const I64_MIN: i64 = -0x8000000000000000;

/** Adds one packet to a row of two cells. */
// @ts-ignore: decorator
@inline
export function countRow(row: usize, bytes: u64): void {
  store<u64>(row, load<u64>(row) + 1);
  store<u64>(row, load<u64>(row, 8) + bytes, 8);
}

/** A row of LINKS or FAMILIES may have packets from now on. */
// @ts-ignore: decorator
@inline
export function noteRow(row: usize): void {
  store<u8>(BLOCKS + ((row - LINKS) >> BLOCK_SHIFT), 1);
}

// @ts-ignore: decorator
@inline
export function mayHavePackets(row: usize): bool {
  return load<bool>(BLOCKS + ((row - LINKS) >> BLOCK_SHIFT));
}

/** Empties LINKS and FAMILIES. */
export function clearRows(): void {
  for (let row = LINKS; row < SERIES; row += 1 << BLOCK_SHIFT)
    if (mayHavePackets(row)) memory.fill(row, 0, 1 << BLOCK_SHIFT);
}

// @ts-ignore: decorator
@inline
export function add(cell: usize, value: u64): void {
  store<u64>(cell, load<u64>(cell) + value);
}
