// Blocks of pcapng captures.

import { captureAt, read32 } from './classic';
import { timeOf, timeOnly, untimed } from './clock';
import { drop, dropped, extracting, full, keepBlock, keepNext, keptPacket, refuseLong } from './extract';
import { inSpan, inSpanUntimed, matches } from './filtering';
import { interfaceAt, interfaceCount, setInterface, setInterfaceCount } from './interfaces';
import { add, BYTE_ORDERS, INTERFACES_MAX, INTERFACES_SEEN, SECTIONS_SEEN, UNTIMED_PACKETS } from './layout';
import { packet } from './link';
import { indexing, noteOther, noteTold } from './pieces';
import { endSection, statisticsBlock } from './statistics';
import {
  ANOTHER_CAPTURE,
  big,
  BLOCK_LENGTH,
  BLOCK_TOO_SHORT,
  BYTE_ORDER_UNKNOWN,
  COMPLETE,
  damaged,
  headersOnly,
  INTERFACE_UNKNOWN,
  INTERFACES_TOO_MANY,
  LENGTHS_DIFFER,
  PACKET_TOO_LONG,
  SECTION_VERSION,
  selective,
  setOrder,
  setPhase,
  walking,
} from './status';

const SECTION: u32 = 0x0a0d0d0a;
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

/**
 * The least that a block has: type, length, length again. Also what must be there before a section's order is known.
 */
const BLOCK_LEAST: usize = 12;

/** Sets the byte order that a section header at a place declares; false: it declares none. */
export function readOrder(at: usize): bool {
  const magic = load<u32>(at, 8);
  if (magic == 0x1a2b3c4d) setOrder(false, false);
  else if (magic == 0x4d3c2b1a) setOrder(true, false);
  else return false;
  return true;
}

// @ts-ignore: decorator
@inline
export function read16(at: usize): u32 {
  const value = load<u16>(at);
  return <u32>(big ? bswap<u16>(value) : value);
}

/** Versions of a section as libpcap takes them: 1.0, and 1.2, which some writers meant for the same. */
export function isSectionVersion(at: usize): bool {
  const minor = read16(at + 14);
  return read16(at + 12) == 1 && (minor == 0 || minor == 2);
}

/** Bytes of the block that begins at a place, of which 12 are there; 0: it is damaged. */
export function blockLength(at: usize): u32 {
  if (load<u32>(at) == SECTION && !readOrder(at)) {
    damaged(BYTE_ORDER_UNKNOWN, bswap<u32>(load<u32>(at, 8)), 0);
    return 0;
  }
  const length = read32(at + 4);
  if (length < <u32>BLOCK_LEAST || length & 3) {
    if (captureAt(at) == 1) damaged(ANOTHER_CAPTURE, 0, 0);
    else damaged(BLOCK_LENGTH, length, 0);
    return 0;
  }
  return length;
}

/** Scans whole blocks from at until limit, the end of the bytes, or damage. Returns where it stopped. */
export function scanBlocks(at: usize, limit: usize, end: usize): usize {
  while (at < limit && end - at >= BLOCK_LEAST) {
    // A section that is not whole yet must not change the order in force before it.
    const before = big;
    const length = blockLength(at);
    if (!length) break;
    if (<u32>(end - at) < length) {
      setOrder(before, false);
      break;
    }
    if (headersOnly && isPacket(read32(at))) break;
    if (extracting) keepNext();
    if (!block(at, length, at + <usize>length - 4)) break;
    if (extracting && !dropped) keepBlock(at, length, load<u32>(at) == SECTION);
    at += <usize>length;
    if (extracting && full) {
      setPhase(COMPLETE);
      break;
    }
  }
  return at;
}

function isPacket(type: u32): bool {
  return type == OLD_PACKET || type == SIMPLE_PACKET || type == ENHANCED_PACKET;
}

/** Counts one block, whose last four bytes may lie elsewhere than behind the first ones; false: it is damaged. */
export function block(at: usize, length: u32, trailer: usize): bool {
  // Only its head is in the window.
  if (extracting && trailer != at + <usize>length - 4) refuseLong(length);
  if (read32(trailer) != length) {
    damaged(LENGTHS_DIFFER, length, read32(trailer));
    return false;
  }
  const type = read32(at);
  if (type == ENHANCED_PACKET || type == OLD_PACKET) return packetBlock(at, length, type == OLD_PACKET);
  if (type == SIMPLE_PACKET) return simpleBlock(at, length);
  if (indexing) noteOther();
  if (type == INTERFACE) return interfaceBlock(at, length);
  if (type == SECTION) return sectionBlock(at, length);
  // Of one larger than the window only the head is there.
  if (type == STATISTICS && !walking && trailer == at + <usize>length - 4) {
    noteTold();
    statisticsBlock(at, length);
  }
  return true;
}

