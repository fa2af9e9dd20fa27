// Packets that tell names are copied into a log, in the order of the file; names/ reads it. An event:
//
//    0 bytes of the payload that follow u32 | 4 bytes of the payload on the wire u32 | 8 time i64 | 16 number of the packet u64
//   24 seq u32 | 28 kind u8 | 29 1: IPv6, 2: it has a time u8 | 30 zeros | 36 source port u16 | 38 target port u16
//   40 source and target address, of 4 or 16 bytes each, then the payload, up to a multiple of 8 bytes; ports and addresses as
//      they lie, so that both ends are one piece
//
// What is copied depends on the packet alone, so that every cut of a file gives the same events.

import { release, reserveReused } from './arena';
import { big16 } from './big-endian';
import { headAt, headEnd, headGoesOn, mayBeHttp, NO_HEAD, REQUEST } from './names-http';
import { beginFollowing, CLOSED, HELLO_BYTES, followHello, followRest, noteFirst, NOT_FOLLOWED } from './names-follow';

/** The first room of the log; it doubles. Most captures tell few names. */
const FIRST_BYTES: usize = 0x10000;
const HEAD_BYTES: usize = 40;
/** More of a message is not read: a larger one over UDP is rare, and its name stands at its beginning. */
const MESSAGE_BYTES: usize = 4096;

const DNS: u32 = 1;
const HELLO: u32 = 2;
const REST: u32 = 3;
const HTTP_REQUEST: u32 = 4;
const HTTP_RESPONSE: u32 = 5;
const DNS_STREAM: u32 = 6;
const QUIC: u32 = 7;
const DHCP: u32 = 8;
/** 53, as it lies. */
const DNS_PORT: u32 = 0x3500;
/** DHCP's of the server, and of the client the next one (RFC 2131, 4.1); relays use the first as well. */
const DHCP_PORT: u32 = 67;
/** A segment of DNS over TCP is copied whole. */
const SEGMENT_BYTES: usize = 65_535;

const IS_SIX: u32 = 1;
const IS_TIMED: u32 = 2;

/** Names are told. */
export let naming: bool = false;
let log: usize = 0;
let roomBytes: usize = 0;
/** Bytes of the log. */
export let namesBytes: usize = 0;
/** Packets of TCP and UDP whose ports were captured, since the scan began. */
export let namesPackets: u64 = 0;

/** @param piecewise what came before is not known */
export function beginNames(on: bool, piecewise: bool): void {
  naming = on;
  beginFollowing(piecewise);
  log = 0;
  roomBytes = 0;
  namesBytes = 0;
  namesPackets = 0;
}

/** What comes now is behind packets that this scan has not seen. */
export function beginNamesPart(): void {
  namesPackets = 0;
  beginFollowing(true);
}

export function namesAt(): usize {
  return log;
}

/** The log was read: it begins anew. */
export function clearNames(): void {
  namesBytes = 0;
}

// The packet under the reader's eye.
let ip: usize = 0;
let six: bool = false;
let ports: usize = 0;
let at: i64 = 0;
let timed: bool = false;

/**
 * Looks at a packet of UDP.
 * @param header of IP
 * @param end of what was captured
 * @param ipBytes from the ports on, as IP tells them
 */
export function nameUdp(header: usize, isSix: bool, transport: usize, end: usize, ipBytes: i64, time: i64, hasTime: bool): void {
  namesPackets++;
  let kind = QUIC;
  if (isDns(transport)) kind = DNS;
  else if (big16(transport + 2) - DHCP_PORT < 2 && big16(transport) - DHCP_PORT < 2) kind = DHCP;
  else if (ipBytes < INITIAL_BYTES || !isInitial(transport + 8, end)) return;
  usePacket(header, isSix, transport, time, hasTime);
  // A first fragment has less than the length of the datagram tells.
  const told = transport + 6 > end ? 0 : <i64>big16(transport + 4);
  put(kind, transport + 8, end, max(ipBytes, told) - 8, 0, MESSAGE_BYTES);
}

/** Whether one of the ports is that of DNS. */
// @ts-ignore: decorator
@inline
function isDns(transport: usize): bool {
  const ends = load<u32>(transport);
  return ends >> 16 == DNS_PORT || (ends & 0xffff) == DNS_PORT;
}

/** A datagram with an Initial packet of QUIC has 1,200 bytes at least, behind the header of UDP (RFC 9000, 14.1). */
const INITIAL_BYTES: i64 = 1208;
/** Versions 1 and 2 of QUIC, as they lie (RFC 9000, 15; RFC 9369, 3.1). */
const QUIC_1: u32 = 0x01000000;
const QUIC_2: u32 = 0xcf43336b;

/** Header form, fixed bit and type of an Initial packet (RFC 9000, 17.2; RFC 9369, 3.2). */
// @ts-ignore: decorator
@inline
function isInitial(from: usize, end: usize): bool {
  if (from + 7 > end) return false;
  const first = load<u8>(from) & 0xf0;
  const version = load<u32>(from, 1);
  return (first == 0xc0 && version == QUIC_1) || (first == 0xd0 && version == QUIC_2);
}

