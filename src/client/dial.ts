import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { TriremeError } from '../common/errors.js';
import { formatHostPort, type HostPort } from '../common/options.js';
import type { DiallerTrust } from '../common/trust/dialler-trust.js';

/** First words of the line by which a load balancer refuses the token: missing or wrong, or not one of a client. */
const refusal = /^ERROR (UNAUTHENTICATED|NOT_ALLOWED): /;

/**
 * Opens a connection for jobs, encrypted where there is an authority to trust. `ready` is called once jobs may be
 * written; the AUTH line has then been written, whose answer is silence when the token is right.
 */
export function dialJobs(lb: HostPort, trust: DiallerTrust, ready: () => void): Socket {
  const where = { host: lb.host, port: lb.port };
  const options = trust.connectOptions;
  const socket = options === null ? connect(where) : connectTls({ ...where, ...options });
  socket.setNoDelay(true);
  socket.once(options === null ? 'connect' : 'secureConnect', () => {
    if (trust.token !== null) socket.write(`AUTH ${trust.token}\n`);
    ready();
  });
  return socket;
}

/** Our error if an answer is the load balancer's word that it refuses the token. */
export function refusedBy(lb: HostPort, answer: string): TriremeError | undefined {
  const refused = refusal.exec(answer);
  if (refused === null) return undefined;
  const why = answer.slice(refused[0].length).trimEnd();
  return new TriremeError(refused[1] as 'UNAUTHENTICATED' | 'NOT_ALLOWED', `--lb ${formatHostPort(lb)}: ${why}`);
}

/** True for the first byte of a TLS alert: jobs went to a port that speaks TLS. */
export function isTlsAlert(first: number): boolean {
  return first === 0x15;
}

export const tlsWanted = 'the port speaks TLS: add --tls-ca (or --tls)';
