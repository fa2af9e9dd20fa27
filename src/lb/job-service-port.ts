import { TriremeError } from '../common/errors.js';
import type { Caller } from '../common/trust/roles.js';
import type { Hub } from '../hub/port/hub.js';
import type { AskedKinds } from './asked-kinds.js';
import type { JobAdmission } from './job-admission.js';
import type { JobExemplars } from './job-exemplars.js';
import type { LbLimits } from './limits.js';
import type { PayloadBudget } from './payload-budget.js';
import type { Deadline } from '@grpc/grpc-js';

/** What both methods of JobService need. */
export interface JobServicePort {
  readonly hub: Hub;
  readonly limits: LbLimits;
  readonly admission: JobAdmission;
  readonly asked: AskedKinds;
  readonly payloads: PayloadBudget;
  /** Where traced jobs are kept for /metrics; left out: nowhere. */
  readonly exemplars?: JobExemplars;
  /** See JobSink. */
  readonly share?: number;
  /** Why a call of this client is refused; left out where clients have no shares. */
  readonly refusal?: () => TriremeError | null;
  /** The same for the jobs of one caller, where clients have shares. */
  readonly of?: (caller: Caller) => JobServicePort;
}

/** No room for the payload of a job, as its client is told. @param of bytes that the client has there already */
export function payloadsFull(payloads: PayloadBudget, of: number): TriremeError {
  return new TriremeError(
    'QUEUE_FULL',
    `payloads of ${payloads.used} bytes are outstanding, which is the bound; ask again later`,
    { facts: payloads.full(of) },
  );
}

/**
 * Seconds until a gRPC deadline, as the hub takes them.
 * @returns 0 when there is no deadline; negative when it has passed
 */
export function secondsLeft(deadline: Deadline, nowMs: number): number {
  const endMs = deadline instanceof Date ? deadline.getTime() : deadline;
  if (endMs === Infinity) return 0;
  const left = (endMs - nowMs) / 1000;
  return left > 0 ? left : -1;
}

/** An answer as the messages of JobService have it; the bytes are copied, for they belong to other jobs too. */
export function answerOf(
  bytes: Uint8Array,
  start: number,
  end: number,
  text: boolean,
): { result: string; resultBytes?: Buffer } {
  const answer = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  return text ? { result: answer.toString() } : { result: '', resultBytes: Buffer.from(answer) };
}
