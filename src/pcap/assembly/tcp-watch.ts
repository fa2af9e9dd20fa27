// TCP headers, and the packets that wait for their conversation's entry and block, as those of postponed.ts
// do: first all slots, then all entries, then all blocks, so that the misses of the caches overlap. Packets
// of one conversation stay in order.

import { big16 } from './big-endian';
import { BACK4 } from './entries';
import { hash4 } from './hash';
import { countDropped, touch } from './postponed';
import { find4, isEntry4, likely4, slotOf } from './table';
import { beginLog } from './tcp-log';
import { addUncaptured, addWindowless, blockCell, newBlock, NO_TIME, NO_WINDOW, piecewise } from './tcp-state';
import { step } from './tcp-step';

/** As in postponed.ts: with half as many, 100,000 conversations cost a third more. */
const WAITING_MAX: u32 = 64;
/**
 * 0 key u64 | 8 ports u64 | 16 time i64 | 24 bytes u32 | 28 hash u32 | 32 seq | 36 ack | 40 length |
 * 44 window u32 | 48 id u16
 * | 50 flags, 51 back, 52 has a time, 53 has flags u8 | 56 entry u32.
 */
const ITEM_BYTES: usize = 64;
const items = memory.data(64 * 64, 64);
let waiting: u32 = 0;
/** Keeps the touching loads alive. */
export let touchedBlocks: u64 = 0;

// The segment under the reader's eye.
let seq: u32 = 0;
let ack: u32 = 0;
let length: u32 = 0;
let win: u32 = 0;
let flags: u32 = 0;
let id: u32 = 0;
/** False: its flags are not captured, and it is counted and not watched. */
let readable: bool = false;

/**
 * Reads the header of a segment.
 * @param ipBytes bytes of the packet from this header on, as IP tells them
 */
export function readSegment(at: usize, end: usize, ipBytes: i64, identification: u32): void {
  readable = at + 14 <= end;
  if (!readable) return addUncaptured(1);
  seq = bswap<u32>(load<u32>(at, 4));
  ack = bswap<u32>(load<u32>(at, 8));
  const data = ipBytes - <i64>((<u32>load<u8>(at, 12) >> 4) << 2);
  length = data > 0 ? <u32>data : 0;
  flags = <u32>load<u8>(at, 13);
  id = identification;
  if (at + 16 <= end) win = big16(at + 14);
  else {
    win = NO_WINDOW;
    addWindowless(1);
  }
}

/** A packet of an IPv4 conversation, by its canonical key. */
export function watch4(k0: u64, k1: u64, bytes: u64, time: i64, timed: bool, back: bool): void {
  const item = items + <usize>waiting * ITEM_BYTES;
  store<u64>(item, k0);
  store<u64>(item, k1, 8);
  store<i64>(item, timed ? time : NO_TIME, 16);
  store<u32>(item, <u32>bytes, 24);
  store<u32>(item, hash4(k0, k1), 28);
  store<u32>(item, seq, 32);
  store<u32>(item, ack, 36);
  store<u32>(item, length, 40);
  store<u32>(item, win, 44);
  store<u16>(item, id, 48);
  store<u8>(item, flags, 50);
  store<u8>(item, back, 51);
  store<u8>(item, timed, 52);
  store<u8>(item, readable, 53);
  if (++waiting == WAITING_MAX) countWatched();
}

/** Counts those that wait. Nothing may read the table, or find an IPv4 entry of TCP, before. */
export function countWatched(): void {
  const end = items + <usize>waiting * ITEM_BYTES;
  let sum: u64 = 0;
  for (let item = items; item < end; item += ITEM_BYTES) sum += slotOf(load<u32>(item, 28));
  for (let item = items; item < end; item += ITEM_BYTES) {
    const entry = likely4(load<u32>(item, 28));
    store<u32>(item, <u32>entry, 56);
    sum += load<u64>(entry, 32) + load<u64>(entry + (load<u8>(item, 51) ? BACK4 : 0)) + load<u64>(blockCell(entry));
  }
  for (let item = items; item < end; item += ITEM_BYTES) {
    const entry = <usize>load<u32>(item, 56);
    const block = entry ? <usize>load<u32>(blockCell(entry)) : 0;
    sum += load<u64>(block) + load<u64>(block, 64);
  }
  touchedBlocks = sum;
  waiting = 0;
  for (let item = items; item < end; item += ITEM_BYTES) {
    const k0 = load<u64>(item);
    const k1 = load<u64>(item, 8);
    const bytes = <u64>load<u32>(item, 24);
    const back = load<u8>(item, 51) != 0;
    let entry = <usize>load<u32>(item, 56);
    if (!isEntry4(entry, k0, k1)) entry = find4(k0, k1, load<u32>(item, 28));
    if (!entry) {
      countDropped(false, k1, k0, 0, 0, 0, bytes, back);
      continue;
    }
    const at = load<i64>(item, 16);
    touch(entry + (back ? BACK4 : 0), bytes, at, load<u8>(item, 52) != 0);
    if (!load<u8>(item, 53)) continue;
    step(
      blockFor(entry),
      back,
      at,
      load<u32>(item, 32),
      load<u32>(item, 36),
      load<u32>(item, 40),
      load<u32>(item, 44),
      <u32>load<u8>(item, 50),
      <u32>load<u16>(item, 48),
    );
  }
}

/** The same of an entry that is at hand, with what came before in order. */
export function watchEntry(reference: usize, back: bool, time: i64, timed: bool): void {
  if (readable) step(blockFor(reference), back, timed ? time : NO_TIME, seq, ack, length, win, flags, id);
}

// @ts-ignore: decorator
@inline
function blockFor(reference: usize): usize {
  const block = <usize>load<u32>(blockCell(reference));
  return block ? block : firstBlock(reference);
}

function firstBlock(reference: usize): usize {
  const block = newBlock();
  store<u32>(blockCell(reference), <u32>block);
  if (piecewise) beginLog(block);
  return block;
}

/** Forgets those of a scan that was given up. */
export function beginWatch(): void {
  waiting = 0;
}
