// Link layers: from the first byte of a packet to its network header.

import { big16 } from './big-endian';
import { saturated } from './clock';
import { onlyNumbers } from './filtering';
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
  FAMILY_WLAN,
  LINKS,
  SIZES,
} from './layout';
import { inside, ipv4, ipv6, other, raw, setPacket } from './network';
import { countInSeries, interval } from './series';
import { big } from './status';
import { AT_LLC, TYPE_MPLS, TYPE_PPPOE } from './tunnel-kinds';

/** No header lies deeper in a packet. A megabyte of tags is no packet of this world, and the window is finite. */
const DECODE_BYTES_MAX: u32 = 1 << 20;

/** Counts one whole packet. */
// @ts-ignore: decorator
@inline
export function packet(link: u32, at: usize, captured: u32, original: u32, time: i64, timed: bool): void {
  countRow(LINKS + (<usize>link << 4), <u64>original);
  if (onlyNumbers) return;
  add(CAPTURED_BYTES, <u64>captured);
  add(SIZES + (<usize>(32 - clz<u32>(original)) << 3), 1);
  if (interval && timed && !saturated) countInSeries(time, <u64>original);
  setPacket(at, original, time, timed);
  const end = at + <usize>min(captured, DECODE_BYTES_MAX);
  if (link == 1) ethernet(at, end);
  else others(link, at, end);
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
  else {
    other(type < 0x600 ? FAMILY_LLC : type);
    if (type < 0x600) inside(AT_LLC, at, end);
    else if (type == TYPE_PPPOE || type - TYPE_MPLS <= 1) inside(type, at, end);
  }
}

function others(link: u32, at: usize, end: usize): void {
  switch (link) {
    case 0:
    case 108:
      return family(link, at, end, 4);
    case 109:
      return family(0, at, end, 12);
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
    case 104:
      if (at + 4 > end) return other(FAMILY_CUT);
      return etherType(big16(at + 2), at + 4, end);
    case 113:
      if (at + 16 > end) return other(FAMILY_CUT);
      return etherType(big16(at + 14), at + 16, end);
    case 276:
      if (at + 20 > end) return other(FAMILY_CUT);
      return etherType(big16(at), at + 20, end);
    case 105:
      return wlan(at, end, false);
    case 127:
      return radiotap(at, end);
    default:
      wrapped(link, at, end);
  }
}

/** Link types whose header tells its own length, and what is behind it. */
function wrapped(link: u32, at: usize, end: usize): void {
  if (link == 117) {
    if (at + 2 > end) return other(FAMILY_CUT);
    const length = <usize>load<u8>(at);
    return version(<u32>load<u8>(at, 1), at + ((length + 3) & ~3), end, FAMILY_NULL);
  }
  if (link == 239) return nflog(at, end);
  const inside: usize = link == 192 ? 4 : 8;
  if (link != 192 && link != 258) return other(FAMILY_LINK_UNKNOWN);
  if (at + inside + 4 > end) return other(FAMILY_CUT);
  const inner = load<u32>(at + inside);
  const length = link == 192 ? <usize>load<u16>(at, 2) : <usize>load<u32>(at);
  // One wrapping in another is no capture of this world, and the depth must be bounded.
  if (inner == 192 || inner == 258) return other(FAMILY_LINK_UNKNOWN);
  if (length < inside + 4 || length > end - at) return other(length < inside + 4 ? FAMILY_LINK_UNKNOWN : FAMILY_CUT);
  if (inner == 1) ethernet(at + length, end);
  else others(inner, at + length, end);
}

/** An IP header of the version that an address family names; the numbers for IPv6 differ between systems. */
function version(number: u32, at: usize, end: usize, otherwise: u32): void {
  if (number == 2) ipv4(at, end);
  else if (number == 10 || number == 23 || number == 24 || number == 28 || number == 30) ipv6(at, end);
  else other(otherwise);
}

/**
 * NULL and LOOP: four bytes of address family in front; ENC has eight more. The order of NULL's is that of its writer,
 * and Apple's pdp_ip interfaces put flags into its upper half.
 */
function family(link: u32, at: usize, end: usize, headBytes: usize): void {
  if (at + headBytes > end) return other(FAMILY_CUT);
  const inNetworkOrder = bswap<u32>(load<u32>(at));
  let number = inNetworkOrder;
  if (link == 0 && number > 0xffff) number = load<u32>(at);
  if (link == 0 && number > 0xffff) number = (big ? inNetworkOrder : number) & 0xffff;
  version(number, at + headBytes, end, FAMILY_NULL);
}

/** NFLOG: four bytes, then attributes in the writer's order; number 9 holds the packet. */
function nflog(at: usize, end: usize): void {
  if (at + 4 > end) return other(FAMILY_CUT);
  const number = <u32>load<u8>(at);
  at += 4;
  while (at + 4 <= end) {
    const size = <usize>(big ? big16(at) : <u32>load<u16>(at));
    const type = big ? big16(at + 2) : <u32>load<u16>(at, 2);
    if (size < 4) return other(FAMILY_LINK_UNKNOWN);
    if ((type & 0x7fff) == 9) return version(number, at + 4, min<usize>(end, at + size), FAMILY_NULL);
    at += (size + 3) & ~3;
  }
  other(FAMILY_CUT);
}

/** radiotap: its length, and a flag that says whether the 802.11 header is padded to four bytes. */
function radiotap(at: usize, end: usize): void {
  if (at + 8 > end) return other(FAMILY_CUT);
  const length = <usize>load<u16>(at, 2);
  if (load<u8>(at) != 0 || length < 8) return other(FAMILY_LINK_UNKNOWN);
  if (length > end - at) return other(FAMILY_CUT);
  const present = load<u32>(at, 4);
  let field: usize = 8;
  for (let word = present; word & 0x80000000 && field + 4 <= length; field += 4) word = load<u32>(at + field);
  if (present & 1) field = ((field + 7) & ~7) + 8;
  const padded = (present & 2) != 0 && field < length && (load<u8>(at + field) & 0x20) != 0;
  wlan(at + length, end, padded);
}

/** IEEE 802.11: data frames that are not encrypted and no aggregate hold LLC and SNAP. */
function wlan(at: usize, end: usize, padded: bool): void {
  if (at + 2 > end) return other(FAMILY_CUT);
  const control = <u32>load<u8>(at);
  const flags = <u32>load<u8>(at, 1);
  if ((control & 0x0f) != 0x08 || control & 0x40 || flags & 0x40) return other(FAMILY_WLAN);
  let head: usize = (flags & 3) == 3 ? 30 : 24;
  if (control & 0x80) {
    if (at + head + 2 > end) return other(FAMILY_CUT);
    if (load<u8>(at + head) & 0x80) return other(FAMILY_WLAN);
    head += flags & 0x80 ? 6 : 2;
  }
  if (padded) head = (head + 3) & ~3;
  at += head;
  if (at + 8 > end) return other(FAMILY_CUT);
  // AA AA 03 00 00 00 (or 00 00 F8): an EtherType follows.
  const owner = (<u32>load<u8>(at, 4) << 8) | <u32>load<u8>(at, 5);
  if (load<u32>(at) != 0x0003aaaa || (owner != 0 && owner != 0xf8)) return other(FAMILY_LLC);
  etherType(big16(at + 6), at + 8, end);
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
  else {
    other(FAMILY_PPP);
    if (protocol == 0x281 || protocol == 0x283) inside(TYPE_MPLS, at, end);
  }
}
