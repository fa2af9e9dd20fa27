// The network and transport layers of one packet, and the counters of its conversation or address pair.

import { big16 } from './big-endian';
import { BACK4, BACK6, ENTRY4_BYTES, ENTRY6_BYTES, KIND_PAIR, NETWORKS_SHIFT, tailBytes } from './entries';
import { hash4 } from './hash';
import {
  add,
  countRow,
  FAMILIES,
  FAMILY_CUT,
  FAMILY_NOT_IPV4,
  FAMILY_NOT_IPV6,
  noteRow,
  PINNED_DROPPED,
  PROTOCOLS4,
  PROTOCOLS6,
} from './layout';
import { naming, nameTcp, nameUdp } from './names';
import { notePath } from './paths';
import { countDropped, postpone4, touch } from './postponed';
import { find4, find6, keyIsPinned, lastFound4 } from './table';
import { addUncaptured, watching } from './tcp-state';
import { countWatched, readSegment, watch4, watchEntry } from './tcp-watch';
import { insideOfPort, insideOfProtocol, mayBeTunnel, mayHoldTunnel } from './tunnel-kinds';
import {
  innermost,
  innermostCut,
  innermostKind,
  innermostPorts,
  innermostSix,
  innermostTransport,
  lookInside,
  networksOfInnermost,
  pathOfInnermost,
} from './tunnels';

const TCP: u32 = 6;
const UDP: u32 = 17;

// The packet under the reader's eye; set before its link layer is read.
let frame: usize = 0;
let bytes: u64 = 0;
let time: i64 = 0;
let timed: bool = false;

// @ts-ignore: decorator
@inline
export function setPacket(start: usize, original: u32, at: i64, hasTime: bool): void {
  frame = start;
  bytes = <u64>original;
  time = at;
  timed = hasTime;
}

// @ts-ignore: decorator
@inline
export function other(family: u32): void {
  const row = FAMILIES + (<usize>family << 4);
  noteRow(row);
  countRow(row, bytes);
}

function readSegment4(at: usize, transport: usize, end: usize): void {
  readSegment(transport, end, portsBytes4(at, transport), big16(at + 4));
}

/**
 * Bytes from the ports on, as IP tells them. A total length of 0 is that of a packet which the network card
 * was to cut (TSO): then the frame's tells it.
 */
function portsBytes4(at: usize, transport: usize): i64 {
  const total = <i64>big16(at + 2);
  return (total ? total : <i64>bytes - <i64>(at - frame)) - <i64>(transport - at);
}

function portsBytes6(at: usize, transport: usize): i64 {
  const payload = <i64>big16(at + 4);
  return (payload ? payload + 40 : <i64>bytes - <i64>(at - frame)) - <i64>(transport - at);
}

function name4(protocol: u32, at: usize, transport: usize, end: usize): void {
  if (protocol == UDP) nameUdp(at, false, transport, end, portsBytes4(at, transport), time, timed);
  else if (protocol == TCP) nameTcp(at, false, transport, end, portsBytes4(at, transport), time, timed);
}

function name6(protocol: u32, at: usize, transport: usize, end: usize): void {
  if (protocol == UDP) nameUdp(at, true, transport, end, portsBytes6(at, transport), time, timed);
  else if (protocol == TCP) nameTcp(at, true, transport, end, portsBytes6(at, transport), time, timed);
}

function readSegment6(at: usize, transport: usize, end: usize): void {
  readSegment(transport, end, portsBytes6(at, transport), 0);
}

/** A packet whose ports are cut off: a segment of TCP, where its transport header begins in it, has no flags either. */
function portless(protocol: u32, begins: bool): void {
  if (watching && protocol == TCP && begins) addUncaptured(1);
}

/** @param watched its segment was read */
// @ts-ignore: decorator
@inline
function count4(source: u32, target: u32, sourcePort: u32, targetPort: u32, kind: u32, watched: bool): void {
  const from = (<u64>source << 16) | <u64>sourcePort;
  const to = (<u64>target << 16) | <u64>targetPort;
  const back = from > to;
  const k0 = back ? (<u64>target << 32) | <u64>source : (<u64>source << 32) | <u64>target;
  const k1 =
    ((back ? (<u64>targetPort << 16) | <u64>sourcePort : (<u64>sourcePort << 16) | <u64>targetPort) << 8) | <u64>kind;
  if (watched) return watch4(k0, k1, bytes, time, timed, back);
  const entry = lastFound4(k0, k1);
  if (entry) touch(entry + (back ? BACK4 : 0), bytes, time, timed);
  else postpone4(k0, k1, bytes, time, timed, back);
}

