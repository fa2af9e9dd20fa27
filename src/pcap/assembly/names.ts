// Packets that tell names are copied into a log, in the order of the file; names/ reads it. An event:
//
//    0 bytes of the payload that follow u32 | 4 bytes of the payload on the wire u32 | 8 time i64 | 16 number of the packet u64
//   24 seq u32 | 28 source port u16 | 30 target port u16 | 32 kind u8 | 33 1: IPv6, 2: it has a time u8 | 34 zeros
//   40 source and target address, in network order, of 4 or 16 bytes each, then the payload, up to a multiple of 8 bytes
//
// What is copied depends on the packet alone, so that every cut of a file gives the same events.

import { release, reserveReused } from './arena';
import { big16 } from './big-endian';

/** The first room of the log; it doubles. Most captures tell few names. */
const FIRST_BYTES: usize = 0x10000;
const HEAD_BYTES: usize = 40;
/** More of a message is not read: a larger one over UDP is rare, and its name stands at its beginning. */
const MESSAGE_BYTES: usize = 4096;

const DNS: u32 = 1;
const DNS_PORT: u32 = 53;

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

export function beginNames(on: bool): void {
  naming = on;
  log = 0;
  roomBytes = 0;
  namesBytes = 0;
  namesPackets = 0;
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
  if (big16(transport + 2) != DNS_PORT && big16(transport) != DNS_PORT) return;
  ip = header;
  six = isSix;
  ports = transport;
  at = time;
  timed = hasTime;
  put(DNS, transport + 8, end, ipBytes - 8, 0, MESSAGE_BYTES);
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
  store<u16>(to, big16(ports), 28);
  store<u16>(to, big16(ports + 2), 30);
  store<u64>(to, kind | ((six ? IS_SIX : 0) << 8) | ((timed ? IS_TIMED : 0) << 8), 32);
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
