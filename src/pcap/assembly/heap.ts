// The best n of many: a heap of references whose root is the worst of those kept.

import { conversationAbove, talkerAbove } from './order';

let heap: usize = 0;
let talkers: bool = false;
export let heapCount: u32 = 0;
let heapMax: u32 = 0;

export function beginHeap(at: usize, most: u32, ofTalkers: bool): void {
  heap = at;
  heapMax = most;
  heapCount = 0;
  talkers = ofTalkers;
}

// @ts-ignore: decorator
@inline
function above(x: u32, y: u32): bool {
  return talkers ? talkerAbove(<usize>x, <usize>y) : conversationAbove(<usize>x, <usize>y);
}

// @ts-ignore: decorator
@inline
function get(i: u32): u32 {
  return load<u32>(heap + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline
function set(i: u32, value: u32): void {
  store<u32>(heap + (<usize>i << 2), value);
}

function sink(i: u32, count: u32): void {
  const value = get(i);
  while (true) {
    let child = i * 2 + 1;
    if (child >= count) break;
    if (child + 1 < count && above(get(child), get(child + 1))) child++;
    if (!above(value, get(child))) break;
    set(i, get(child));
    i = child;
  }
  set(i, value);
}

/** Offers one; returns what is now outside: 0 nothing, the offered one itself, or the one that it replaced. */
export function offer(reference: u32): u32 {
  if (heapCount < heapMax) {
    let i = heapCount++;
    while (i) {
      const parent = (i - 1) >> 1;
      if (!above(get(parent), reference)) break;
      set(i, get(parent));
      i = parent;
    }
    set(i, reference);
    return 0;
  }
  if (!heapMax || !above(reference, get(0))) return reference;
  const out = get(0);
  set(0, reference);
  sink(0, heapCount);
  return out;
}

/** Whether one would be kept. */
export function wouldKeep(reference: u32): bool {
  return heapCount < heapMax || (heapMax != 0 && above(reference, get(0)));
}

/** Puts the best first. */
export function sortHeap(): void {
  for (let end = heapCount; end > 1; ) {
    end--;
    const worst = get(0);
    set(0, get(end));
    set(end, worst);
    sink(0, end);
  }
}
