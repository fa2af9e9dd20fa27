import * as grpc from '@grpc/grpc-js';
import { TriremeError } from './errors.js';

/** Our error as the status that a gRPC handler answers with; the message keeps our code in front. */
export function toStatus(caught: unknown): { code: grpc.status; details: string } {
  const error = TriremeError.from(caught);
  return { code: grpc.status[error.kind.grpc as keyof typeof grpc.status], details: `${error.code}: ${error.message}` };
}
