// Entries of the conversation table, in blocks that are never moved:
//
//   IPv4, 80 bytes   a to b 32 | a address, b address 8 | ports and kind 8 | b to a 32
//   IPv6, 104 bytes  a to b 32 | a address 16 | b address 16 | ports and kind 8 | b to a 32
//
// A direction is packets, bytes, first ns, last ns. The key stands in the middle, so that a packet touches one
// half and the key, 48 bytes in a row. Ports and kind: networks << 42 | a port << 24 | b port << 8 | kind; kind
// 0 is a freed entry. A reference to an entry is its address, with bit 0 set for IPv6.
//
// Where conversations are those inside of tunnels, networks is the number of a path (paths.ts), and behind each
// entry stand two cells of u32 for the paths that its packets took, a to b and b to a. Where TCP is watched, 8 bytes
// follow with the address of a TCP conversation's state (tcp-state.ts); they never leave the instance.

import { reserveReused } from './arena';
import { I64_MAX, I64_MIN } from './layout';

export const ENTRY4_BYTES: usize = 80;
export const ENTRY6_BYTES: usize = 104;
export const PORTS4: usize = 40;
export const PORTS6: usize = 64;
export const BACK4: usize = 48;
export const BACK6: usize = 72;

/** Kind of an address pair whose packets belong to no conversation; 6 and 17 are TCP's and UDP's conversations. */
export const KIND_PAIR: u32 = 1;

/** What of a key says ports and kind, and not the networks. */
export const PORTS_MASK: u64 = (1 << 40) - 1;
export const NETWORKS_SHIFT: u64 = 42;

/** Bytes of the cells for paths behind each entry; 0: there are none. */
export let tailBytes: usize = 0;
/** Bytes of all that stands behind each entry. */
export let allTailBytes: usize = 0;

const BLOCK_BYTES: usize = 0x10000;
/** A block begins with the next block's address, its own end of used bytes, and 1 for IPv6. */
const BLOCK_HEAD: usize = 16;

let newest4: usize = 0;
let newest6: usize = 0;
let free4: usize = 0;
let free6: usize = 0;

export function beginEntries(): void {
  newest4 = 0;
  newest6 = 0;
  free4 = 0;
  free6 = 0;
  tailBytes = 0;
  allTailBytes = 0;
}

/** Entries have cells for paths. To be asked before there are any. */
export function keepPaths(): void {
  tailBytes = 8;
  allTailBytes += 8;
}

/** Entries have a cell for the state of TCP. To be asked before there are any. */
export function keepTcp(): void {
  allTailBytes += 8;
}

function newBlock(older: usize, six: u32): usize {
  const block = reserveReused(BLOCK_BYTES);
  store<u32>(block, <u32>older);
  store<u32>(block, <u32>(block + BLOCK_HEAD), 4);
  store<u32>(block, six, 8);
  return block;
}

function clear(entry: usize, back: usize): void {
  memory.fill(entry, 0, back + 32);
  store<i64>(entry, I64_MAX, 16);
  store<i64>(entry, I64_MIN, 24);
  store<i64>(entry + back, I64_MAX, 16);
  store<i64>(entry + back, I64_MIN, 24);
  if (allTailBytes) memory.fill(entry + back + 32, 0, allTailBytes);
}

export function newEntry4(): usize {
  let entry = free4;
  if (entry) free4 = <usize>load<u32>(entry);
  else {
    const bytes = ENTRY4_BYTES + allTailBytes;
    if (!newest4 || <usize>load<u32>(newest4, 4) + bytes > newest4 + BLOCK_BYTES) newest4 = newBlock(newest4, 0);
    entry = <usize>load<u32>(newest4, 4);
    store<u32>(newest4, <u32>(entry + bytes), 4);
  }
  clear(entry, BACK4);
  return entry;
}

export function newEntry6(): usize {
  let entry = free6;
  if (entry) free6 = <usize>load<u32>(entry);
  else {
    const bytes = ENTRY6_BYTES + allTailBytes;
    if (!newest6 || <usize>load<u32>(newest6, 4) + bytes > newest6 + BLOCK_BYTES) newest6 = newBlock(newest6, 1);
    entry = <usize>load<u32>(newest6, 4);
    store<u32>(newest6, <u32>(entry + bytes), 4);
  }
  clear(entry, BACK6);
  return entry;
}

export function freeEntry(reference: usize): void {
  const entry = reference & ~1;
  if (reference & 1) {
    store<u64>(entry, 0, PORTS6);
    store<u32>(entry, <u32>free6);
    free6 = entry;
  } else {
    store<u64>(entry, 0, PORTS4);
    store<u32>(entry, <u32>free4);
    free4 = entry;
  }
}

// @ts-ignore: decorator
@inline
export function portsOf(reference: usize): u64 {
  const entry = reference & ~1;
  return reference & 1 ? load<u64>(entry, PORTS6) : load<u64>(entry, PORTS4);
}

// @ts-ignore: decorator
@inline
export function kindOf(reference: usize): u32 {
  return <u32>portsOf(reference) & 0xff;
}

// @ts-ignore: decorator
@inline
export function backOf(reference: usize): usize {
  return (reference & ~1) + (reference & 1 ? BACK6 : BACK4);
}

/** The number of the path of an entry's networks. */
export function networksOf(reference: usize): u32 {
  return <u32>(portsOf(reference) >> NETWORKS_SHIFT);
}

/** The block of one IP version that was begun last; 0: there is none. */
export function newestBlock(six: bool): usize {
  return six ? newest6 : newest4;
}

/** The block of the same IP version that was begun before; 0: there is none. */
export function olderBlock(block: usize): usize {
  return <usize>load<u32>(block);
}

/** The first entry of a block; freed ones lie among them. */
export function firstEntryOf(block: usize): usize {
  return block + BLOCK_HEAD;
}

/** The end of a block's entries. */
export function endOfEntries(block: usize): usize {
  return <usize>load<u32>(block, 4);
}
