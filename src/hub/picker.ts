/** pick() found no worker that may take the job now: it waits at the hub. */
export const pickWait = -1;

/** What a worker tells about itself when it joins. */
export interface PickerWorker {
  readonly slots: number;
  /** Seconds of one slot for one unit by kind, as the worker measured; 0: it did not. */
  readonly secondsPerUnit: ReadonlyMap<number, number>;
  /** Jobs outstanding on it at most. */
  readonly jobsOutstandingMax: number;
}

/** What a heartbeat changes. */
export interface PickerReport {
  readonly slots: number;
  readonly queued: number;
  /** May it get jobs? False while it drains, is silent or is kept free for one job. */
  readonly open: boolean;
  readonly backlogElsewhereSeconds: number;
}

/** Decides which worker gets a job, in seconds. Pure: it is told what happens and when. */
export interface Picker {
  /** @returns the worker's index, a small number that is used again after removeWorker */
  addWorker(worker: PickerWorker, now: number): number;
  removeWorker(worker: number): void;
  report(worker: number, report: PickerReport, now: number): void;
  /** @returns index of the worker that should get the job, or pickWait */
  pick(kind: number, units: number, now: number, avoid: number): number;
  dispatched(worker: number, kind: number, units: number, now: number): void;
  /** A job of that worker ended; NaN where the worker measured nothing (lost, cancelled, not run). */
  ended(
    worker: number,
    kind: number,
    units: number,
    execSeconds: number,
    heldSeconds: number,
    replySeconds: number,
    now: number,
  ): void;
  backlogSeconds(worker: number): number;
  windowSeconds(worker: number): number;
  roundTripSeconds(worker: number): number;
  secondsPerUnit(worker: number, kind: number): number;
}
