// The symbols of a block (RFC 1951, 3.2.5), to bytes or to 16 bits each: values above 255 stand for bytes
// that are not known yet.

import { DAMAGED, giveBack, GO_ON, Input, need, NEED_INPUT, OUTPUT_FULL, take } from './bits';
import { Block } from './headers';
import { DISTANCE_BITS, DISTANCE_TABLE, END_OF_BLOCK, INVALID, LITERAL, LITERAL_BITS, LITERAL_TABLE, SUBTABLE } from './tables';

/** Output. Distances reach back to its start at most. */
export class Output {
  static start: usize = 0;
  static at: usize = 0;
  static end: usize = 0;
}

/** A match has 258 elements of up to two bytes, and copies write up to 32 bytes more. */
const MATCH_ROOM: usize = 576;
const LITERAL_MASK: u64 = (1 << LITERAL_BITS) - 1;
const DISTANCE_MASK: u64 = (1 << DISTANCE_BITS) - 1;

/** What is left of a stored block. */
export function stored<T>(): u32 {
  giveBack();
  const room = (Output.end - Output.at) / sizeof<T>();
  const size = min<usize>(min<usize>(<usize>Block.storedLeft, Input.end - Input.at), room);
  if (sizeof<T>() == 1) memory.copy(Output.at, Input.at, size);
  else for (let i: usize = 0; i < size; i++) store<T>(Output.at + i * sizeof<T>(), <T>load<u8>(Input.at + i));
  Output.at += size * sizeof<T>();
  Input.at += size;
  Block.storedLeft -= <u32>size;
  if (!Block.storedLeft) return GO_ON;
  return Input.at == Input.end ? NEED_INPUT : OUTPUT_FULL;
}

/** Entries are described in tables.ts. */
export function codes<T>(): u32 {
  const fast = fastCodes<T>();
  if (fast != NEED_INPUT) return fast;
  while (true) {
    if (Output.at > Output.end - MATCH_ROOM) return OUTPUT_FULL;
    // Near the end of the input: as many bits as there are, and nothing is taken before a symbol is whole.
    need(56);
    let entry = lookUp(LITERAL_TABLE, Input.bits, LITERAL_MASK);
    let used = entry & 0xff;
    if (used > Input.count) return NEED_INPUT;
    if (entry & LITERAL) {
      store<T>(Output.at, <T>(entry >> 16));
      Output.at += sizeof<T>();
      take(used);
      continue;
    }
    if (entry & INVALID) return DAMAGED;
    if (entry & END_OF_BLOCK) {
      take(used);
      return GO_ON;
    }
    let extra = (entry >> 8) & 15;
    const length = (entry >> 16) + (<u32>(Input.bits >> <u64>used) & ((1 << extra) - 1));
    used += extra;
    if (used > Input.count) return NEED_INPUT;
    entry = lookUp(DISTANCE_TABLE, Input.bits >> <u64>used, DISTANCE_MASK);
    used += entry & 0xff;
    if (used > Input.count) return NEED_INPUT;
    if (entry & INVALID) return DAMAGED;
    extra = (entry >> 8) & 15;
    const distance = (entry >> 16) + (<u32>(Input.bits >> <u64>used) & ((1 << extra) - 1));
    used += extra;
    if (used > Input.count) return NEED_INPUT;
    if (<usize>distance * sizeof<T>() > Output.at - Output.start) return DAMAGED;
    Input.bits >>= <u64>used;
    Input.count -= used;
    copyMatch<T>(Output.at, <usize>distance, <usize>length);
    Output.at += <usize>length * sizeof<T>();
  }
}

// @ts-ignore: decorator
@inline
function lookUp(table: usize, value: u64, mask: u64): u32 {
  const entry = load<u32>(table + (<usize>(value & mask) << 2));
  if (!(entry & SUBTABLE)) return entry;
  const first: u64 = table == LITERAL_TABLE ? LITERAL_BITS : DISTANCE_BITS;
  const sub = (value >> first) & ((<u64>1 << <u64>(entry & 0xff)) - 1);
  return load<u32>(table + ((<usize>(entry >> 16) + <usize>sub) << 2));
}

/**
 * Low bits of the bit buffer that are not read: an index masked above them is a place in a table of 4-byte
 * entries.
 */
const SCALE: u32 = 2;
const LITERAL_PLACE: u32 = ((1 << LITERAL_BITS) - 1) << SCALE;
const DISTANCE_PLACE: u32 = ((1 << DISTANCE_BITS) - 1) << SCALE;

/** The second table's entry, of a code longer than the first table's bits. */
// @ts-ignore: decorator
@inline
function second(entry: u32, held: u64, table: usize, firstBits: u64): u32 {
  const sub = <u32>(held >> (firstBits + SCALE)) & ((1 << (entry & 0xff)) - 1);
  return load<u32>(table + ((<usize>(entry >> 16) + <usize>sub) << 2));
}

/**
 * The same while there is input and room for whatever a symbol may need. NEED_INPUT: go on with care. Only
 * the low six bits of `have` count: an entry is subtracted, and shifted by, as it is.
 */
