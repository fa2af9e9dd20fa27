// Paths of tunnels, each kept once: the layers around an IP header, outermost first, with the numbers that
// their headers hold. A path has a number, its place in units of 16 bytes; 0 is that of a packet in no
// tunnel.
//
//   path      words u32 | rank u32 | a word for each layer, and for each further label of an MPLS stack | 0, to 16 bytes
//   word      type + 1 u8 | 0 | 2: a further label, 1: it has a number | number u32

import { release, reserveReused } from './arena';
import { hashWords } from './hash';
import { PATHS_FULL } from './layout';

/** 4,194,303 paths of one number each: as many as the table has conversations by default. */
export const PATHS_BYTES_MAX: usize = 64 << 20;
const PATHS_BYTES_FIRST: usize = 1 << 16;
const SLOTS_FIRST: u32 = 1 << 12;
const UNIT: usize = 16;
const HEAD: usize = 8;

/** Words of one path at most: 8 layers, each of which may be a stack of 16 labels. */
export const PATH_WORDS_MAX: u32 = 128;
const TYPES: u64 = 15;
export const HAS_NUMBER: u64 = 1 << 32;
const FURTHER: u64 = 2 << 32;
/**
 * Stands in the place of the rank while paths are imported: no word has it, so it tells where paths begin.
 */
const MARK: u32 = 0xffffffff;
/** What importedNumber() says where there is none. */
export const NO_PATH: u32 = 0xffffffff;

/** In a cell of an entry: other paths than this one were met, too. */
export const SEVERAL: u32 = 1 << 31;

let paths: usize = 0;
let room: usize = 0;
/** Bytes in use; the first unit is nobody's. */
let used: usize = UNIT;
let slots: usize = 0;
let slotCount: u32 = 0;
let count: u32 = 0;
// The two paths that were asked for last: a packet has one of all its tunnels, and one of those that name its
// network.
let last: u32 = 0;
let before: u32 = 0;

export function beginPaths(): void {
  paths = 0;
  room = 0;
  used = UNIT;
  slots = 0;
  slotCount = 0;
  count = 0;
  last = 0;
  before = 0;
  importedBytes = 0;
}

/** Where the paths are, and their bytes; 0: there are none. */
export function pathsAt(): usize {
  return paths;
}

export function pathsBytes(): usize {
  return count ? used : 0;
}

export function wordOf(type: u32, hasNumber: bool, number: u32, further: bool): u64 {
  return (<u64>(type + 1) << 56) | (hasNumber ? HAS_NUMBER : 0) | (further ? FURTHER : 0) | <u64>number;
}

// @ts-ignore: decorator
@inline
function sizeOf(words: u32): usize {
  return (HEAD + (<usize>words << 3) + UNIT - 1) & ~(UNIT - 1);
}

// @ts-ignore: decorator
@inline
function placeOf(number: u32): usize {
  return paths + <usize>number * UNIT;
}

/** The number of a path of so many words, which is kept when it is new; 0 for no words. */
export function numberOf(words: usize, length: u32): u32 {
  if (!length) return 0;
  if (last && isPath(last, words, length)) return last;
  const other = before;
  before = last;
  last = other && isPath(other, words, length) ? other : lookUp(words, length);
  return last;
}

function lookUp(words: usize, length: u32): u32 {
  if ((count << 1) >= slotCount) growSlots();
  const mask = slotCount - 1;
  let i = hashWords(words, length) & mask;
  while (true) {
    const number = load<u32>(slots + (<usize>i << 2));
    if (!number) break;
    if (isPath(number, words, length)) return number;
    i = (i + 1) & mask;
  }
  const added = append(words, length);
  store<u32>(slots + (<usize>i << 2), added);
  return added;
}

function isPath(number: u32, words: usize, length: u32): bool {
  const path = placeOf(number);
  return load<u32>(path) == length && memory.compare(path + HEAD, words, <usize>length << 3) == 0;
}

function append(words: usize, length: u32): u32 {
  const size = sizeOf(length);
  if (used + size > PATHS_BYTES_MAX) {
    store<u64>(PATHS_FULL, 1);
    unreachable();
  }
  if (used + size > room) growPaths();
  const path = paths + used;
  memory.fill(path, 0, size);
  store<u32>(path, length);
  memory.copy(path + HEAD, words, <usize>length << 3);
  const number = <u32>(used / UNIT);
  used += size;
  count++;
  return number;
}

function growPaths(): void {
  const old = paths;
  const more = room ? room << 1 : PATHS_BYTES_FIRST;
  paths = reserveReused(more);
  if (old) {
    memory.copy(paths, old, used);
    release(old, room);
  } else memory.fill(paths, 0, UNIT);
  room = more;
}

