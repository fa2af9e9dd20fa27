// Headers of deflate blocks (RFC 1951, 3.2.3 to 3.2.7), and the tables that they stand for.

import { DAMAGED, giveBack, GO_ON, Input, need, NEED_INPUT, take } from './bits';
import { buildTable, DISTANCE_BITS, DISTANCE_TABLE, LENGTHS, LITERAL_BITS, LITERAL_TABLE } from './tables';

/** The block whose header was read last. */
export class Block {
  static last: bool = false;
  static stored: bool = false;
  static storedLeft: u32 = 0;
}

// A header that is not all there is read again from here.
let keptAt: usize = 0;
let keptBits: u64 = 0;
let keptCount: u32 = 0;

function keep(): void {
  giveBack();
  keptAt = Input.at;
  keptBits = Input.bits;
  keptCount = Input.count;
}

function later(): u32 {
  Input.at = keptAt;
  Input.bits = keptBits;
  Input.count = keptCount;
  return NEED_INPUT;
}

export function header(): u32 {
  keep();
  if (!need(3)) return later();
  const final = take(1) != 0;
  const type = take(2);
  if (type == 3) return DAMAGED;
  if (type == 0) {
    take(Input.count & 7);
    if (!need(32)) return later();
    const size = take(16);
    if (size != (take(16) ^ 0xffff)) return DAMAGED;
    Block.storedLeft = size;
    Block.stored = true;
  } else {
    if (type == 1) fixedTables();
    else {
      const result = dynamicTables();
      if (result == NEED_INPUT) return later();
      if (result == DAMAGED) return DAMAGED;
    }
    Block.stored = false;
  }
  Block.last = final;
  return GO_ON;
}

function fixedTables(): void {
  for (let i: usize = 0; i < 288; i++) store<u8>(LENGTHS + i, i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8);
  buildTable(LITERAL_TABLE, LITERAL_BITS, 0, 288, 0);
  for (let i: usize = 0; i < 32; i++) store<u8>(LENGTHS + i, 5);
  buildTable(DISTANCE_TABLE, DISTANCE_BITS, 0, 32, 1);
}

const ORDER = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);
const CODE_BITS: u32 = 7;

/** The tables of a block with codes of its own. What is behind is the first symbol. */
export function dynamicTables(): u32 {
  if (!need(14)) return NEED_INPUT;
  const literals = take(5) + 257;
  const distances = take(5) + 1;
  const codes = take(4) + 4;
  if (literals > 286 || distances > 30) return DAMAGED;
  memory.fill(LENGTHS, 0, 320);
  for (let i: u32 = 0; i < codes; i++) {
    if (!need(3)) return NEED_INPUT;
    store<u8>(LENGTHS + <usize>load<u8>(ORDER + <usize>i), take(3));
  }
  if (!buildTable(LITERAL_TABLE, CODE_BITS, 0, 19, 2)) return DAMAGED;
  const all = literals + distances;
  memory.fill(LENGTHS, 0, 320);
  for (let have: u32 = 0; have < all; ) {
    let entry: u32 = 0;
    while (true) {
      entry = load<u32>(LITERAL_TABLE + (<usize>(<u32>Input.bits & 127) << 2));
      if ((entry & 0xff) <= Input.count) break;
      if (!need(Input.count + 1)) return NEED_INPUT;
    }
    const length = entry & 0xff;
    const symbol = entry >> 16;
    if (symbol < 16) {
      take(length);
      store<u8>(LENGTHS + <usize>have, symbol);
      have++;
      continue;
    }
    const extra: u32 = symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
    if (!need(length + extra)) return NEED_INPUT;
    take(length);
    if (symbol == 16 && !have) return DAMAGED;
    const value: u32 = symbol == 16 ? <u32>load<u8>(LENGTHS + <usize>(have - 1)) : 0;
    const times = take(extra) + (symbol == 18 ? 11 : 3);
    if (have + times > all) return DAMAGED;
    memory.fill(LENGTHS + <usize>have, <u8>value, <usize>times);
    have += times;
  }
  if (!load<u8>(LENGTHS + 256)) return DAMAGED;
  if (!buildTable(LITERAL_TABLE, LITERAL_BITS, 0, literals, 0)) return DAMAGED;
  return buildTable(DISTANCE_TABLE, DISTANCE_BITS, literals, distances, 1) ? GO_ON : DAMAGED;
}

