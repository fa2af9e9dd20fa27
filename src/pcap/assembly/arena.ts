// Memory that only grows: regions are cut from its end. What the table's index leaves behind when it doubles is used
// again for entries, so growing wastes nothing.

/**
 * After each growth the engine collects garbage all over, so there must be few; pages that stay unused cost nothing.
 */
const GROW_BYTES: usize = 16 << 20;
const FREE_MAX: i32 = 64;
/** What wasm can address, less a page. */
const MEMORY_MAX: usize = 0xffff0000;

let top: usize = __heap_base;
/** Memory below was used by an earlier scan of this instance and is not zero. */
let dirtyEnd: usize = 0;
let freeCount: i32 = 0;
const freeRegions = memory.data(FREE_MAX * 8);

/** Forgets everything that was reserved: an instance is used for one chunk after another. */
export function beginArena(): void {
  if (top > dirtyEnd) dirtyEnd = top;
  top = __heap_base;
  freeCount = 0;
}

/** Fresh, zeroed memory. Traps when the 4 GiB of wasm are used up. */
export function reserve(bytes: usize): usize {
  const start = reserveAny(bytes);
  if (start < dirtyEnd) memory.fill(start, 0, min(start + bytes, dirtyEnd) - start);
  return start;
}

/** Memory with any content. */
export function reserveAny(bytes: usize): usize {
  const start = (top + 63) & ~63;
  const end = start + bytes;
  if (end < start) unreachable();
  const have = (<usize>memory.size()) << 16;
  if (end > have) {
    let more = end - have;
    if (more < GROW_BYTES) more = GROW_BYTES;
    if (memory.grow(<i32>((more + 0xffff) >> 16)) < 0) unreachable();
  }
  top = end;
  return start;
}

/** Bytes that can still be reserved. */
export function bytesLeft(): usize {
  return MEMORY_MAX - top;
}

/** Fresh memory whose pages are all there. One that is read before it is written would be mapped twice. */
export function reserveWritten(bytes: usize): usize {
  const start = reserve(bytes);
  memory.fill(start, 0, bytes);
  return start;
}

/** Hands back a region for reserveReused. Its content may be anything. */
export function release(start: usize, bytes: usize): void {
  if (freeCount == FREE_MAX) return;
  store<u32>(freeRegions + (<usize>freeCount << 3), <u32>start);
  store<u32>(freeRegions + (<usize>freeCount << 3), <u32>bytes, 4);
  freeCount++;
}

/** Memory with any content: from a released region where one is large enough, else fresh. */
export function reserveReused(bytes: usize): usize {
  for (let i = freeCount - 1; i >= 0; i--) {
    const region = freeRegions + (<usize>i << 3);
    const start = <usize>load<u32>(region);
    const size = <usize>load<u32>(region, 4);
    if (size < bytes) continue;
    if (size == bytes) {
      freeCount--;
      store<u64>(region, load<u64>(freeRegions + (<usize>freeCount << 3)));
    } else {
      store<u32>(region, <u32>(start + bytes));
      store<u32>(region, <u32>(size - bytes), 4);
    }
    return start;
  }
  return reserve(bytes);
}
