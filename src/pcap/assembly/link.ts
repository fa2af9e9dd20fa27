// Link layers: from the first byte of a packet to its network header.

import { saturated } from './clock';
import {
  add,
  CAPTURED_BYTES,
  countRow,
  FAMILY_CUT,
  FAMILY_LINK_UNKNOWN,
  FAMILY_LLC,
  FAMILY_NULL,
  FAMILY_PPP,
  FAMILY_RAW,
  LINKS,
  SIZES,
} from './layout';
import { ipv4, ipv6, other, raw, setPacket } from './network';
import { countInSeries, interval } from './series';

/** No header lies deeper in a packet. A megabyte of tags is no packet of this world, and the window is finite. */
const DECODE_BYTES_MAX: u32 = 1 << 20;

/** Counts one whole packet. */
// @ts-ignore: decorator
@inline
export function packet(link: u32, at: usize, captured: u32, original: u32, time: i64, timed: bool): void {
  countRow(LINKS + (<usize>link << 4), <u64>original);
  add(CAPTURED_BYTES, <u64>captured);
  add(SIZES + (<usize>(32 - clz<u32>(original)) << 3), 1);
  if (interval && timed && !saturated) countInSeries(time, <u64>original);
  setPacket(original, time, timed);
  const end = at + <usize>min(captured, DECODE_BYTES_MAX);
  if (link == 1) ethernet(at, end);
  else others(link, at, end);
}

// @ts-ignore: decorator
@inline
function big16(at: usize): u32 {
  return ((<u32>load<u8>(at)) << 8) | <u32>load<u8>(at, 1);
}

// @ts-ignore: decorator
@inline
function ethernet(at: usize, end: usize): void {
  if (at + 14 > end) return other(FAMILY_CUT);
  const type = <u32>load<u16>(at, 12);
  // 0x0800 as its bytes lie.
  if (type == 0x0008) ipv4(at + 14, end);
  else etherType(big16(at + 12), at + 14, end);
}

function etherType(type: u32, at: usize, end: usize): void {
  while (type == 0x8100 || type == 0x88a8 || type == 0x9100) {
    if (at + 4 > end) return other(FAMILY_CUT);
    type = big16(at + 2);
    at += 4;
  }
  if (type == 0x0800) ipv4(at, end);
  else if (type == 0x86dd) ipv6(at, end);
  else other(type < 0x600 ? FAMILY_LLC : type);
}

function others(link: u32, at: usize, end: usize): void {
  switch (link) {
    case 0:
    case 108:
      return family(link, at, end);
    case 9:
    case 50:
    case 166:
      return ppp(link, at, end);
    case 12:
    case 14:
    case 101:
      return raw(at, end, FAMILY_RAW);
    case 228:
      return ipv4(at, end);
    case 229:
      return ipv6(at, end);
    case 113:
      if (at + 16 > end) return other(FAMILY_CUT);
      return etherType(big16(at + 14), at + 16, end);
    case 276:
      if (at + 20 > end) return other(FAMILY_CUT);
      return etherType(big16(at), at + 20, end);
    default:
      other(FAMILY_LINK_UNKNOWN);
  }
}

/** NULL and LOOP: four bytes of address family, whose numbers for IPv6 differ between systems. */
function family(link: u32, at: usize, end: usize): void {
  if (at + 4 > end) return other(FAMILY_CUT);
  const big = bswap<u32>(load<u32>(at));
  let number = big;
  if (link == 0 && big > 0xffff) number = load<u32>(at);
  if (number == 2) ipv4(at + 4, end);
  else if (number == 10 || number == 23 || number == 24 || number == 28 || number == 30) ipv6(at + 4, end);
  else other(FAMILY_NULL);
}

/** PPP with or without FF 03 (a direction byte for FF in link type 166), the protocol in one byte or two. */
function ppp(link: u32, at: usize, end: usize): void {
  if (at + 2 <= end && load<u8>(at, 1) == 0x03) {
    const first = load<u8>(at);
    if (first == 0xff || (link == 166 && first <= 1)) at += 2;
  }
  if (at >= end) return other(FAMILY_CUT);
  let protocol = <u32>load<u8>(at++);
  if (!(protocol & 1)) {
    if (at >= end) return other(FAMILY_CUT);
    protocol = (protocol << 8) | <u32>load<u8>(at++);
  }
  if (protocol == 0x21) ipv4(at, end);
  else if (protocol == 0x57) ipv6(at, end);
  else other(FAMILY_PPP);
}
