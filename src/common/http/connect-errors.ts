import { ConnectError, type Code } from '@connectrpc/connect';
import type { TriremeError } from '../errors.js';
import { errorDetailsOf, toStatus, type StatusAnswer } from '../grpc-status.js';

/** What a handler of gRPC answers with when it fails. */
export type HandlerStatus = Pick<StatusAnswer, 'code' | 'details'> & Partial<StatusAnswer>;

/**
 * The status of a gRPC call as an error of Connect, with the same code, message and details (google.rpc.ErrorInfo and
 * RetryInfo). The codes of both have the same numbers.
 */
export function connectErrorOf({ code, details, metadata }: HandlerStatus): ConnectError {
  const error = new ConnectError(details, code as number as Code);
  if (metadata !== undefined) error.details = errorDetailsOf(metadata);
  return error;
}

/** The same of our own errors. */
export const connectError = (error: TriremeError): ConnectError => connectErrorOf(toStatus(error));

/** Whatever a handler has failed with. */
export function connectErrorFrom(caught: unknown): ConnectError {
  if (caught instanceof ConnectError) return caught;
  const { code, details } = caught as Partial<HandlerStatus>;
  if (typeof code === 'number' && typeof details === 'string') return connectErrorOf(caught as HandlerStatus);
  return connectErrorOf(toStatus(caught));
}
