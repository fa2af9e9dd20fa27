// Tunnels: what is inside of a packet, from its outer header inwards, one header after the other. Each layer
// is counted by its type and depth; the innermost IP header whose addresses were captured is kept for
// --inner. docs/FACTS.md has the rules.

import { big16, big32 } from './big-endian';
import { KIND_PAIR, tailBytes } from './entries';
import { countRow, TUNNELS } from './layout';
import { HAS_NUMBER, numberOf, wordOf } from './paths';
import {
  AT_GENEVE,
  AT_GRE,
  AT_GTP_U,
  AT_IP,
  AT_IP_IN_IP,
  AT_L2TP_IN_IP,
  AT_L2TP_IN_UDP,
  AT_LLC,
  AT_PPP,
  AT_VXLAN,
  ERSPAN_1,
  ERSPAN_2,
  ERSPAN_3,
  GENEVE,
  GRE,
  GTP_U,
  holdsIp,
  insideOfPort,
  insideOfProtocol,
  IPV4_IN_IPV4,
  IPV4_IN_IPV6,
  L2TP_3,
  MPLS,
  PPPOE,
  SNAP,
  TYPE_ETHERNET,
  TYPE_IPV4,
  TYPE_IPV6,
  TYPE_MPLS,
  TYPE_MPLS_MULTICAST,
  TYPE_PPPOE,
  VXLAN,
} from './tunnel-kinds';

/**
 * Tunnels in tunnels that are looked into. Clouds nest three; a packet built to nest more must not take long.
 */
export const TUNNEL_DEPTH_MAX: u32 = 8;
/** Entries of one MPLS stack that are read: segment routing pushes ten or so. */
const MPLS_LABELS_MAX: u32 = 16;

let depth: u32 = 0;
let place: usize = 0;
let end: usize = 0;
let bytes: u64 = 0;

/** The innermost IP header behind the outer one whose addresses were captured; 0: there is none. */
export let innermost: usize = 0;
export let innermostSix: bool = false;
/** Its conversation's kind (entries.ts), and its source and target port. */
export let innermostKind: u32 = KIND_PAIR;
export let innermostPorts: u32 = 0;
/** Where its TCP or UDP header begins. */
export let innermostTransport: usize = 0;
/** It is TCP, and its ports were not captured. */
export let innermostCut: bool = false;

/**
 * The path so far (paths.ts), how many of its words are around the innermost header, and a place for those of
 * its networks.
 */
const words = memory.data(128 * 8, 16);
const networkWords = memory.data(128 * 8, 16);
let wordCount: u32 = 0;
let innermostWords: u32 = 0;

/**
 * Goes inwards from a place where something stands, until nothing more is known; counts the layers of the
 * packet.
 */
export function lookInside(what: u32, at: usize, until: usize, original: u64): void {
  depth = 0;
  wordCount = 0;
  innermost = 0;
  place = at;
  end = until;
  bytes = original;
  while (what) what = step(what);
}

function step(what: u32): u32 {
  switch (what) {
    case TYPE_IPV4:
      return ipv4();
    case TYPE_IPV6:
      return ipv6();
    case TYPE_ETHERNET:
      return ethernet();
    case 0x8100:
    case 0x88a8:
    case 0x9100:
      return tag();
    case TYPE_MPLS:
    case TYPE_MPLS_MULTICAST:
      return mpls();
    case TYPE_PPPOE:
      return pppoe();
    case AT_LLC:
      return llc();
    case AT_IP:
      return byVersion();
    case AT_PPP:
      return ppp();
    case AT_VXLAN:
      return vxlan();
    case AT_GENEVE:
      return geneve();
    case AT_GTP_U:
      return gtp();
    case AT_GRE:
      return gre();
    case AT_L2TP_IN_IP:
    case AT_L2TP_IN_UDP:
      return l2tp(what == AT_L2TP_IN_UDP);
  }
  return what >= AT_IP_IN_IP ? ipInIp(what - AT_IP_IN_IP) : 0;
}

// @ts-ignore: decorator
@inline
function has(count: usize): bool {
  return place + count <= end;
}

/** Counts a layer whose header was captured; false: it lies too deep. */
function enter(type: u32): bool {
  if (depth == TUNNEL_DEPTH_MAX) return false;
  countRow(TUNNELS + (<usize>(type * TUNNEL_DEPTH_MAX + depth) << 4), bytes);
  depth++;
  if (tailBytes) addWord(wordOf(type, false, 0, false));
  return true;
}

/** The same for a layer that has a number. */
function enterNumbered(type: u32, number: u32): bool {
  if (!enter(type)) return false;
  if (tailBytes) store<u64>(words + (<usize>(wordCount - 1) << 3), wordOf(type, true, number, false));
  return true;
}

/** There is room: a layer has 16 words at most. */
function addWord(word: u64): void {
  store<u64>(words + (<usize>wordCount << 3), word);
  wordCount++;
}

/** The path of the layers around the innermost header. */
export function pathOfInnermost(): u32 {
  return numberOf(words, innermostWords);
}

