import { TriremeError } from '../common/errors.js';
import type { Hub } from '../hub/port/hub.js';
import type { ClientKinds } from './opening.js';
import type { JobAdmission } from './job-admission.js';
import type { LbLimits } from './limits.js';
import type { Deadline } from '@grpc/grpc-js';

/** What both methods of JobService need. */
export interface JobServicePort {
  readonly hub: Hub;
  readonly limits: LbLimits;
  readonly admission: JobAdmission;
  readonly clientKinds: ClientKinds;
}

/** The error of a kind that there is not, or that is not for clients. */
export function unknownKind(kind: number): TriremeError {
  return new TriremeError('UNKNOWN_JOB', `unknown job ${kind}`);
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
