import { grownBytes, grownFloats, grownInts } from '../../common/grown-columns.js';

const arity = 4;
const absent = -1;

/**
 * The workers that may take a job of one kind, least score first: an indexed heap with four children a node, and the
 * list of workers whose place in it is out of date. Order is by ticks, then cost, then fill, then use, as at the moment
 * of `place`; so the heap stays a heap while the workers' columns change under it. Nothing is allocated but by `grow`.
 */
export class WorkerHeap {
  size = 0;
  staleCount = 0;
  /** The first `staleCount` entries are the workers to be placed again. */
  stale: Int32Array;
  private isStale: Uint8Array;
  private heap: Int32Array;
  private position: Int32Array;
  private ticks: Float64Array;
  private cost: Float64Array;
  private fill: Float64Array;
  private used: Float64Array;

  constructor(capacity: number) {
    this.stale = new Int32Array(capacity);
    this.isStale = new Uint8Array(capacity);
    this.heap = new Int32Array(capacity);
    this.position = new Int32Array(capacity).fill(absent);
    this.ticks = new Float64Array(capacity);
    this.cost = new Float64Array(capacity);
    this.fill = new Float64Array(capacity);
    this.used = new Float64Array(capacity);
  }

  grow(capacity: number): void {
    const before = this.position.length;
    this.stale = grownInts(this.stale, capacity);
    this.isStale = grownBytes(this.isStale, capacity);
    this.heap = grownInts(this.heap, capacity);
    this.position = grownInts(this.position, capacity).fill(absent, before);
    this.ticks = grownFloats(this.ticks, capacity);
    this.cost = grownFloats(this.cost, capacity);
    this.fill = grownFloats(this.fill, capacity);
    this.used = grownFloats(this.used, capacity);
  }

  /** The worker with the least score; only when `size` is above 0. */
  get first(): number {
    return this.heap[0];
  }

  /** Score under which the worker was last placed. */
  ticksOf(worker: number): number {
    return this.ticks[worker];
  }

  /** Notes that something about the worker changed. */
  touch(worker: number): void {
    if (this.isStale[worker] === 1) return;
    this.isStale[worker] = 1;
    this.stale[this.staleCount++] = worker;
  }

  /** Takes the last of the stale workers off the list. */
  popStale(): number {
    const worker = this.stale[--this.staleCount];
    this.isStale[worker] = 0;
    return worker;
  }

  /** Puts the worker where it belongs, in the heap or not yet. */
  place(worker: number, ticks: number, cost: number, fill: number, used: number): void {
    this.ticks[worker] = ticks;
    this.cost[worker] = cost;
    this.fill[worker] = fill;
    this.used[worker] = used;
    const at = this.position[worker];
    if (at === absent) this.rise(this.size++, worker);
    else this.settle(at, worker);
  }

  /** Takes the worker out, if it is in. */
  remove(worker: number): void {
    const at = this.position[worker];
    if (at === absent) return;
    this.position[worker] = absent;
    const last = this.heap[--this.size];
    if (last !== worker) this.settle(at, last);
  }

  private settle(at: number, worker: number): void {
    if (at > 0 && this.before(worker, this.heap[Math.floor((at - 1) / arity)])) this.rise(at, worker);
    else this.sink(at, worker);
  }

  private rise(from: number, worker: number): void {
    let at = from;
    while (at > 0) {
      const parentAt = Math.floor((at - 1) / arity);
      const parent = this.heap[parentAt];
      if (!this.before(worker, parent)) break;
      this.put(at, parent);
      at = parentAt;
    }
    this.put(at, worker);
  }

  private sink(from: number, worker: number): void {
    let at = from;
    for (;;) {
      const firstChild = arity * at + 1;
      if (firstChild >= this.size) break;
      const end = Math.min(firstChild + arity, this.size);
      let leastAt = firstChild;
      for (let child = firstChild + 1; child < end; child++)
        if (this.before(this.heap[child], this.heap[leastAt])) leastAt = child;
      if (!this.before(this.heap[leastAt], worker)) break;
      this.put(at, this.heap[leastAt]);
      at = leastAt;
    }
    this.put(at, worker);
  }

  private put(at: number, worker: number): void {
    this.heap[at] = worker;
    this.position[worker] = at;
  }

  private before(one: number, other: number): boolean {
    const ticks = this.ticks[one] - this.ticks[other];
    if (ticks !== 0) return ticks < 0;
    const cost = this.cost[one] - this.cost[other];
    if (cost !== 0) return cost < 0;
    const fill = this.fill[one] - this.fill[other];
    if (fill !== 0) return fill < 0;
    return this.used[one] < this.used[other];
  }
}
