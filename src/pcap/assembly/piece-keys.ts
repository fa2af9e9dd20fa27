// Which addresses, ports and connections the packets of a piece of the file have, where filters look for them: at the
// network header of a link type, behind any VLAN tags. Kept as hashes in three sets, one after the other, each with:
//
//   32,768 slots of u32, 0: free | 16,384 numbers of the slots that are taken, u32
//
// ../index/keys.ts makes the same hashes of what a filter asks for.

import { reserve } from './arena';
import { big16, big32 } from './big-endian';

const SLOTS: u32 = 32768;
const KEYS_MAX: u32 = 16384;
const LIST_AT: usize = <usize>SLOTS << 2;
const SET_BYTES: usize = LIST_AT + (<usize>KEYS_MAX << 2);
const SETS: u32 = 3;

const ADDRESSES: u32 = 0;
const PORTS: u32 = 1;
const CONNECTIONS: u32 = 2;

const IP: u32 = 0x0800;
const ARP: u32 = 0x0806;
const RARP: u32 = 0x8035;
const IP6: u32 = 0x86dd;

const SEED4: u32 = 0x3c6ef372;
const SEED6: u32 = 0xa54ff53a;
const SEED_PORT: u32 = 0x510e527f;

/**
 * Connections of IPv4 that were noted lately, in one direction each: addresses u64, ports u32, 1 for a taken entry u32.
 */
const NOTED: u32 = 4096;
const NOTED_BYTES: usize = <usize>NOTED << 4;

let sets: usize = 0;
let noted: usize = 0;
const counts = memory.data(12);

export function beginKeys(): void {
  sets = reserve(<usize>SETS * SET_BYTES);
  noted = reserve(NOTED_BYTES);
  memory.fill(counts, 0, 12);
}

/** Another piece begins, with empty sets. */
export function beginPieceKeys(): void {
  memory.fill(noted, 0, NOTED_BYTES);
}

// @ts-ignore: decorator
@inline
function setAt(set: u32): usize {
  return sets + <usize>set * SET_BYTES;
}

/**
 * Empties a set. Its keys lie at keysAt() until the next packet; returns how many, or 2^32-1 where they were too many.
 */
export function takeKeys(set: u32): u32 {
  const at = setAt(set);
  const count = load<u32>(counts + (<usize>set << 2));
  store<u32>(counts + (<usize>set << 2), 0);
  const listed = min<u32>(count, KEYS_MAX);
  for (let i: u32 = 0; i < listed; i++) {
    const place = at + LIST_AT + (<usize>i << 2);
    const slot = at + (<usize>load<u32>(place) << 2);
    store<u32>(place, load<u32>(slot));
    store<u32>(slot, 0);
  }
  return count > KEYS_MAX ? 0xffffffff : count;
}

export function keysAt(set: u32): usize {
  return setAt(set) + LIST_AT;
}

function insert(set: u32, hash: u32): void {
  const key = hash ? hash : 1;
  const at = setAt(set);
  const counter = counts + (<usize>set << 2);
  const count = load<u32>(counter);
  if (count > KEYS_MAX) return;
  let slot = key & (SLOTS - 1);
  while (true) {
    const there = load<u32>(at + (<usize>slot << 2));
    if (there == key) return;
    if (!there) break;
    slot = (slot + 1) & (SLOTS - 1);
  }
  store<u32>(counter, count + 1);
  if (count == KEYS_MAX) return;
  store<u32>(at + (<usize>slot << 2), key);
  store<u32>(at + LIST_AT + (<usize>count << 2), slot);
}

/** MurmurHash3's finaliser. */
// @ts-ignore: decorator
@inline
function mix(hash: u32): u32 {
  hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
  return hash ^ (hash >> 16);
}

// @ts-ignore: decorator
@inline
function address4(at: usize): u32 {
  return mix(big32(at) ^ SEED4);
}

function address6(at: usize): u32 {
  return mix(big32(at + 12) ^ mix(big32(at + 8) ^ mix(big32(at + 4) ^ mix(big32(at) ^ SEED6))));
}

/** Notes the addresses and ports of a packet, of which so many bytes may be read. */
export function noteKeys(link: u32, at: usize, captured: u32): void {
  const end = at + <usize>captured;
  switch (link) {
    case 1:
      return ethernet(at, end);
    case 104:
      return typed(at + 2, at + 4, end);
    case 113:
      return typed(at + 14, at + 16, end);
    case 138:
      return typed(at + 16, at + 18, end);
    case 276:
      return typed(at, at + 20, end);
    case 9:
    case 50:
    case 166:
      return ppp(at + 2, end);
    case 51:
      return ppp(at + 6, end);
    case 0:
    case 108:
      return family(at, at + 4, end);
    case 109:
      return family(at, at + 12, end);
    case 12:
    case 14:
    case 101:
      if (at < end) network(load<u8>(at) >> 4 == 4 ? IP : load<u8>(at) >> 4 == 6 ? IP6 : 0, at, end);
      return;
    case 228:
      return network(IP, at, end);
    case 229:
      return network(IP6, at, end);
  }
}

