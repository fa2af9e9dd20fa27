// Records that are wanted, byte for byte as they stand in the file: copied behind each other, and taken from here after each
// portion of the file. Of pcapng all blocks but unwanted packets are kept.

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

/** From now on wanted records are copied out, so many packets at most. What one filling of the window holds fits. */
export function beginExtracting(packetsMax: u64): void {
  extracting = true;
  full = false;
  keptPackets = 0;
  longRecord = 0;
  most = packetsMax;
  start = reserveAny(WINDOW_BYTES);
  end = start;
}

export function extractedAt(): usize {
  return start;
}

/** Bytes copied since this was last asked; they are overwritten at the next filling. */
export function takeExtracted(): usize {
  const bytes = end - start;
  end = start;
  return bytes;
}

export function keep(at: usize, bytes: usize): void {
  memory.copy(end, at, bytes);
  end += bytes;
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
