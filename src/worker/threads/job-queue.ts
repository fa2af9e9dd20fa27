/** A job that was put into a queue, beyond its columns; most jobs need none of it. */
export interface JobExtra {
  readonly payload: Uint8Array | null;
  /** Units of work. */
  readonly units: number;
  /** The job was in a batch when its thread died: it runs by itself, so that it takes no other job with it. */
  readonly alone: boolean;
  /** Trace context that the hub gave; left out: its client does not trace. Such a job is alone. */
  readonly traceparent?: string;
}

/** The columns of jobs that left a queue together. Times are seconds of the monotonic clock. */
export interface JobColumns {
  readonly job: number[];
  readonly arrival: number[];
  /** When the client stops waiting; Infinity: never. */
  readonly deadline: number[];
  /** Null when no job of these has one. */
  readonly extra: (JobExtra | undefined)[] | null;
}

/** Those of the jobs for which the answer is true, and the others, each in their order. */
export function parted(jobs: JobColumns, wanted: (index: number) => boolean): [JobColumns, JobColumns] {
  const part = (which: boolean): JobColumns => {
    const pick = <T>(column: readonly T[]): T[] => column.filter((_, index) => wanted(index) === which);
    return {
      job: pick(jobs.job),
      arrival: pick(jobs.arrival),
      deadline: pick(jobs.deadline),
      extra: jobs.extra === null ? null : pick(jobs.extra),
    };
  };
  return [part(true), part(false)];
}

const capacityMin = 64;

/** First in, first out: the waiting jobs of one kind of one hub, in columns, since jobs come by the 100,000 a second. */
export class JobQueue {
  private job = new Float64Array(capacityMin);
  private arrival = new Float64Array(capacityMin);
  private deadline = new Float64Array(capacityMin);
  /** Made when the first job with an extra comes; same positions as the columns. */
  private extras: (JobExtra | undefined)[] | null = null;
  private head = 0;
  private count = 0;

  get length(): number {
    return this.count;
  }

  push(job: number, arrival: number, deadline: number, extra?: JobExtra): void {
    if (this.count === this.job.length) this.grow();
    this.put((this.head + this.count) & (this.job.length - 1), job, arrival, deadline, extra);
    this.count++;
  }

  /** Puts jobs back in front, in their order. */
  unshift(columns: JobColumns, alone: boolean): void {
    for (let index = columns.job.length - 1; index >= 0; index--) {
      if (this.count === this.job.length) this.grow();
      this.head = (this.head - 1) & (this.job.length - 1);
      this.count++;
      const old = columns.extra?.[index];
      const extra = alone ? { payload: null, units: 1, ...old, alone } : old;
      this.put(this.head, columns.job[index], columns.arrival[index], columns.deadline[index], extra);
    }
  }

  /** Arrival of the job at the front; Infinity when there is none. */
  get oldest(): number {
    return this.count === 0 ? Infinity : this.arrival[this.head];
  }

  /** Bytes of the payload of the job at `index` from the front, whether it must run alone, and its units. */
  extra(index: number): JobExtra | undefined {
    return this.extras?.[(this.head + index) & (this.job.length - 1)];
  }

  /** Takes the first jobs out. */
  shift(count: number): JobColumns {
    const mask = this.job.length - 1;
    const columns = {
      job: new Array<number>(count),
      arrival: new Array<number>(count),
      deadline: new Array<number>(count),
      extra: this.extras === null ? null : new Array<JobExtra | undefined>(count),
    };
    for (let index = 0; index < count; index++) {
      const at = (this.head + index) & mask;
      columns.job[index] = this.job[at];
      columns.arrival[index] = this.arrival[at];
      columns.deadline[index] = this.deadline[at];
      if (this.extras !== null && columns.extra !== null) {
        columns.extra[index] = this.extras[at];
        this.extras[at] = undefined;
      }
    }
    this.head = (this.head + count) & mask;
    this.count -= count;
    return columns;
  }

  /** Takes out every job for which the answer is true; the others keep their order. */
  remove(wanted: (job: number, deadline: number) => boolean): JobColumns {
    const all = this.shift(this.count);
    const taken: number[] = [];
    for (let index = 0; index < all.job.length; index++) {
      if (wanted(all.job[index], all.deadline[index])) taken.push(index);
      else this.push(all.job[index], all.arrival[index], all.deadline[index], all.extra?.[index]);
    }
    return {
      job: taken.map((index) => all.job[index]),
      arrival: taken.map((index) => all.arrival[index]),
      deadline: taken.map((index) => all.deadline[index]),
      extra: all.extra === null ? null : taken.map((index) => all.extra?.[index]),
    };
  }

  private put(at: number, job: number, arrival: number, deadline: number, extra: JobExtra | undefined): void {
    this.job[at] = job;
    this.arrival[at] = arrival;
    this.deadline[at] = deadline;
    if (extra !== undefined) this.extras ??= [];
    if (this.extras !== null) this.extras[at] = extra;
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
    if (this.extras !== null) {
      const extra = this.extras;
      this.extras = Array.from({ length }, (_, index) => extra[(this.head + index) & (length - 1)]);
    }
    this.head = 0;
  }
}
