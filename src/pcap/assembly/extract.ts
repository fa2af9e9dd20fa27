// Records that are wanted, byte for byte as they stand in the file: copied behind each other, and taken from
// here after each portion of the file. Of pcapng all blocks but unwanted packets are kept.

import { reserveAny } from './arena';
import { WINDOW_BYTES } from './layout';

/** Records are copied out instead of counted. */
export let extracting: bool = false;
/** The block under the reader's eye is a packet that is not wanted. */
export let dropped: bool = false;
/** Packets kept so far. */
export let keptPackets: u64 = 0;
/** All packets that were wanted are there: nothing behind the last one is looked at. */
export let full: bool = false;
/** Bytes of a record that is larger than the window, which cannot be copied; 0: none was met. */
export let longRecord: u64 = 0;

let most: u64 = 0;
let start: usize = 0;
let end: usize = 0;

export function stopExtracting(): void {
  extracting = false;
  full = false;
}

/**
 * From now on wanted records are copied out, so many packets at most. What one filling of the window holds
 * fits behind so many bytes that were not taken yet.
 */
export function beginExtracting(packetsMax: u64, leftBytes: u32): void {
  extracting = true;
  full = false;
  keptPackets = 0;
  longRecord = 0;
  most = packetsMax;
  start = reserveAny(WINDOW_BYTES + <usize>leftBytes);
  end = start;
}

export function extractedAt(): usize {
  return start;
}

/** Bytes copied since they were last taken; they are overwritten at the next filling. 0: they are fewer, and stay. */
export function takeExtracted(least: u32): usize {
  const bytes = end - start;
  if (bytes < <usize>least) return 0;
  end = start;
  return bytes;
}

export function keep(at: usize, bytes: usize): void {
  memory.copy(end, at, bytes);
  end += bytes;
}

/** Snapshot length that libpcap takes where a capture names none, or one above its signed 32 bits. */
const SNAP_MAX: u32 = 262144;
/** LINKTYPE_RAW, and the numbers of raw IP (DLT_RAW) that some systems have written in its place. */
const RAW: u32 = 101;
const RAW_LINUX: u32 = 12;
const RAW_OPENBSD: u32 = 14;

/**
 * The header of a classic capture; anew: as libpcap writes it (pcap_dump_open), little-endian: version 2.4,
 * no zone and no accuracy of times, a snapshot length with which it reads.
 */
export function keepHeader(at: usize, bytes: usize, anew: bool): void {
  keep(at, bytes);
  if (!anew) return;
  const out = end - bytes;
  const snap = load<u32>(out, 16);
  const link = load<u32>(out, 20);
  const type = link & 0xffff;
  store<u16>(out, 4, 6);
  store<u64>(out, 0, 8);
  if (!snap || snap > 0x7fffffff) store<u32>(out, SNAP_MAX, 16);
  if (type == RAW_LINUX || type == RAW_OPENBSD) store<u32>(out, (link & 0xffff0000) | RAW, 20);
}

export function keepPacket(at: usize, bytes: usize): void {
  keptPacket();
  keep(at, bytes);
}

export function keepNext(): void {
  dropped = false;
}

export function drop(): void {
  dropped = true;
}

/** Counts a packet that is wanted. */
export function keptPacket(): void {
  keptPackets++;
  full = keptPackets == most;
}

/** A section's length counts blocks that may be dropped: it is left unsaid, as the format allows. */
export function keepBlock(at: usize, length: u32, section: bool): void {
  keep(at, <usize>length);
  if (section) store<u64>(end - <usize>length, 0xffffffffffffffff, 16);
}

export function refuseLong(bytes: u64): void {
  longRecord = bytes;
}
