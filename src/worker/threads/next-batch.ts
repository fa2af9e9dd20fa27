import { beginSpan, type TraceSpan } from '../../common/tracing.js';
import type { Kind } from '../../kinds/kind.js';
import { isSized } from '../../kinds/units.js';
import { batchJobs, batchSecondsMin, type Costs } from './costs.js';
import type { JobColumns, JobQueue } from './job-queue.js';
import { jobsPerBatchMax, payloadBytesMax } from './thread-memory.js';

/** Whether a job of the kind that has begun must not begin again. */
export const runsOnce = ({ terms }: Kind): boolean => terms?.mayCopy === false;

/** Whether jobs of the kind have a size, so that one says nothing of what the next takes. */
export const hasSizes = ({ terms }: Kind): boolean => terms !== undefined && isSized(terms.units);

/** Whether jobs of the kind have a payload that says nothing of their size. */
export const alike = ({ terms }: Kind): boolean => terms !== undefined && !isSized(terms.units);

/** How many jobs at the front of a line a thread is given at once, worth `secondsMax` at most; 1 at least. */
export function nextBatchJobs(
  kind: Kind,
  queue: JobQueue,
  costs: Costs,
  threadsIdle: number,
  secondsMax: number,
): number {
  // Of a kind whose cost is not known, one says how many may go together; of one that may not run twice none
  // takes another with it.
  const alone = kind.needsSource === true || queue.extra(0)?.alone === true || runsOnce(kind);
  if (alone || !costs.known(kind.number)) return 1;
  const secondsOf = (jobs: number, units: number): number => costs.seconds(kind.number, jobs, units);
  const count = hasSizes(kind)
    ? sizedBatchJobs(secondsOf, queue, threadsIdle, secondsMax)
    : batchJobs(kind, queue.length, secondsOf(1, queue.units(0)), threadsIdle, secondsMax);
  if (queue.plain) return count;
  let bytes = queue.payloadBytes(0);
  for (let index = 1; index < count; index++) {
    bytes += queue.payloadBytes(index);
    if (bytes > payloadBytesMax || queue.extra(index)?.alone === true) return index;
  }
  return count;
}

/** Units of these jobs together. */
export function unitsOf({ job, payloads }: JobColumns): number {
  return payloads === null ? job.length : payloads.units.reduce((sum, units) => sum + units, 0);
}

/** The span of a batch whose one job is traced. */
export function spanOf({ name }: Kind, { payloads }: JobColumns): TraceSpan | undefined {
  const traceparent = payloads?.extra[0]?.traceparent;
  if (traceparent === undefined) return undefined;
  return beginSpan(`run ${name}`, traceparent, { kind: 'SERVER', attributes: { 'trireme.kind': name } });
}

/**
 * How many of the waiting jobs of a kind with sizes a thread is given at once: as `batchJobs`, where each job
 * counts what one of its size takes. One at least.
 */
function sizedBatchJobs(
  secondsOf: (jobs: number, units: number) => number,
  waiting: JobQueue,
  threadsIdle: number,
  secondsMax: number,
): number {
  const most = Math.min(waiting.length, jobsPerBatchMax);
  let units = 0;
  for (let index = 0; index < most; index++) units += waiting.units(index);
  const share = secondsOf(most, units) / Math.max(1, threadsIdle);
  const limit = Math.min(secondsMax, Math.max(batchSecondsMin, share));
  units = 0;
  for (let count = 0; count < most; count++) {
    units += waiting.units(count);
    if (secondsOf(count + 1, units) > limit) return Math.max(1, count);
  }
  return most;
}

/**
 * What each job of a batch is taken to have needed, as shares of the seconds that were measured of all: in
 * proportion to what was expected of a job of its size. Their mean is 1. Null: all are alike.
 */
export function sharesOf(costs: Costs, kind: Kind, { job, payloads }: JobColumns): Float64Array | null {
  if (payloads === null || job.length < 2 || !hasSizes(kind)) return null;
  const expected = Float64Array.from(payloads.units, (units) => costs.seconds(kind.number, 1, units));
  const mean = expected.reduce((sum, each) => sum + each, 0) / expected.length;
  return mean > 0 ? expected.map((each) => each / mean) : null;
}