/**
 * @param inner the header is the innermost one: its networks are part of the key, and its path is noted
 * @param watched its segment was read
 */
function count6(at: usize, sourcePort: u32, targetPort: u32, kind: u32, inner: bool, watched: bool): void {
  const s0 = bswap<u64>(load<u64>(at, 8));
  const s1 = bswap<u64>(load<u64>(at, 16));
  const t0 = bswap<u64>(load<u64>(at, 24));
  const t1 = bswap<u64>(load<u64>(at, 32));
  const back = s0 != t0 ? s0 > t0 : s1 != t1 ? s1 > t1 : sourcePort > targetPort;
  const a0 = back ? t0 : s0;
  const a1 = back ? t1 : s1;
  const b0 = back ? s0 : t0;
  const b1 = back ? s1 : t1;
  let k1 =
    ((back ? (<u64>targetPort << 16) | <u64>sourcePort : (<u64>sourcePort << 16) | <u64>targetPort) << 8) | <u64>kind;
  if (inner) k1 |= <u64>networksOfInnermost() << NETWORKS_SHIFT;
  const reference = find6(a0, a1, b0, b1, k1);
  const entry = reference & ~1;
  if (entry) {
    touch(entry + (back ? BACK6 : 0), bytes, time, timed);
    if (watched) watchEntry(reference, back, time, timed);
    if (inner) notePath(entry + ENTRY6_BYTES + (back ? 4 : 0), pathOfInnermost());
  } else countDropped(true, k1, a0, a1, b0, b1, bytes, back);
  if (inner && keyIsPinned(true, k1, a0, a1, b0, b1)) takeFromPinned(back);
}

// @ts-ignore: decorator
@inline
export function ipv4(at: usize, end: usize): void {
  if (at >= end) return other(FAMILY_CUT);
  const captured = end - at;
  const first = <u32>load<u8>(at);
  if (first >> 4 != 4) return other(FAMILY_NOT_IPV4);
  if (captured < 10) return countRow(PROTOCOLS4 + (256 << 4), bytes);
  const protocol = <u32>load<u8>(at, 9);
  countRow(PROTOCOLS4 + (<usize>protocol << 4), bytes);
  const header = <usize>(first & 15) << 2;
  // The thirteen bits of the fragment offset, as the two bytes lie.
  const fragment = load<u16>(at, 6) & 0xff1f;
  if (captured < 20) return portless(protocol, !fragment && header >= 20);
  const source = bswap<u32>(load<u32>(at, 12));
  const target = bswap<u32>(load<u32>(at, 16));
  if ((protocol == TCP || protocol == UDP) && !fragment && header >= 20 && captured >= header + 4) {
    const targetPort = big16(at + header + 2);
    if (mayHoldTunnel(protocol, targetPort) && inside(insideOfPort(targetPort), at + header + 8, end)) return;
    const watched = watching && protocol == TCP;
    if (watched) readSegment4(at, at + header, end);
    if (naming) name4(protocol, at, at + header, end);
    count4(source, target, big16(at + header), targetPort, protocol, watched);
  } else {
    if (mayBeTunnel(protocol) && !fragment && header >= 20) {
      if (inside(insideOfProtocol(protocol, false), at + header, end)) return;
    }
    portless(protocol, !fragment && header >= 20);
    count4(source, target, 0, 0, KIND_PAIR, false);
  }
}

/**
 * Counts the tunnels of the packet, from something that stands at a place. True: the conversation of the
 * innermost header was counted, and stands for the packet's own.
 */
