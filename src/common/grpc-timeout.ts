import type * as grpc from '@grpc/grpc-js';
import type { Http2Server, IncomingHttpHeaders } from 'node:http2';

/** The longest time that Node's timers can wait, 24.8 days, in the whole seconds of a header. */
export const timeoutSecondsMax = 2_147_483;

/** Seconds of each unit of the header (gRPC over HTTP/2, TimeoutUnit). */
const secondsOfUnit: Readonly<Record<string, number>> = { H: 3600, M: 60, S: 1, m: 1e-3, u: 1e-6, n: 1e-9 };

/**
 * A `grpc-timeout` that grpc-js can count: it takes the milliseconds modulo 2^32, so that 30 days are none
 * and 50 days are few. A longer one becomes timeoutSecondsMax, which no caller outlives; what is no time-out
 * is left for grpc-js to refuse.
 */
export function clampedTimeout(header: string): string {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(header) ?? [];
  if (digits === undefined || Number(digits) * secondsOfUnit[unit] <= timeoutSecondsMax) return header;
  return `${timeoutSecondsMax}S`;
}

/** The same of `connect-timeout-ms`: milliseconds, at most ten digits (Connect protocol). */
export function clampedConnectTimeout(header: string): string {
  const mostMs = timeoutSecondsMax * 1000;
  return /^\d{1,10}$/.test(header) && Number(header) > mostMs ? String(mostMs) : header;
}

/** Shortens the time-outs of calls before a bound server sees them. grpc-js reads the headers that its servers emit. */
export function clampTimeouts(server: grpc.Server): void {
  const servers = server['http2Servers'] as ReadonlyMap<Http2Server, unknown>;
  for (const each of servers.keys()) {
    each.prependListener('stream', (_stream: unknown, headers: IncomingHttpHeaders) => {
      const header = headers['grpc-timeout'];
      if (typeof header === 'string') headers['grpc-timeout'] = clampedTimeout(header);
    });
  }
}