function fastCodes<T>(): u32 {
  const inEnd = Input.end - 16;
  const outEnd = Output.end - MATCH_ROOM;
  const floor = Output.start;
  let from = Input.at;
  let to = Output.at;
  let held = Input.bits << SCALE;
  let have = Input.count + SCALE;
  let result = NEED_INPUT;
  while (from <= inEnd && to <= outEnd) {
    held |= load<u64>(from) << <u64>have;
    from += <usize>((~have >> 3) & 7);
    have |= 56;
    let entry = load<u32>(<usize>(<u32>held & LITERAL_PLACE), LITERAL_TABLE);
    // Five codes of the first table have at most 50 bits, and 54 are there.
    if (entry & LITERAL) {
      held >>= <u64>entry;
      have -= entry;
      store<T>(to, <T>(entry >> 16));
      to += sizeof<T>();
      entry = load<u32>(<usize>(<u32>held & LITERAL_PLACE), LITERAL_TABLE);
      if (entry & LITERAL) {
        held >>= <u64>entry;
        have -= entry;
        store<T>(to, <T>(entry >> 16));
        to += sizeof<T>();
        entry = load<u32>(<usize>(<u32>held & LITERAL_PLACE), LITERAL_TABLE);
        if (entry & LITERAL) {
          held >>= <u64>entry;
          have -= entry;
          store<T>(to, <T>(entry >> 16));
          to += sizeof<T>();
          entry = load<u32>(<usize>(<u32>held & LITERAL_PLACE), LITERAL_TABLE);
          if (entry & LITERAL) {
            held >>= <u64>entry;
            have -= entry;
            store<T>(to, <T>(entry >> 16));
            to += sizeof<T>();
            entry = load<u32>(<usize>(<u32>held & LITERAL_PLACE), LITERAL_TABLE);
            if (entry & LITERAL) {
              held >>= <u64>entry;
              have -= entry;
              store<T>(to, <T>(entry >> 16));
              to += sizeof<T>();
              continue;
            }
          }
        }
      }
      held |= load<u64>(from) << <u64>have;
      from += <usize>((~have >> 3) & 7);
      have |= 56;
    }
    if (entry & SUBTABLE) {
      entry = second(entry, held, LITERAL_TABLE, LITERAL_BITS);
      if (entry & LITERAL) {
        held >>= <u64>entry;
        have -= entry;
        store<T>(to, <T>(entry >> 16));
        to += sizeof<T>();
        continue;
      }
    }
    // What is refused is found again, with care, by the caller.
    if (entry & INVALID) break;
    if (entry & END_OF_BLOCK) {
      held >>= <u64>entry;
      have -= entry;
      result = GO_ON;
      break;
    }
    const lengthBits = entry & 0xff;
    const lengthExtra = (entry >> 8) & 15;
    const length = <usize>((entry >> 16) + (<u32>(held >> <u64>(lengthBits + SCALE)) & ((1 << lengthExtra) - 1)));
    const rest = held >> <u64>(lengthBits + lengthExtra);
    entry = load<u32>(<usize>(<u32>rest & DISTANCE_PLACE), DISTANCE_TABLE);
    if (entry & SUBTABLE) entry = second(entry, rest, DISTANCE_TABLE, DISTANCE_BITS);
    if (entry & INVALID) break;
    const distanceBits = entry & 0xff;
    const distanceExtra = (entry >> 8) & 15;
    const distance = <usize>((entry >> 16) + (<u32>(rest >> <u64>(distanceBits + SCALE)) & ((1 << distanceExtra) - 1)));
    if (distance * sizeof<T>() > to - floor) break;
    held = rest >> <u64>(distanceBits + distanceExtra);
    have -= lengthBits + lengthExtra + distanceBits + distanceExtra;
    copyMatch<T>(to, distance, length);
    to += length * sizeof<T>();
  }
  have = (have & 63) - SCALE;
  // Bits above those that are counted were loaded and not taken; they are loaded again.
  Input.at = from - <usize>(have >> 3);
  Input.count = have & 7;
  Input.bits = (held >> SCALE) & ((<u64>1 << <u64>Input.count) - 1);
  Output.at = to;
  return result;
}

// @ts-ignore: decorator
@inline
function copyMatch<T>(start: usize, distance: usize, length: usize): void {
  let to = start;
  const stop = to + length * sizeof<T>();
  const back = distance * sizeof<T>();
  if (back >= 16) {
    do {
      v128.store(to, v128.load(to - back));
      to += 16;
    } while (to < stop);
  } else if (distance == 1) {
    const value = v128.splat<T>(load<T>(to - back));
    do {
      v128.store(to, value);
      to += 16;
    } while (to < stop);
  } else if (back >= 8) {
    do {
      store<u64>(to, load<u64>(to - back));
      to += 8;
    } while (to < stop);
  } else {
    do {
      store<T>(to, load<T>(to - back));
      to += sizeof<T>();
    } while (to < stop);
  }
}
