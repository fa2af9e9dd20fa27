import { status, type ServiceError } from '@grpc/grpc-js';
import { errorKinds, TriremeError, type ErrorCode } from '../common/errors.js';
import { factsOf } from '../common/grpc-status.js';
import type { GrpcDialler } from '../common/trust/grpc-dialler.js';

/** The other side's error under its own code, where it said one. @param where who was dialled */
export function failureOf(error: ServiceError, where: string, dialler: GrpcDialler): TriremeError {
  const [, code, message] = /^([A-Z_]+): ([^]*)$/.exec(error.details ?? '') ?? [];
  if (code !== undefined && Object.hasOwn(errorKinds, code))
    return new TriremeError(code as ErrorCode, message, { cause: error, facts: factsOf(error.metadata) });
  const byStatus: Partial<Record<status, ErrorCode>> = {
    [status.DEADLINE_EXCEEDED]: 'DEADLINE_PASSED',
    [status.CANCELLED]: 'CANCELLED',
    [status.UNAUTHENTICATED]: 'UNAUTHENTICATED',
    [status.PERMISSION_DENIED]: 'NOT_ALLOWED',
  };
  return new TriremeError(byStatus[error.code] ?? 'UNREACHABLE', `${where}: ${dialler.explain(error)}`, {
    cause: error,
  });
}
