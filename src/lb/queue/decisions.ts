import { TriremeError, type ErrorCode } from '../../common/errors.js';
import type { JobRecord } from '../../nats/job-record.js';

/** A job that nothing can be done with now is offered again after this time, and after more each time that it was. */
export const againMs = 5_000;

/** How often a job is offered of which nobody offers the version: each costs a read of its record. */
const waitMsMax = 60_000;

/** A job that has failed begins again after this time, and after five times as long each time more. */
const retryMs = 1_000;
const retryGrowth = 5;

/** A load balancer that cannot be heard has this time to be there again before its jobs are taken for lost. */
export const settleMs = 3_000;

/** A delay at NATS of one delivery; what is due later is delayed again. */
const delayMsMax = 3_600_000;

/** Whether the load balancer that had begun a job still has it; silent: it cannot be heard, and that may pass. */
export type Holder = 'unasked' | 'has' | 'silent' | 'gone';

/** What a kind says of its jobs. */
export interface QueueTerms {
  /** A job may not begin twice (mayCopy false). */
  readonly runsOnce: boolean;
  /** Times that a job may begin. */
  readonly attemptsMax: number;
}

/** What is known of a job when a message of it is delivered. */
export interface DeliveryFacts {
  readonly kind: string;
  readonly record: JobRecord | null;
  /** Null: no worker offers it now. */
  readonly terms: QueueTerms | null;
  readonly holder: Holder;
  /** It has no record, and may have had one. */
  readonly recordLost: boolean;
  /** Times that it was delivered, with this one. */
  readonly deliveries: number;
  /** Milliseconds until it may begin; not positive: now. */
  readonly dueInMs: number;
}

/**
 * run: begin it, for so many times with this one. ask: whether its holder still has it. wait: have it offered
 * again. leave: its holder has it and says so to NATS. answer: it is done, and is answered from its record.
 * bury: it ends, or has ended, as a dead letter.
 */
export type Decision =
  | { readonly to: 'run'; readonly attempts: number }
  | { readonly to: 'wait'; readonly ms: number }
  | { readonly to: 'bury'; readonly error: TriremeError }
  | { readonly to: 'ask' | 'leave' | 'answer' };

/** Load balancers that cannot be heard: more are those of days, whose jobs are dealt with. */
const silentMax = 1_024;

/** How long load balancers were not heard when they were asked, by their ids. Time is passed in, monotonic. */
export class SilentHolders {
  private readonly sinceMs = new Map<string, number>();

  heard(lb: string): void {
    this.sinceMs.delete(lb);
  }

  /** It was asked and not heard. @returns gone: for so long that its jobs are lost */
  silent(lb: string, nowMs: number): 'silent' | 'gone' {
    const since = this.sinceMs.get(lb);
    if (since !== undefined) return nowMs - since < settleMs ? 'silent' : 'gone';
    if (this.sinceMs.size >= silentMax) this.sinceMs.clear();
    this.sinceMs.set(lb, nowMs);
    return 'silent';
  }
}

/** What to do with a delivery. */
export function decide(facts: DeliveryFacts): Decision {
  const { record, terms, kind } = facts;
  if (record?.state === 'done') return { to: 'answer' };
  if (record?.state === 'dead') return { to: 'bury', error: new TriremeError(record.error.code, record.error.message) };
  if (terms === null) return { to: 'wait', ms: Math.min(againMs * facts.deliveries, waitMsMax) };
  if (record === null) {
    if (facts.recordLost && terms.runsOnce) return { to: 'bury', error: queueErrors.recordLost(kind) };
    return facts.dueInMs > 0 ? { to: 'wait', ms: Math.min(facts.dueInMs, delayMsMax) } : { to: 'run', attempts: 1 };
  }
  if (record.state === 'begun') {
    if (facts.holder === 'unasked') return { to: 'ask' };
    if (facts.holder === 'has') return { to: 'leave' };
    if (facts.holder === 'silent') return { to: 'wait', ms: settleMs };
    if (terms.runsOnce) return { to: 'bury', error: queueErrors.mayHaveRun(kind) };
    if (record.attempts >= terms.attemptsMax) return { to: 'bury', error: queueErrors.holdersLost(record.attempts) };
  }
  return { to: 'run', attempts: record.attempts + 1 };
}

