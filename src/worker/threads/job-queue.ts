/** What few jobs have. */
export interface JobExtra {
  /** The job was in a batch when its thread died: it runs by itself, so that it takes no other job with it. */
  readonly alone: boolean;
  /** A thread had the job when it died. A hub that asks such a job back would only give it to the next thread. */
  readonly begun?: boolean;
  /** Trace context that the hub gave; left out: its client does not trace. Such a job is alone. */
  readonly traceparent?: string;
}

/** What jobs of kinds with payloads or sizes have, in columns. */
export class JobPayloads {
  /** Units of work. */
  readonly units: number[] = [];
  /** The payload of each job is `size` bytes of these, from `from` on: a message of a hub has those of many. */
  readonly bytes: (Uint8Array | null)[] = [];
  readonly from: number[] = [];
  readonly size: number[] = [];
  readonly extra: (JobExtra | undefined)[] = [];

  put(at: number, units: number, bytes: Uint8Array | null, from: number, size: number, extra?: JobExtra): void {
    this.units[at] = units;
    this.bytes[at] = bytes;
    this.from[at] = from;
    this.size[at] = size;
    this.extra[at] = extra;
  }

  /** Takes what another has of a job; null: it has nothing but one unit. */
  copy(at: number, other: JobPayloads | null, index: number): void {
    if (other === null) this.put(at, 1, null, 0, 0);
    else this.put(at, other.units[index], other.bytes[index], other.from[index], other.size[index], other.extra[index]);
  }

  /** Null: the job has none. */
  payload(index: number): Uint8Array | null {
    const from = this.from[index];
    return this.bytes[index]?.subarray(from, from + this.size[index]) ?? null;
  }
}

/** The columns of jobs that left a queue together. Times are seconds of the monotonic clock. */
export interface JobColumns {
  readonly job: number[];
  readonly arrival: number[];
  /** When the client stops waiting; Infinity: never. */
  readonly deadline: number[];
  /** Null when no job of these has any. */
  readonly payloads: JobPayloads | null;
}

/** Those of the jobs for which the answer is true, and the others, each in their order. */
export function parted(jobs: JobColumns, wanted: (index: number) => boolean): [JobColumns, JobColumns] {
  const part = (which: boolean): JobColumns =>
    picked(
      jobs,
      [...jobs.job.keys()].filter((index) => wanted(index) === which),
    );
  return [part(true), part(false)];
}

function picked(jobs: JobColumns, indexes: readonly number[]): JobColumns {
  const payloads = jobs.payloads === null ? null : new JobPayloads();
  indexes.forEach((index, at) => payloads?.copy(at, jobs.payloads, index));
  const pick = (column: readonly number[]): number[] => indexes.map((index) => column[index]);
  return { job: pick(jobs.job), arrival: pick(jobs.arrival), deadline: pick(jobs.deadline), payloads };
}

const capacityMin = 64;

/**
 * First in, first out: the waiting jobs of one kind of one hub, in columns, since jobs come by the 100,000 a second.
 */
export class JobQueue {
  private job = new Float64Array(capacityMin);
  private arrival = new Float64Array(capacityMin);
  private deadline = new Float64Array(capacityMin);
  /** Made when the first job comes that has any; same positions as the columns. */
  private payloads: JobPayloads | null = null;
  private head = 0;
  private count = 0;

  get length(): number {
    return this.count;
  }

  push(job: number, arrival: number, deadline: number): void {
    const at = this.room();
    this.put(at, job, arrival, deadline);
    this.payloads?.copy(at, null, 0);
  }

  /** As push, of a job that has more: see JobPayloads. */
  pushSized(
    job: number,
    arrival: number,
    deadline: number,
    units: number,
    bytes: Uint8Array | null,
    from: number,
    size: number,
    extra?: JobExtra,
  ): void {
    const at = this.room();
    this.put(at, job, arrival, deadline);
    this.withPayloads().put(at, units, bytes, from, size, extra);
  }