function ethernet(at: usize, end: usize): void {
  let typeAt = at + 12;
  while (typeAt + 2 <= end) {
    const type = big16(typeAt);
    if (type != 0x8100 && type != 0x88a8 && type != 0x9100) return network(type, typeAt + 2, end);
    typeAt += 4;
  }
}

function typed(typeAt: usize, payload: usize, end: usize): void {
  if (typeAt + 2 <= end) network(big16(typeAt), payload, end);
}

function ppp(typeAt: usize, end: usize): void {
  if (typeAt + 2 > end) return;
  const type = big16(typeAt);
  network(type == 0x21 ? IP : type == 0x57 ? IP6 : type, typeAt + 2, end);
}

/** The number of a family of addresses, in the order of the machine that wrote the capture, or in network order. */
function family(at: usize, payload: usize, end: usize): void {
  if (at + 4 > end) return;
  const inOrder = load<u32>(at);
  const number = inOrder > 0xffff ? bswap<u32>(inOrder) : inOrder;
  if (number == 2) network(IP, payload, end);
  else if (number == 24 || number == 28 || number == 30) network(IP6, payload, end);
}

function network(type: u32, at: usize, end: usize): void {
  if (type == IP) ipv4(at, end);
  else if (type == IP6) ipv6(at, end);
  else if (type == ARP || type == RARP) {
    if (at + 18 <= end) insert(ADDRESSES, address4(at + 14));
    if (at + 28 <= end) insert(ADDRESSES, address4(at + 24));
  }
}

function ipv4(at: usize, end: usize): void {
  if (at + 10 > end) return;
  // A header that says it is short has its ports within what is taken for its addresses.
  const ports = at + ((<usize>load<u8>(at) & 15) << 2);
  const asked = hasPorts(<u32>load<u8>(at, 9)) && !(big16(at + 6) & 0x1fff);
  const whole = at + 20 <= end;
  if (asked && whole && ports + 4 <= end) return connection4(at, ports);
  if (asked) notePorts(ports, end);
  if (at + 16 <= end) insert(ADDRESSES, address4(at + 12));
  if (whole) insert(ADDRESSES, address4(at + 16));
}

/** Most packets belong to a connection that was noted before. */
function connection4(at: usize, ports: usize): void {
  const addresses = load<u64>(at, 12);
  const both = load<u32>(ports);
  const entry = noted + <usize>((mix(<u32>addresses ^ mix(<u32>(addresses >> 32) ^ both)) & (NOTED - 1)) << 4);
  if (load<u64>(entry) == addresses && load<u32>(entry, 8) == both && load<u32>(entry, 12)) return;
  store<u64>(entry, addresses);
  store<u32>(entry, both, 8);
  store<u32>(entry, 1, 12);
  connection(address4(at + 12), address4(at + 16), ports);
}

function ipv6(at: usize, end: usize): void {
  if (at + 24 > end) return;
  const source = address6(at + 8);
  if (at + 40 > end) {
    insert(ADDRESSES, source);
    return;
  }
  const target = address6(at + 24);
  const asked = hasPorts(<u32>load<u8>(at, 6));
  if (asked && at + 44 <= end) return connection(source, target, at + 40);
  if (asked) notePorts(at + 40, end);
  insert(ADDRESSES, source);
  insert(ADDRESSES, target);
}

// @ts-ignore: decorator
@inline
function hasPorts(protocol: u32): bool {
  return protocol == 6 || protocol == 17 || protocol == 132;
}

function connection(source: u32, target: u32, ports: usize): void {
  const from = mix(big16(ports) ^ SEED_PORT);
  const to = mix(big16(ports + 2) ^ SEED_PORT);
  // The same in both directions.
  insert(CONNECTIONS, mix(mix(source + from) + mix(target + to)));
  insert(ADDRESSES, source);
  insert(ADDRESSES, target);
  insert(PORTS, from);
  insert(PORTS, to);
}

/** Notes as many of the ports as are captured. */
function notePorts(ports: usize, end: usize): void {
  if (ports + 2 <= end) insert(PORTS, mix(big16(ports) ^ SEED_PORT));
  if (ports + 4 <= end) insert(PORTS, mix(big16(ports + 2) ^ SEED_PORT));
}
