import type { WorkerColumns } from './worker-columns.js';

/** Share of the newest measurement in the slots that a worker shows to have, and of the way back to the declared. */
const measuredShare = 0.5;
const recoveredShare = 0.25;

/** Shorter intervals between reports see single batches of results. */
const measureSecondsMin = 0.2;

/** Below 10 us a job's overhead dominates, so the time that its slot is busy is no measure. */
const jobSecondsMin = 10e-6;

/** The jobs must be so many times shorter than the interval, for results are counted when they come. */
const jobsPerIntervalMin = 10;

/**
 * Corrects the slots of a worker that declared more than it has. While it says at two reports in a row that jobs queue
 * there, all its slots should have been busy between them; if the execution time that came back says that fewer were,
 * fewer are counted, at least 1. Not measured while other hubs have jobs there, since their results are not seen here.
 * Otherwise the count goes back to the declared, slowly.
 */
export function measureBusySlots(
  columns: WorkerColumns,
  worker: number,
  queued: number,
  elsewhereSeconds: number,
  now: number,
): void {
  const declared = columns.slotsDeclared[worker];
  const slots = columns.slots[worker];
  const elapsed = now - columns.reportedAt[worker];
  const measurable =
    queued > 0 &&
    columns.queuedBefore[worker] === 1 &&
    elsewhereSeconds <= 0 &&
    elapsed >= measureSecondsMin &&
    columns.executed[worker] >= columns.executedJobs[worker] * jobSecondsMin &&
    columns.longest[worker] * jobsPerIntervalMin < elapsed;
  const busy = Math.min(declared, Math.max(1, columns.executed[worker] / elapsed));
  columns.slots[worker] = measurable
    ? slots + measuredShare * (busy - slots)
    : slots + recoveredShare * (declared - slots);
  columns.queuedBefore[worker] = queued > 0 ? 1 : 0;
  columns.executed[worker] = columns.executedJobs[worker] = 0;
}
