import { errorKinds, type ErrorCode } from '../common/errors.js';

/**
 * What is known of a job of the queue beside its message. There is one record of each, written by compare-and-set only.
 */
export type JobRecord = WaitingRecord | BegunRecord | DoneRecord | DeadRecord;

interface AnyRecord {
  readonly kind: string;
  /** Times that it has begun. */
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Drawn for each write: tells a writer whether what is there is its own. */
  readonly mark: string;
}

/** It has begun and is to begin again. */
export interface WaitingRecord extends AnyRecord {
  readonly state: 'waiting';
  /** Why. */
  readonly error: RecordedError;
}

export interface BegunRecord extends AnyRecord {
  readonly state: 'begun';
  /** The load balancer that has it. */
  readonly by: string;
}

export interface DoneRecord extends AnyRecord {
  readonly state: 'done';
  /** One of the two. */
  readonly result?: string;
  readonly resultBase64?: string;
  readonly worker: string;
  readonly execSeconds: number;
}

export interface DeadRecord extends AnyRecord {
  readonly state: 'dead';
  readonly error: RecordedError;
}

export interface RecordedError {
  readonly code: ErrorCode;
  readonly message: string;
}

export function encodeRecord(record: JobRecord): string {
  return JSON.stringify(record);
}

/** What is no record is one of a job that ends as a dead letter: nobody can say whether it had begun. */
export function decodeRecord(bytes: Uint8Array, key: string): JobRecord {
  const message = `the record of job ${key} at NATS is damaged`;
  const damaged: DeadRecord = {
    ...{ state: 'dead', kind: '', attempts: 0, atMs: 0, mark: '' },
    error: { code: 'STATE_FAILED', message },
  };
  try {
    const record = JSON.parse(Buffer.from(bytes).toString()) as JobRecord;
    const { state, attempts } = record;
    if (!['waiting', 'begun', 'done', 'dead'].includes(state) || !Number.isInteger(attempts)) return damaged;
    const { error } = record as Partial<DeadRecord>;
    const known = typeof error?.message === 'string' && Object.hasOwn(errorKinds, error.code);
    if ((error !== undefined || state === 'dead') && !known) return damaged;
    return record;
  } catch {
    return damaged;
  }
}

/** The answer of a job that is done. */
export function answerOf({ result, resultBase64 }: DoneRecord): Buffer {
  return resultBase64 === undefined ? Buffer.from(result ?? '') : Buffer.from(resultBase64, 'base64');
}