function usePacket(header: usize, isSix: bool, transport: usize, time: i64, hasTime: bool): void {
  ip = header;
  six = isSix;
  ports = transport;
  at = time;
  timed = hasTime;
}

/** The same of a packet of TCP. */
export function nameTcp(
  header: usize,
  isSix: bool,
  transport: usize,
  end: usize,
  ipBytes: i64,
  time: i64,
  hasTime: bool,
): void {
  namesPackets++;
  if (transport + 20 > end) return;
  const headBytes = <usize>(load<u8>(transport, 12) >> 4) << 2;
  const from = transport + headBytes;
  const wire = ipBytes - <i64>headBytes;
  if (wire <= 0 || headBytes < 20 || from >= end) return;
  const here = min(end - from, <usize>wire);
  const seq = bswap<u32>(load<u32>(transport, 4));
  if (isDns(transport)) {
    usePacket(header, isSix, transport, time, hasTime);
    put(DNS_STREAM, from, end, wire, seq, SEGMENT_BYTES);
    return;
  }
  if (mayBeHttp(from, here) && putHeads(header, isSix, transport, from, from + here, wire, seq, time, hasTime)) return;
  if (here >= 3 && load<u16>(from) == HANDSHAKE && load<u8>(from, 2) <= 4 && (here < 6 || load<u8>(from, 5) == 1)) {
    usePacket(header, isSix, transport, time, hasTime);
    put(HELLO, from, end, wire, seq, HELLO_BYTES);
    if (isWholeHello(from, here)) noteFirst(header, isSix, transport, seq, namesPackets);
    else followHello(header, isSix, transport, seq, namesPackets);
    return;
  }
  const how = followRest(header, isSix, transport, seq, namesPackets);
  if (how == NOT_FOLLOWED) return;
  usePacket(header, isSix, transport, time, hasTime);
  put(REST, from, end, wire, seq, how == CLOSED ? 0 : HELLO_BYTES);
}

/** Bytes of a response that are copied: `HTTP/1.1 200`. */
const STATUS_BYTES: usize = 12;

/** Copies the heads with which a segment begins. False: it begins with none. */
function putHeads(
  header: usize,
  isSix: bool,
  transport: usize,
  from: usize,
  end: usize,
  wire: i64,
  seq: u32,
  time: i64,
  hasTime: bool,
): bool {
  let next = from;
  for (let head = headAt(next, end); head != NO_HEAD; head = headAt(next, end)) {
    usePacket(header, isSix, transport, time, hasTime);
    const passed = next - from;
    next = headEnd(next, end);
    const kind = head == REQUEST ? HTTP_REQUEST : HTTP_RESPONSE;
    const most = head == REQUEST ? next - from - passed : STATUS_BYTES;
    const begins = seq + <u32>passed;
    put(kind, from + passed, end, wire - <i64>passed, begins, most);
    if (head == REQUEST && headGoesOn) followHello(header, isSix, transport, begins, namesPackets);
  }
  return next > from;
}

/** Content type 22 and the first byte of a version, as they lie (RFC 8446, 5.1). */
const HANDSHAKE: u32 = 0x0316;

/** One record, which has all of the message. */
function isWholeHello(from: usize, here: usize): bool {
  if (here < 9) return false;
  const record = <usize>big16(from + 3);
  const message = (<usize>load<u8>(from, 6) << 16) | <usize>big16(from + 7);
  return message + 4 <= record && here >= 9 + message;
}

/** Copies a payload that begins at a place. */
function put(kind: u32, from: usize, end: usize, wire: i64, seq: u32, most: usize): void {
  const whole = <usize>max<i64>(0, wire);
  const here = from < end ? min(min(end - from, whole), most) : 0;
  const addressBytes: usize = six ? 32 : 8;
  const bytes = (HEAD_BYTES + addressBytes + here + 7) & ~7;
  if (namesBytes + bytes > roomBytes) grow(namesBytes + bytes);
  const to = log + namesBytes;
  namesBytes += bytes;
  store<u64>(to + bytes - 8, 0);
  store<u32>(to, here);
  store<u32>(to, whole, 4);
  store<i64>(to, timed ? at : 0, 8);
  store<u64>(to, namesPackets, 16);
  store<u32>(to, seq, 24);
  store<u64>(to, kind | ((six ? IS_SIX : 0) << 8) | ((timed ? IS_TIMED : 0) << 8), 28);
  store<u32>(to, load<u32>(ports), 36);
  memory.copy(to + HEAD_BYTES, ip + (six ? 8 : 12), addressBytes);
  memory.copy(to + HEAD_BYTES + addressBytes, from, here);
}

function grow(bytes: usize): void {
  let larger = max(FIRST_BYTES, roomBytes << 1);
  while (larger < bytes) larger <<= 1;
  const room = reserveReused(larger);
  if (namesBytes) memory.copy(room, log, namesBytes);
  if (log) release(log, roomBytes);
  log = room;
  roomBytes = larger;
}