export function inside(what: u32, at: usize, end: usize): bool {
  if (!what) return false;
  lookInside(what, at, end, bytes);
  if (!tailBytes || !innermost) return false;
  const watched = watching && innermostKind == TCP;
  if (innermostCut) portless(TCP, true);
  if (innermostSix) {
    if (watched) readSegment6(innermost, innermostTransport, end);
    if (naming) name6(innermostKind, innermost, innermostTransport, end);
    count6(innermost, innermostPorts >> 16, innermostPorts & 0xffff, innermostKind, true, watched);
  } else {
    if (watched) readSegment4(innermost, innermostTransport, end);
    if (naming) name4(innermostKind, innermost, innermostTransport, end);
    countInnermost4(innermost, watched);
  }
  return true;
}

function countInnermost4(at: usize, watched: bool): void {
  if (watched) countWatched();
  const source = bswap<u32>(load<u32>(at, 12));
  const target = bswap<u32>(load<u32>(at, 16));
  const sourcePort = innermostPorts >> 16;
  const targetPort = innermostPorts & 0xffff;
  const back = source != target ? source > target : sourcePort > targetPort;
  const k0 = back ? (<u64>target << 32) | <u64>source : (<u64>source << 32) | <u64>target;
  // Networks, ports and kind, as keys have them.
  const ports = back ? (innermostPorts << 16) | (innermostPorts >> 16) : innermostPorts;
  const k1 = (<u64>networksOfInnermost() << NETWORKS_SHIFT) | (<u64>ports << 8) | <u64>innermostKind;
  const entry = find4(k0, k1, hash4(k0, k1));
  if (entry) {
    touch(entry + (back ? BACK4 : 0), bytes, time, timed);
    if (watched) watchEntry(entry, back, time, timed);
    notePath(entry + ENTRY4_BYTES + (back ? 4 : 0), pathOfInnermost());
  } else countDropped(false, k1, k0, 0, 0, 0, bytes, back);
  if (keyIsPinned(false, k1, k0, 0, 0, 0)) takeFromPinned(back);
}

/**
 * The connection that was asked for is one of packets' own headers: what its entry has from tunnels is taken off again.
 */
function takeFromPinned(back: bool): void {
  const row = PINNED_DROPPED + (back ? 16 : 0);
  add(row, -1);
  add(row + 8, -bytes);
}

export function ipv6(at: usize, end: usize): void {
  if (at >= end) return other(FAMILY_CUT);
  const captured = end - at;
  if (load<u8>(at) >> 4 != 6) return other(FAMILY_NOT_IPV6);
  if (captured < 7) return countRow(PROTOCOLS6 + (256 << 4), bytes);
  let protocol = <u32>load<u8>(at, 6);
  let next = at + 40;
  let fragment = false;
  // Hop-by-hop, routing, fragment and destination options, as far as they are captured.
  while (protocol == 0 || protocol == 43 || protocol == 44 || protocol == 60) {
    if (protocol == 44) {
      if (next + 4 > end) break;
      protocol = <u32>load<u8>(next);
      if (load<u16>(next, 2) & 0xf8ff) {
        fragment = true;
        break;
      }
      next += 8;
    } else {
      if (next + 2 > end) break;
      protocol = <u32>load<u8>(next);
      next += (<usize>load<u8>(next, 1) + 1) << 3;
    }
  }
  countRow(PROTOCOLS6 + (<usize>protocol << 4), bytes);
  if (captured < 40) return portless(protocol, !fragment);
  if ((protocol == TCP || protocol == UDP) && !fragment && next + 4 <= end) {
    const targetPort = big16(next + 2);
    if (mayHoldTunnel(protocol, targetPort) && inside(insideOfPort(targetPort), next + 8, end)) return;
    const watched = watching && protocol == TCP;
    if (watched) readSegment6(at, next, end);
    if (naming) name6(protocol, at, next, end);
    count6(at, big16(next), targetPort, protocol, false, watched);
  } else {
    if (mayBeTunnel(protocol) && !fragment && inside(insideOfProtocol(protocol, true), next, end)) return;
    portless(protocol, !fragment);
    count6(at, 0, 0, KIND_PAIR, false, false);
  }
}

/** By the version nibble alone. */
export function raw(at: usize, end: usize, family: u32): void {
  if (at >= end) return other(FAMILY_CUT);
  const version = load<u8>(at) >> 4;
  if (version == 4) ipv4(at, end);
  else if (version == 6) ipv6(at, end);
  else other(family);
}
