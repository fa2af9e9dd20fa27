import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { TriremeError } from '../common/errors.js';
import { formatHostPort, type HostPort } from '../common/options.js';
import type { DiallerTrust } from '../common/trust/dialler-trust.js';

/** First words of the line by which a load balancer says that the token was missing or wrong. */
const refusal = 'ERROR UNAUTHENTICATED: ';

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

/** Our error if an answer is the load balancer's word that the token was missing or wrong. */
export function refusedBy(lb: HostPort, answer: string): TriremeError | undefined {
  if (!answer.startsWith(refusal)) return undefined;
  return new TriremeError('UNAUTHENTICATED', `--lb ${formatHostPort(lb)}: ${answer.slice(refusal.length).trimEnd()}`);
}

/** True for the first byte of a TLS alert: jobs went to a port that speaks TLS. */
export function isTlsAlert(first: number): boolean {
  return first === 0x15;
}

export const tlsWanted = 'the port speaks TLS: add --tls-ca (or --tls)';
