import { grownBytes, grownFloats, grownInts } from '../../common/grown-columns.js';
/** Why a worker gets no jobs at the moment; it may get some when its byte of flags is exactly `present`. */
export const flag = { present: 1, draining: 2, suspended: 4, reserved: 8 } as const;

/** What the picker knows of each worker, by index. Seconds throughout. */
export class WorkerColumns {
  capacity = 32;
  /** One more than the highest index in use. */
  length = 0;
  /** Workers present. */
  count = 0;
  flags = new Uint8Array(this.capacity);
  /** As the worker says. */
  slotsDeclared = new Float64Array(this.capacity);
  /** What it shows to have: at most the declared, at least 1. Backlog is divided by this. */
  slots = new Float64Array(this.capacity);
  outstanding = new Int32Array(this.capacity);
  /** Expected seconds of one slot of the jobs outstanding, stalls included: decides the score. */
  backlog = new Float64Array(this.capacity);
  /** The same without stalls: decides whether the window has room. */
  running = new Float64Array(this.capacity);
  /** running may grow to this. */
  window = new Float64Array(this.capacity);
  /** Expected seconds of the longest kind of job outstanding. */
  longest = new Float64Array(this.capacity);
  /**
   * Expected seconds of the jobs that are held at the hub until this worker has room, as of the last pass over them.
   */
  held = new Float64Array(this.capacity);
  /** Smoothed, as the worker reports. */
  elsewhere = new Float64Array(this.capacity);
  reportedAt = new Float64Array(this.capacity);
  progressAt = new Float64Array(this.capacity);
  /** Number of the pick that last chose this worker; before that a random number below 0. */
  usedAt = new Float64Array(this.capacity);
  /**
   * Since the last report: seconds of execution that came back and the jobs they were for; was a queue reported then?
   */
  executed = new Float64Array(this.capacity);
  executedJobs = new Float64Array(this.capacity);
  queuedBefore = new Uint8Array(this.capacity);
  /** Usual seconds of the jobs that it has done, those of long ago forgotten, as of workedAt. */
  worked = new Float64Array(this.capacity);
  workedAt = new Float64Array(this.capacity);
  private readonly free: number[] = [];

  /** An index for a new worker: the one that is free for longest, or the next. All its columns are 0. */
  take(): number {
    const worker = this.free.shift() ?? this.length;
    if (worker === this.capacity) this.grow();
    if (worker === this.length) this.length++;
    this.count++;
    for (const column of this.floats()) column[worker] = 0;
    this.outstanding[worker] = 0;
    this.queuedBefore[worker] = 0;
    this.flags[worker] = flag.present;
    return worker;
  }

  release(worker: number): void {
    this.flags[worker] = 0;
    this.outstanding[worker] = 0;
    this.count--;
    this.free.push(worker);
  }

  /** Counts seconds of work that a worker has done; a memory of so many seconds is the sum of one that never rests. */
  work(worker: number, seconds: number, memorySeconds: number, now: number): void {
    if (now !== this.workedAt[worker]) {
      this.worked[worker] *= Math.exp((this.workedAt[worker] - now) / memorySeconds);
      this.workedAt[worker] = now;
    }
    this.worked[worker] += seconds;
  }

  private floats(): Float64Array[] {
    return [
      this.slotsDeclared,
      this.slots,
      this.backlog,
      this.running,
      this.window,
      this.longest,
      this.held,
      this.elsewhere,
      this.reportedAt,
      this.progressAt,
      this.usedAt,
      this.executed,
      this.executedJobs,
      this.worked,
      this.workedAt,
    ];
  }

  private grow(): void {
    const capacity = this.capacity * 2;
    this.flags = grownBytes(this.flags, capacity);
    this.queuedBefore = grownBytes(this.queuedBefore, capacity);
    this.outstanding = grownInts(this.outstanding, capacity);
    this.slotsDeclared = grownFloats(this.slotsDeclared, capacity);
    this.slots = grownFloats(this.slots, capacity);
    this.backlog = grownFloats(this.backlog, capacity);
    this.running = grownFloats(this.running, capacity);
    this.window = grownFloats(this.window, capacity);
    this.longest = grownFloats(this.longest, capacity);
    this.held = grownFloats(this.held, capacity);
    this.elsewhere = grownFloats(this.elsewhere, capacity);
    this.reportedAt = grownFloats(this.reportedAt, capacity);
    this.progressAt = grownFloats(this.progressAt, capacity);
    this.usedAt = grownFloats(this.usedAt, capacity);
    this.executed = grownFloats(this.executed, capacity);
    this.executedJobs = grownFloats(this.executedJobs, capacity);
    this.worked = grownFloats(this.worked, capacity);
    this.workedAt = grownFloats(this.workedAt, capacity);
    this.capacity = capacity;
  }
}