/** Those of them that say in which network the addresses are: a VNI, the key of GRE, a session of PPPoE. */
export function networksOfInnermost(): u32 {
  let count: u32 = 0;
  for (let i: u32 = 0; i < innermostWords; i++) {
    const word = load<u64>(words + (<usize>i << 3));
    const type = <u32>(word >> 56) - 1;
    const numbered = word & HAS_NUMBER;
    if (numbered && (type == VXLAN || type == GENEVE || type == GRE || type == PPPOE))
      store<u64>(networkWords + (<usize>(count++) << 3), word);
  }
  return numberOf(networkWords, count);
}

/** An IP header of which both addresses were captured. */
function found(six: bool): void {
  innermost = place;
  innermostSix = six;
  innermostKind = KIND_PAIR;
  innermostPorts = 0;
  innermostCut = false;
  innermostWords = wordCount;
}

/** Goes on behind a header of so many bytes. */
// @ts-ignore: decorator
@inline
function behind(header: usize, what: u32): u32 {
  place += header;
  return what;
}

function ethernet(): u32 {
  if (!has(14)) return 0;
  return behind(14, ofType(big16(place + 12)));
}

function tag(): u32 {
  if (!has(4)) return 0;
  return behind(4, ofType(big16(place + 2)));
}

/** An EtherType below 0x600 is a length, and LLC follows. */
// @ts-ignore: decorator
@inline
function ofType(type: u32): u32 {
  return type < 0x600 ? AT_LLC : type;
}

/** AA AA 03 00 00 00 (or 00 00 F8): an EtherType follows. */
function llc(): u32 {
  if (!has(8) || load<u32>(place) != 0x0003aaaa) return 0;
  const owner = big16(place + 4);
  if ((owner != 0 && owner != 0xf8) || !enter(SNAP)) return 0;
  const type = big16(place + 6);
  return behind(8, type < 0x600 ? 0 : type);
}

function ipv4(): u32 {
  if (!has(20) || load<u8>(place) >> 4 != 4) return 0;
  found(false);
  const header = (<usize>load<u8>(place) & 15) << 2;
  // The thirteen bits of the fragment offset, as the two bytes lie.
  if (header < 20 || load<u16>(place, 6) & 0xff1f) return 0;
  const protocol = <u32>load<u8>(place, 9);
  place += header;
  return ofProtocol(protocol, false);
}

function ipv6(): u32 {
  if (!has(40) || load<u8>(place) >> 4 != 6) return 0;
  found(true);
  let protocol = <u32>load<u8>(place, 6);
  place += 40;
  while (protocol == 0 || protocol == 43 || protocol == 44 || protocol == 60) {
    if (!has(protocol == 44 ? 4 : 2)) return 0;
    if (protocol == 44 && load<u16>(place, 2) & 0xf8ff) return 0;
    const length: usize = protocol == 44 ? 8 : (<usize>load<u8>(place, 1) + 1) << 3;
    protocol = <u32>load<u8>(place);
    place += length;
  }
  return ofProtocol(protocol, true);
}

function ofProtocol(protocol: u32, six: bool): u32 {
  if ((protocol == 6 || protocol == 17) && has(4)) {
    innermostKind = protocol;
    innermostPorts = big32(place);
    innermostTransport = place;
  } else innermostCut = protocol == 6;
  if (protocol != 17) return insideOfProtocol(protocol, six);
  return has(8) ? behind(8, insideOfPort(big16(place + 2))) : 0;
}

function byVersion(): u32 {
  const version = has(1) ? load<u8>(place) >> 4 : 0;
  return version == 4 ? TYPE_IPV4 : version == 6 ? TYPE_IPV6 : 0;
}

function ipInIp(type: u32): u32 {
  const wanted = type == IPV4_IN_IPV4 || type == IPV4_IN_IPV6 ? TYPE_IPV4 : TYPE_IPV6;
  return byVersion() == wanted && enter(type) ? wanted : 0;
}

/** RFC 7348: the flag I must be set. */
function vxlan(): u32 {
  if (!has(8) || !(load<u8>(place) & 0x08) || !enterNumbered(VXLAN, big32(place + 4) >> 8)) return 0;
  return behind(8, TYPE_ETHERNET);
}

/** RFC 8926, version 0. */
function geneve(): u32 {
  if (!has(8) || load<u8>(place) >> 6) return 0;
  const header: usize = 8 + ((<usize>load<u8>(place) & 0x3f) << 2);
  const type = big16(place + 2);
  return has(header) && enterNumbered(GENEVE, big32(place + 4) >> 8) ? behind(header, type < 0x600 ? 0 : type) : 0;
}

/** RFC 2784 and 2890, version 0. The source routes of RFC 1701 are not followed. */
function gre(): u32 {
  if (!has(4)) return 0;
  const flags = big16(place);
  const type = big16(place + 2);
  if (flags & 7) return 0;
  const header: usize = 4 + (flags & 0xc000 ? 4 : 0) + (flags & 0x2000 ? 4 : 0) + (flags & 0x1000 ? 4 : 0);
  if (!has(header)) return 0;
  if (type == 0x88be || type == 0x22eb) {
    place += header;
    return erspan(type == 0x22eb, (flags & 0x1000) != 0);
  }
  const keyAt = place + (flags & 0xc000 ? 8 : 4);
  if (!(flags & 0x2000 ? enterNumbered(GRE, big32(keyAt)) : enter(GRE)) || flags & 0x4000) return 0;
  return behind(header, type < 0x600 ? 0 : type);
}

