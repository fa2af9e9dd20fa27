/** End of a list. */
export const nil = -1;

/** A list of jobs through the links of a JobTable: first in, first out, and any one can be taken out at no cost. */
export class JobList {
  head = nil;
  tail = nil;
  length = 0;
}

/** The links: a job stands in at most one list of a pair of links. */
export class JobLinks {
  next = new Int32Array(0);
  previous = new Int32Array(0);

  grow(capacity: number): void {
    this.next = grown(this.next, new Int32Array(capacity));
    this.previous = grown(this.previous, new Int32Array(capacity));
  }

  append(list: JobList, job: number): void {
    this.next[job] = nil;
    this.previous[job] = list.tail;
    if (list.tail === nil) list.head = job;
    else this.next[list.tail] = job;
    list.tail = job;
    list.length++;
  }

  /** For a job that is given back: it has waited already and goes first. */
  prepend(list: JobList, job: number): void {
    this.previous[job] = nil;
    this.next[job] = list.head;
    if (list.head === nil) list.tail = job;
    else this.previous[list.head] = job;
    list.head = job;
    list.length++;
  }

  remove(list: JobList, job: number): void {
    const next = this.next[job];
    const previous = this.previous[job];
    if (previous === nil) list.head = next;
    else this.next[previous] = next;
    if (next === nil) list.tail = previous;
    else this.previous[next] = previous;
    list.length--;
  }
}

/** Copies a column into a larger one. */
export function grown<T extends Int32Array | Uint32Array | Float64Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
