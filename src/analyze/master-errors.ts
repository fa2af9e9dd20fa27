import { status, type ServiceError } from '@grpc/grpc-js';
import { openGrpcDialler, type GrpcDialler } from '../common/trust/grpc-dialler.js';
import { errorKinds, TriremeError, type ErrorCode } from '../common/errors.js';

/**
 * What a master's refusal means here. A role's own errors lead their details with a code of ours; what gRPC says by
 * itself does not, and is then about the way to the master.
 */
export function fromMaster(caught: unknown, master: string, dialler: GrpcDialler = openGrpcDialler): TriremeError {
  const { code, details } = caught as Partial<ServiceError>;
  if (typeof code !== 'number') return TriremeError.from(caught);
  const named = /^([A-Z_]+): (.*)$/s.exec(details ?? '');
  if (named !== null && Object.hasOwn(errorKinds, named[1])) {
    return new TriremeError(named[1] as ErrorCode, named[2], { cause: caught });
  }
  if (code === status.UNAVAILABLE) {
    return new TriremeError(
      'UNREACHABLE',
      `master ${master} cannot be reached: ${dialler.explain(caught as ServiceError)}`,
      { cause: caught },
    );
  }
  return new TriremeError('JOB_FAILED', `master ${master}: ${status[code]}: ${details}`, { cause: caught });
}

/** The master does not see the file that we see; it can be sent. */
export function wantsUpload(caught: unknown): boolean {
  const { code, details = '' } = caught as Partial<ServiceError>;
  if (details.startsWith('NOT_ALLOWED: ')) return false;
  return code === status.NOT_FOUND || code === status.PERMISSION_DENIED;
}

/** The analysis may be well: only who told of it is gone, or going. */
export function wayLost(caught: unknown): boolean {
  const { code, details } = caught as Partial<ServiceError>;
  const named = /^([A-Z_]+): /.exec(details ?? '')?.[1] ?? '';
  return code !== undefined && (named === 'DRAINING' || !Object.hasOwn(errorKinds, named));
}