  /** Puts jobs back in front, in their order. @param begun a thread had them when it died: each runs alone now */
  unshift(columns: JobColumns, begun: boolean): void {
    for (let index = columns.job.length - 1; index >= 0; index--) {
      if (this.count === this.job.length) this.grow();
      this.head = (this.head - 1) & (this.job.length - 1);
      this.count++;
      this.put(this.head, columns.job[index], columns.arrival[index], columns.deadline[index]);
      if (begun || columns.payloads !== null) this.withPayloads().copy(this.head, columns.payloads, index);
      else this.payloads?.copy(this.head, null, 0);
      if (begun && this.payloads !== null)
        this.payloads.extra[this.head] = { ...this.payloads.extra[this.head], alone: true, begun };
    }
  }

  /** Arrival of the job at the front; Infinity when there is none. */
  get oldest(): number {
    return this.count === 0 ? Infinity : this.arrival[this.head];
  }

  /** What the job at `index` from the front has beyond its columns. */
  extra(index: number): JobExtra | undefined {
    return this.payloads?.extra[this.place(index)];
  }

  /** Units of the job at `index` from the front. */
  units(index: number): number {
    return this.payloads?.units[this.place(index)] ?? 1;
  }

  /** Bytes of its payload. */
  payloadBytes(index: number): number {
    return this.payloads?.size[this.place(index)] ?? 0;
  }

  /** Whether no job here has more than the columns that all have. */
  get plain(): boolean {
    return this.payloads === null;
  }

  /** Takes the first jobs out. */
  shift(count: number): JobColumns {
    const { head, payloads } = this;
    const mask = this.job.length - 1;
    const columns = {
      job: new Array<number>(count),
      arrival: new Array<number>(count),
      deadline: new Array<number>(count),
      payloads: payloads === null ? null : new JobPayloads(),
    };
    for (let index = 0; index < count; index++) {
      const at = (head + index) & mask;
      columns.job[index] = this.job[at];
      columns.arrival[index] = this.arrival[at];
      columns.deadline[index] = this.deadline[at];
    }
    if (payloads !== null)
      for (let index = 0; index < count; index++) {
        const at = (head + index) & mask;
        columns.payloads?.copy(index, payloads, at);
        // What waits no more is not to be kept.
        payloads.bytes[at] = null;
        payloads.extra[at] = undefined;
      }
    this.head = (head + count) & mask;
    this.count -= count;
    return columns;
  }

  /** Takes out every job for which the answer is true; the others keep their order. */
  remove(wanted: (job: number, deadline: number, extra: JobExtra | undefined) => boolean): JobColumns {
    const all = this.shift(this.count);
    const [taken, left] = parted(all, (index) =>
      wanted(all.job[index], all.deadline[index], all.payloads?.extra[index]),
    );
    this.unshift(left, false);
    return taken;
  }

  private place(index: number): number {
    return (this.head + index) & (this.job.length - 1);
  }

  /** @returns the place of a job that comes last */
  private room(): number {
    if (this.count === this.job.length) this.grow();
    return this.place(this.count++);
  }

  private put(at: number, job: number, arrival: number, deadline: number): void {
    this.job[at] = job;
    this.arrival[at] = arrival;
    this.deadline[at] = deadline;
  }

  private withPayloads(): JobPayloads {
    if (this.payloads === null) {
      this.payloads = new JobPayloads();
      for (let at = 0; at < this.job.length; at++) this.payloads.copy(at, null, 0);
    }
    return this.payloads;
  }

  private grow(): void {
    const { length } = this.job;
    const turned = (from: Float64Array, to: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
      to.set(from.subarray(this.head));
      to.set(from.subarray(0, this.head), length - this.head);
      return to;
    };
    this.job = turned(this.job, new Float64Array(length * 2));
    this.arrival = turned(this.arrival, new Float64Array(length * 2));
    this.deadline = turned(this.deadline, new Float64Array(length * 2));
    const { payloads } = this;
    if (payloads !== null) {
      this.payloads = new JobPayloads();
      for (let at = 0; at < length * 2; at++)
        this.payloads.copy(at, at < length ? payloads : null, (this.head + at) & (length - 1));
    }
    this.head = 0;
  }
}
