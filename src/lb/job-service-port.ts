import { TriremeError } from '../common/errors.js';
import type { Hub } from '../hub/port/hub.js';
import type { ClientKinds } from './client-kinds.js';
import type { JobAdmission } from './job-admission.js';
import type { LbLimits } from './limits.js';

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