/**
 * Type I has no header and, other than II, no sequence number in GRE; III has a subheader where its last bit
 * is set.
 */
function erspan(third: bool, sequenced: bool): u32 {
  if (!third && !sequenced) return enter(ERSPAN_1) ? TYPE_ETHERNET : 0;
  if (!has(third ? 12 : 8) || load<u8>(place) >> 4 != (third ? 2 : 1)) return 0;
  const session = big16(place + 2) & 0x3ff;
  if (!third) return enterNumbered(ERSPAN_2, session) ? behind(8, TYPE_ETHERNET) : 0;
  const header: usize = load<u8>(place, 11) & 1 ? 20 : 12;
  if (!has(header) || !enterNumbered(ERSPAN_3, session)) return 0;
  // Five bits say what was mirrored: 0 Ethernet, 2 IP.
  const frame = (load<u8>(place, 10) >> 2) & 0x1f;
  return behind(header, frame == 0 ? TYPE_ETHERNET : frame == 2 ? AT_IP : 0);
}

/**
 * RFC 3032. What is below the stack is not told: 4 and 6 in the first four bits are IP (RFC 4928), a first
 * word of 16 zero bits is the control word of RFC 4448 before Ethernet, 0x1000 a channel for management;
 * anything else is Ethernet.
 */
function mpls(): u32 {
  const stack = place;
  for (let labels: u32 = 1; labels <= MPLS_LABELS_MAX; labels++) {
    if (!has(4)) return 0;
    const last = load<u8>(place, 2) & 1;
    place += 4;
    if (!last && labels < MPLS_LABELS_MAX) continue;
    if (!enterNumbered(MPLS, big32(stack) >> 12)) return 0;
    for (let at = stack + 4; at < place && tailBytes; at += 4) addWord(wordOf(MPLS, true, big32(at) >> 12, true));
    return last ? belowLabels() : 0;
  }
  return 0;
}

function belowLabels(): u32 {
  const what = byVersion();
  if (what == TYPE_IPV6) return what;
  // A header of less than five words is none: an address of Ethernet may begin with 4, too.
  if (what == TYPE_IPV4 && (load<u8>(place) & 15) >= 5) return what;
  const word = has(2) ? big16(place) : 0x1000;
  return word == 0x1000 ? 0 : behind(word == 0 ? 4 : 0, TYPE_ETHERNET);
}

/** RFC 2516: the session stage, version and type 1. */
function pppoe(): u32 {
  if (!has(6) || load<u16>(place) != 0x0011 || !enterNumbered(PPPOE, big16(place + 2))) return 0;
  return behind(6, AT_PPP);
}

/** The protocol in one byte or two; FF 03 may stand before it. */
function ppp(): u32 {
  if (has(2) && load<u16>(place) == 0x03ff) place += 2;
  if (!has(1)) return 0;
  let protocol = <u32>load<u8>(place++);
  if (!(protocol & 1)) {
    if (!has(1)) return 0;
    protocol = (protocol << 8) | <u32>load<u8>(place++);
  }
  if (protocol == 0x21) return TYPE_IPV4;
  if (protocol == 0x57) return TYPE_IPV6;
  return protocol == 0x281 || protocol == 0x283 ? TYPE_MPLS : 0;
}

/**
 * 3GPP TS 29.281: version 1, protocol type GTP, message G-PDU; each extension header says how many words it
 * has.
 */
function gtp(): u32 {
  if (!has(8) || load<u8>(place) >> 4 != 3 || load<u8>(place, 1) != 255) return 0;
  const flags = load<u8>(place);
  let header: usize = 8;
  if (flags & 7) {
    if (!has(12)) return 0;
    let next = flags & 4 ? load<u8>(place, 11) : 0;
    for (header = 12; next; ) {
      if (!has(header + 1)) return 0;
      const size = <usize>load<u8>(place + header) << 2;
      header += size;
      if (!size || !has(header)) return 0;
      next = load<u8>(place + header - 1);
    }
  }
  return enterNumbered(GTP_U, big32(place + 4)) ? behind(header, AT_IP) : 0;
}

/** RFC 3931: data of version 3, over IP or UDP. Session 0 over IP is for control. */
function l2tp(inUdp: bool): u32 {
  if (inUdp) {
    if (!has(8) || (big16(place) & 0x800f) != 3) return 0;
    place += 4;
  } else if (!has(4) || !big32(place)) return 0;
  if (!enterNumbered(L2TP_3, big32(place))) return 0;
  place += 4;
  // How long cookie and sublayer are was agreed upon elsewhere: 0, 4 or 8 bytes, and 0 or 4.
  for (let skipped: usize = 0; skipped <= 12; skipped += 4)
    if (holdsIp(place + skipped, end)) return behind(skipped, TYPE_ETHERNET);
  return 0;
}