/** How a job that had begun came back from the hub without an answer. */
export interface FailureFacts extends QueueTerms {
  readonly kind: string;
  readonly error: TriremeError;
  /** A worker was given it. */
  readonly given: boolean;
  /** Times that it has begun. */
  readonly attempts: number;
}

/** bury: a dead letter. again: after so long, as a job that has begun so many times. */
export type Ending =
  | { readonly to: 'bury'; readonly error: TriremeError }
  | { readonly to: 'again'; readonly ms: number; readonly attempts: number };

/** The job is not the reason: it begins again, and this time does not count. */
const notItsOwn: readonly ErrorCode[] = ['QUEUE_FULL', 'DRAINING', 'NO_WORKER', 'CANCELLED', 'DEADLINE_PASSED'];

/** What becomes of a job that has no answer. */
export function afterFailure({ kind, error, given, runsOnce, attempts, attemptsMax }: FailureFacts): Ending {
  if (notItsOwn.includes(error.code)) {
    // NO_WORKER is also what workers say that have given it back, and had not begun it.
    if (runsOnce && given && error.code !== 'NO_WORKER') return { to: 'bury', error: queueErrors.mayHaveRun(kind) };
    return { to: 'again', ms: againMs, attempts: attempts - 1 };
  }
  if (error.code !== 'JOB_FAILED' || runsOnce || attempts >= attemptsMax) return { to: 'bury', error };
  return { to: 'again', ms: retryMs * retryGrowth ** (attempts - 1), attempts };
}

/** The errors of jobs that a queue gives up. */
export const queueErrors = {
  mayHaveRun: (kind: string) =>
    new TriremeError(
      'MAY_HAVE_RUN',
      `its load balancer was lost while it had the job: it may have run, and jobs of ${kind} are not run twice (mayCopy)`,
      { facts: { value: kind } },
    ),
  recordLost: (kind: string) =>
    new TriremeError(
      'MAY_HAVE_RUN',
      `NATS has lost whether it had begun: it may have run, and jobs of ${kind} are not run twice (mayCopy)`,
      { facts: { value: kind } },
    ),
  holdersLost: (attempts: number) =>
    new TriremeError('WORKER_LOST', `its load balancer was lost ${attempts} times (attempts ${attempts})`, {
      facts: { value: attempts, bound: attempts, boundName: 'attempts' },
    }),
  answerTooLong: (bytes: number, most: number) =>
    new TriremeError('LIMIT_REACHED', `its answer is a record of ${bytes} bytes, over ${most} (max_payload of NATS)`, {
      facts: { value: bytes, bound: most, boundName: 'max_payload' },
    }),
  badReply: (subject: string, prefix: string) =>
    new TriremeError('USAGE', `Trireme-Reply: ${subject} does not begin with _INBOX. or ${prefix}.replies.`),
  badTime: (value: string) =>
    new TriremeError('USAGE', `Trireme-Not-Before: ${value} is no time such as 2026-11-29T14:00:00Z`),
} as const;

/** What a load balancer holds of a kind. */
export interface RoomFacts {
  /** Jobs of the kind that its workers run at a time. */
  readonly slots: number;
  /** Seconds of one of its jobs, from the hub's taking it to its end, lately. */
  readonly meanSeconds: number;
  readonly inFlight: number;
}

/**
 * Work that is taken ahead of a free slot, in seconds: it hides the round trips to NATS, and stays with other
 * lbs if it is more.
 */
const aheadSeconds = 0.25;

/** Jobs for each slot: two keep it busy; more than so many small ones save nothing. */
const perSlot = { min: 2, max: 64 };

/** How many more jobs of a kind may be taken from the queue. */
export function roomFor({ slots, meanSeconds, inFlight }: RoomFacts): number {
  const each = Math.min(perSlot.max, Math.max(perSlot.min, Math.ceil(aheadSeconds / meanSeconds)));
  return Math.max(0, slots * each - inFlight);
}
