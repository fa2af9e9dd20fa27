/** What a picker may be told; every field has a default. */
export interface PickingOptions {
  /**
   * Start of the order in which equal workers are used. Two hubs with different seeds do not start on the same worker.
   */
  readonly seed: number;
  /**
   * Least slack of a window, in seconds. A window must cover the time in which nothing can arrive: the round trip and
   * the grain of two event loops and of the job threads, which hand over jobs and results in batches. On a machine
   * whose cores are all busy that grain is milliseconds, well above the round trip of 0.2 ms; below it the threads run
   * dry. A hub may widen the windows beyond it for as long as that is worth it.
   */
  readonly windowFloorSeconds: number;
  /** Most slack of a window. Jobs of seconds (chunks) are not queued behind one another: they wait at the hub. */
  readonly windowSlackSecondsMax: number;
  /** Jobs outstanding on one worker, whatever they cost: bounds the memory of the worker and of the hub's columns. */
  readonly jobsOutstandingMax: number;
  /**
   * A job costs at least this. Below it the messages around a job cost more than the job, and a window counted in
   * execution seconds alone would admit jobs by the ten thousand. Not applied to kinds measured in bytes.
   */
  readonly jobSecondsMin: number;
  /** Cost of a job on a worker of which nothing at all is known, until its first result. */
  readonly jobSecondsUnknown: number;
  /**
   * Until a joining worker has given so many results of a kind, it may hold one job of it per slot and one more per
   * result: doubling with each round trip. One per slot throughout would be safer against wrong calibrations, but in a
   * fleet that starts together a rare kind then holds up the queue for twenty round trips (measured: p99 3 times).
   */
  readonly slowStartResults: number;
  /** Memory of the stall factor: several periods of a cgroup CPU quota (0.1 s), so that its freezes are averaged. */
  readonly stallMemorySeconds: number;
  /**
   * Memory of how much a worker has been at work: two periods of a cgroup CPU quota. Its window is widened in
   * proportion, and no faster than this.
   */
  readonly workMemorySeconds: number;
  /** Share of what a worker holds that it may answer at once, after so long: workers batch a third. */
  readonly answeredTogether: number;
  /** A worker may be quiet for this long beyond what its jobs take before it is charged for silence. */
  readonly silenceGraceSeconds: number;
  /** The least round trip is that of the last one to two such spans. */
  readonly roundTripMemorySeconds: number;
  /** Round trip of a worker before its first result. */
  readonly roundTripSecondsUnknown: number;
  /**
   * Workers from which on jobs of one unit are picked from heaps. Below, looking at all of them is faster (measured).
   */
  readonly heapWorkersMin: number;
}

export const pickingDefaults: PickingOptions = {
  seed: 1,
  windowFloorSeconds: 4e-3,
  windowSlackSecondsMax: 0.1,
  jobsOutstandingMax: 16_384,
  jobSecondsMin: 2e-6,
  jobSecondsUnknown: 1e-3,
  slowStartResults: 20,
  stallMemorySeconds: 0.5,
  workMemorySeconds: 0.2,
  answeredTogether: 0.5,
  silenceGraceSeconds: 2e-3,
  roundTripMemorySeconds: 10,
  roundTripSecondsUnknown: 1e-3,
  heapWorkersMin: 30,
};