function growSlots(): void {
  const old = slots;
  const oldCount = slotCount;
  slotCount = oldCount ? oldCount << 1 : SLOTS_FIRST;
  slots = reserveReused(<usize>slotCount << 2);
  memory.fill(slots, 0, <usize>slotCount << 2);
  const mask = slotCount - 1;
  for (let at: usize = UNIT; at < used; at += sizeOf(load<u32>(paths + at))) {
    let i = hashWords(paths + at + HEAD, load<u32>(paths + at)) & mask;
    while (load<u32>(slots + (<usize>i << 2))) i = (i + 1) & mask;
    store<u32>(slots + (<usize>i << 2), <u32>(at / UNIT));
  }
  if (old) release(old, <usize>oldCount << 2);
}

/** Whether path x stands before y: word by word, a shorter one before those that it begins. */
function isBelow(x: u32, y: u32): bool {
  const px = placeOf(x);
  const py = placeOf(y);
  const lengthX = load<u32>(px);
  const lengthY = load<u32>(py);
  const shared = min(lengthX, lengthY);
  for (let i: u32 = 0; i < shared; i++) {
    const wx = load<u64>(px + HEAD + (<usize>i << 3));
    const wy = load<u64>(py + HEAD + (<usize>i << 3));
    if (wx != wy) return wx < wy;
  }
  return lengthX < lengthY;
}

/**
 * Notes in a cell that packets came by a path: the first of them in their order, and whether there are
 * others.
 */
export function notePath(cell: usize, path: u32): void {
  const held = load<u32>(cell);
  const number = path & ~SEVERAL;
  const first = held & ~SEVERAL;
  if (!number || held == path) return;
  if (!first) store<u32>(cell, path);
  else if (first == number) store<u32>(cell, held | path);
  else store<u32>(cell, (isBelow(number, first) ? number : first) | SEVERAL);
}

/** Ranks all paths in their order, so that rows can be sorted by them. */
export function rankPaths(): void {
  if (!count) return;
  let from = reserveReused(<usize>count << 2);
  let to = reserveReused(<usize>count << 2);
  let i: u32 = 0;
  for (let at: usize = UNIT; at < used; at += sizeOf(load<u32>(paths + at)))
    store<u32>(from + (<usize>(i++) << 2), <u32>(at / UNIT));
  for (let width: u32 = 1; width < count; width <<= 1) {
    for (let low: u32 = 0; low < count; low += width << 1)
      mergeRuns(from, to, low, min(low + width, count), min(low + (width << 1), count));
    const other = from;
    from = to;
    to = other;
  }
  for (i = 0; i < count; i++) store<u32>(placeOf(load<u32>(from + (<usize>i << 2))), i + 1, 4);
}

function mergeRuns(from: usize, to: usize, low: u32, middle: u32, high: u32): void {
  let x = low;
  let y = middle;
  for (let i = low; i < high; i++) {
    const takeX = x < middle && (y >= high || !isBelow(at32(from, y), at32(from, x)));
    store<u32>(to + (<usize>i << 2), at32(from, takeX ? x++ : y++));
  }
}

// @ts-ignore: decorator
@inline
function at32(list: usize, i: u32): u32 {
  return load<u32>(list + (<usize>i << 2));
}

/** The rank of a path; 0 for none. To be asked behind rankPaths(). */
export function rankOf(number: u32): u32 {
  return number ? load<u32>(placeOf(number), 4) : 0;
}

let imported: usize = 0;
let importedBytes: usize = 0;

/** Room for paths of another scan, which are then put there. */
export function importRoom(bytes: usize): usize {
  imported = reserveReused(bytes);
  importedBytes = bytes;
  return imported;
}

/** Takes the paths that were put there, so that importedNumber() knows them; false: one of them is none. */
export function importPaths(): bool {
  if (!importedBytes) return true;
  for (let at: usize = UNIT; at < importedBytes; ) {
    const length = load<u32>(imported + at);
    const size = sizeOf(length);
    if (!length || length > PATH_WORDS_MAX || size > importedBytes - at) return false;
    if (!wordsAreValid(imported + at + HEAD, length)) return false;
    store<u32>(imported + at, numberOf(imported + at + HEAD, length));
    store<u32>(imported + at, MARK, 4);
    at += size;
  }
  return true;
}

function wordsAreValid(words: usize, length: u32): bool {
  let previous: u64 = 0;
  for (let i: u32 = 0; i < length; i++) {
    const word = load<u64>(words + (<usize>i << 3));
    const type = word >> 56;
    if (!type || type > TYPES || (word >> 34) & 0x3fffff) return false;
    // A further label belongs to the layer before it.
    if (word & FURTHER && type != previous) return false;
    previous = type;
  }
  return true;
}

/** The number here of a path of the other scan, with what else its cell holds; NO_PATH: it has none. */
export function importedNumber(cell: u32): u32 {
  const number = cell & ~SEVERAL;
  if (!number) return cell ? NO_PATH : 0;
  const at = <usize>number * UNIT;
  if (at + UNIT > importedBytes || load<u32>(imported + at, 4) != MARK) return NO_PATH;
  return load<u32>(imported + at) | (cell & SEVERAL);
}

/** All entries of the other scan were taken. */
export function endImport(): void {
  if (importedBytes) release(imported, importedBytes);
  importedBytes = 0;
}
