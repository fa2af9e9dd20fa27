// Which packets are counted when a filter or a span of time is asked for. Filters are functions of other
// modules that share this one's memory and table; the one for a link type is asked for at its first packet.

import { based, fromBase } from './clock';
import { beginExtracting } from './extract';
import { add, EXAMINED, FILTER_SLOTS, FILTER_SLOTS_BYTES, I64_MAX, I64_MIN } from './layout';
import { indexing, noteTime, onlyIndexing } from './pieces';
import { noteKeys } from './piece-keys';
import { big, setSelective, walking } from './status';

/** Bytes of a packet that a filter may read: of one larger than the window no more are there. */
export const READ_BYTES_MAX: u32 = 2 << 20;
const NULL_LINK: u32 = 0;

/** Gives the number in the table of the function match(at, captured, original) for a link type, above 0. */
// @ts-ignore: decorator
@external('filter', 'functionOf')
declare function functionOf(link: u32, bigEndian: bool): u32;

/** Of packets that match only the number and the link type are told. */
export let onlyNumbers: bool = false;

let filtered: bool = false;
let used: bool = false;
let spanned: bool = false;
let after: i64 = I64_MIN;
let before: i64 = I64_MAX;
/** Bits 1 and 2: after and before are counted from the first packet that has a time. */
let relative: u32 = 0;
/** A function's number fits a byte; that of NULL in captures of big-endian machines stands apart. */
let nullBig: u32 = 0;

/**
 * Filters see packets as the report does: with their network header behind the link layer's, without the VLAN
 * tags between.
 */
let transparent: bool = false;
/** Bytes under a header that is moved over tags, which are put back behind the filter. */
const HEADER_MOST: usize = 20;
const held = memory.data(20);

/** Nothing is filtered; what was asked for before is forgotten. */
export function beginFiltering(): void {
  if (used) memory.fill(FILTER_SLOTS, 0, FILTER_SLOTS_BYTES);
  used = false;
  nullBig = 0;
  filtered = false;
  onlyNumbers = false;
  transparent = false;
  spanned = false;
  relative = 0;
}

/** From now on only packets count that match. */
export function setFilter(): void {
  filtered = true;
  setSelective();
}

/** From now on packets that are wanted are not looked into. */
export function setOnlyNumbers(): void {
  onlyNumbers = true;
  setSelective();
}

/** From now on filters do not see VLAN tags. */
export function setTransparent(): void {
  transparent = true;
}

/** From now on each packet is looked at, whether or not a filter is asked for. */
export function setExtracting(packetsMax: u64, leftBytes: u32): void {
  beginExtracting(packetsMax, leftBytes);
  setSelective();
}

/** From now on only packets count of which after <= time < before. */
export function setSpan(from: i64, to: i64, fromFirstPacket: u32): void {
  spanned = true;
  after = from;
  before = to;
  relative = fromFirstPacket;
  setSelective();
}

/** Whether a packet is wanted, by its bytes; asked only when selective. */
export function matches(link: u32, at: usize, captured: u32, original: u32): bool {
  if (walking) return false;
  add(EXAMINED, 1);
  if (indexing) {
    noteKeys(link, at, min(captured, READ_BYTES_MAX));
    if (onlyIndexing) return false;
  }
  if (!filtered) return true;
  const number = functionFor(link);
  const bytes = min(captured, READ_BYTES_MAX);
  if (transparent) {
    // Where the type of what follows stands, and where the header of the link layer ends.
    if (link == 1) return matchesBehindTags(number, at, bytes, original, 12, 14);
    if (link == 113) return matchesBehindTags(number, at, bytes, original, 14, 16);
    if (link == 276) return matchesBehindTags(number, at, bytes, original, 0, 20);
    if (link == 104) return matchesBehindTags(number, at, bytes, original, 2, 4);
  }
  return call_indirect<u32>(number, at, bytes, original) != 0;
}

/** The number in the table of the filter's function for a link type. */
export function functionFor(link: u32): u32 {
  let number: u32 = link == NULL_LINK && big ? nullBig : <u32>load<u8>(FILTER_SLOTS + <usize>(link & 0xffff));
  if (!number) {
    number = functionOf(link, big);
    used = true;
    if (link == NULL_LINK && big) nullBig = number;
    else store<u8>(FILTER_SLOTS + <usize>(link & 0xffff), <u8>number);
  }
  return number;
}

/** Whether the filter's function alone tells which packets are wanted, and nothing else looks at those that are not. */
export function byFilterAlone(): bool {
  return filtered && !walking && !indexing && !spanned && !transparent && !based;
}

function isTag(at: usize): bool {
  const type = load<u16>(at);
  // 0x8100, 0x88a8 and 0x9100 as their bytes lie.
  return type == 0x0081 || type == 0xa888 || type == 0x0091;
}

/**
 * Moves the header of the link layer over the tags behind it while the filter looks, with the type that the
 * last tag tells.
 */
function matchesBehindTags(number: u32, at: usize, captured: u32, original: u32, typeAt: usize, head: usize): bool {
  const end = at + <usize>captured;
  let type = at + typeAt;
  let tags: usize = 0;
  while (at + head + tags + 4 <= end && isTag(type)) {
    type = at + head + tags + 2;
    tags += 4;
  }
  if (!tags) return call_indirect<u32>(number, at, captured, original) != 0;
  const moved = at + tags;
  const found = load<u16>(type);
  memory.copy(held, moved, HEADER_MOST);
  memory.copy(moved, at, head);
  store<u16>(moved + typeAt, found);
  const matched = call_indirect<u32>(number, moved, captured - <u32>tags, original) != 0;
  memory.copy(moved, held, HEADER_MOST);
  return matched;
}

/** Whether a time is wanted; asked of every packet that has one, the first one included. */
export function inSpan(time: i64): bool {
  if (indexing) noteTime(time);
  if (!spanned) return true;
  if (relative) fix(time);
  return time >= after && time < before;
}

/** Whether a packet without a time is wanted. */
export function inSpanUntimed(): bool {
  return !spanned;
}

/** The times that come are counted from a base now: bounds that are ns since 1970 are, too. */
export function rebaseSpan(): void {
  if (!spanned) return;
  if (!(relative & 1) && after != I64_MIN) after = fromBase(after);
  if (!(relative & 2) && before != I64_MAX) before = fromBase(before);
}

function fix(first: i64): void {
  if (relative & 1) after = sum(first, after);
  if (relative & 2) before = sum(first, before);
  relative = 0;
}

/** The second is not negative. */
function sum(a: i64, b: i64): i64 {
  const total = a + b;
  return total < a ? I64_MAX : total;
}
