import { createHash } from 'node:crypto';
import { InvalidArgumentError } from 'commander';

/** Names of a queue of jobs begin so unless something else is said. */
export const queuePrefixDefault = 'trireme';

const prefixLengthMax = 32;

/** Headers of a job in the queue, beside NATS' own `Nats-Msg-Id`, and of what is published about it. */
export const queueHeaders = {
  id: 'Nats-Msg-Id',
  /** Of its kind; left out: the newest. */
  version: 'Trireme-Version',
  /** Where its answer is published. */
  reply: 'Trireme-Reply',
  /** It does not begin before. */
  notBefore: 'Trireme-Not-Before',
  /** Of answers and dead letters: the job's id, how it failed, and how often it had begun. */
  job: 'Trireme-Job',
  error: 'Trireme-Error',
  attempts: 'Trireme-Attempts',
} as const;

/** What a queue of jobs is called at NATS. */
export interface QueueNames {
  readonly prefix: string;
  /** Streams of the jobs that wait or run, and of the dead letters. */
  readonly jobsStream: string;
  readonly deadStream: string;
  /** Bucket of what became of each job. */
  readonly records: string;
  /** Subjects of the jobs of a kind, or of all. */
  jobs(kind: string): string;
  dead(kind: string, key: string): string;
  /** Where a load balancer is asked whether it has a job. */
  holder(lb: string): string;
}

export function queueNames(prefix: string): QueueNames {
  return {
    prefix,
    jobsStream: `${prefix}-jobs`,
    deadStream: `${prefix}-dead`,
    records: `${prefix}-records`,
    jobs: (kind) => `${prefix}.jobs.${kind}`,
    dead: (kind, key) => `${prefix}.dead.${kind}.${key}`,
    holder: (lb) => `${prefix}.lb.${lb}`,
  };
}

/** A prefix: part of subjects, where a dot would begin another part, and of names of streams. */
export function queuePrefix(value: string): string {
  if (/^[\w-]+$/.test(value) && value.length <= prefixLengthMax) return value;
  throw new InvalidArgumentError(`'${value}' is not 1 to ${prefixLengthMax} letters, digits, dashes and underscores`);
}

/**
 * The key of a job's record, and the end of its dead letter's subject: its id, or where that cannot be one a
 * hash of it.
 */
export function recordKey(id: string): string {
  return /^[\w-]{1,64}$/.test(id) ? id : `=${createHash('sha256').update(id).digest('base64url')}`;
}

/** The id of a job that was put without one: unlike any other, also of a stream that was made anew. */
export function unnamedId(seq: number, timestampNanos: bigint): string {
  return `s${seq}-${timestampNanos.toString(36)}`;
}

/**
 * Whether answers may be published there. A load balancer may publish more than those who put jobs, so it
 * publishes for them only where clients of NATS listen for answers.
 */
export function mayReply(prefix: string, subject: string): boolean {
  return (
    ['_INBOX.', `${prefix}.replies.`].some((start) => subject.startsWith(start)) && !/[\s*>]|\.\.|\.$/.test(subject)
  );
}
