/** A binary heap of (time, id), least time first; equal times leave in the order of their ids. */
export class EventQueue {
  private times: Float64Array;
  private ids: Int32Array;
  size = 0;

  constructor(capacity = 1024) {
    this.times = new Float64Array(capacity);
    this.ids = new Int32Array(capacity);
  }

  /** Time of the next event; Infinity when there is none. */
  get next(): number {
    return this.size === 0 ? Infinity : this.times[0];
  }

  push(time: number, id: number): void {
    if (this.size === this.times.length) this.grow();
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.before(time, id, parent)) break;
      this.times[at] = this.times[parent];
      this.ids[at] = this.ids[parent];
      at = parent;
    }
    this.times[at] = time;
    this.ids[at] = id;
  }

  pop(): number {
    const first = this.ids[0];
    const time = this.times[--this.size];
    const id = this.ids[this.size];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && this.before(this.times[child + 1], this.ids[child + 1], child)) child++;
      if (this.before(time, id, child)) break;
      this.times[at] = this.times[child];
      this.ids[at] = this.ids[child];
      at = child;
    }
    this.times[at] = time;
    this.ids[at] = id;
    return first;
  }

  private before(time: number, id: number, slot: number): boolean {
    return time < this.times[slot] || (time === this.times[slot] && id < this.ids[slot]);
  }

  private grow(): void {
    const times = new Float64Array(this.times.length * 2);
    times.set(this.times);
    this.times = times;
    const ids = new Int32Array(this.ids.length * 2);
    ids.set(this.ids);
    this.ids = ids;
  }
}