// @ts-ignore: decorator
@inline
function packetBlock(at: usize, length: u32, old: bool): bool {
  if (length < 32) return tooShort(length);
  let number = read32(at + 8);
  // The old block has 16 bits of interface, then 16 of drops.
  if (old) number = big ? number >> 16 : number & 0xffff;
  if (number >= interfaceCount) return interfaceUnknown(number);
  const captured = read32(at + 20);
  if (captured > length - 32) return packetTooLong(captured, length - 32);
  const face = interfaceAt(number);
  const units = (<u64>read32(at + 12) << 32) | <u64>read32(at + 16);
  if (selective && !selects(isWanted(face, units, at + 28, captured, read32(at + 24)))) return true;
  packet(load<u32>(face), at + 28, captured, read32(at + 24), timeOf(face, units), true);
  return true;
}

/** Whether a packet is to be counted: it is wanted, and not only kept. */
function selects(wanted: bool): bool {
  if (!wanted) drop();
  else if (extracting) keptPacket();
  return wanted && !extracting;
}

function isWanted(face: usize, units: u64, data: usize, captured: u32, original: u32): bool {
  const fits = matches(load<u32>(face), data, captured, original);
  return (walking || inSpan(timeOnly(face, units))) && fits;
}

function simpleBlock(at: usize, length: u32): bool {
  if (length < 16) return tooShort(length);
  if (!interfaceCount) return interfaceUnknown(0);
  const original = read32(at + 8);
  const snap = load<u32>(interfaceAt(0), 4);
  const captured = snap && snap < original ? snap : original;
  if (captured > length - 16) return packetTooLong(captured, length - 16);
  untimed();
  if (selective && !selects(matches(load<u32>(interfaceAt(0)), at + 12, captured, original) && inSpanUntimed()))
    return true;
  add(UNTIMED_PACKETS, 1);
  packet(load<u32>(interfaceAt(0)), at + 12, captured, original, 0, false);
  return true;
}

function interfaceBlock(at: usize, length: u32): bool {
  if (length < 20) return tooShort(length);
  if (interfaceCount == INTERFACES_MAX) {
    damaged(INTERFACES_TOO_MANY, INTERFACES_MAX, 0);
    return false;
  }
  let resolution: u32 = 6;
  let offset: i64 = 0;
  // Options lie between the fixed part and the second length; one that does not fit ends them.
  const end = at + <usize>min<u32>(length - 4, 1 << 20);
  for (let option = at + 16; option + 4 <= end; ) {
    const word = read32(option);
    const code = big ? word >> 16 : word & 0xffff;
    const size = <usize>(big ? word & 0xffff : word >> 16);
    if (code == 0 || option + 4 + size > end) break;
    if (code == 9 && size >= 1) resolution = <u32>load<u8>(option, 4);
    if (code == 14 && size >= 8) {
      const value = load<u64>(option, 4);
      offset = <i64>(big ? bswap<u64>(value) : value);
    }
    option += 4 + ((size + 3) & ~3);
  }
  const word = read32(at + 8);
  setInterface(interfaceCount, big ? word >> 16 : word & 0xffff, read32(at + 12), resolution, offset);
  setInterfaceCount(interfaceCount + 1);
  if (!walking) add(INTERFACES_SEEN, 1);
  return true;
}

function sectionBlock(at: usize, length: u32): bool {
  if (length < 28) return tooShort(length);
  if (!isSectionVersion(at)) {
    damaged(SECTION_VERSION, read16(at + 12), read16(at + 14));
    return false;
  }
  setInterfaceCount(0);
  if (walking) return true;
  endSection();
  add(SECTIONS_SEEN, 1);
  store<u64>(BYTE_ORDERS, load<u64>(BYTE_ORDERS) | (big ? 2 : 1));
  return true;
}

function tooShort(length: u32): bool {
  damaged(BLOCK_TOO_SHORT, length, 0);
  return false;
}

function interfaceUnknown(number: u32): bool {
  damaged(INTERFACE_UNKNOWN, number, interfaceCount);
  return false;
}

function packetTooLong(captured: u32, room: u32): bool {
  damaged(PACKET_TOO_LONG, captured, room);
  return false;
}
