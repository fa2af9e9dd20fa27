import { TriremeError } from '../common/errors.js';
import { hostPort, type HostPort } from '../common/options.js';
import { DiallerTrust } from '../common/trust/dialler-trust.js';
import { compileDiallerTrust, parseToken, type TrustOptions } from '../common/trust/options.js';

/**
 * What is presented to the other side, and whom this side trusts: the options of the same names of `trireme client`.
 */
export interface Credentials {
  /** The token to present. Unlike the command, the library does not read TRIREME_TOKEN by itself. */
  readonly token?: string;
  /** File with the token, in place of `token`. */
  readonly tokenFile?: string;
  /** Encrypts, and trusts the system's authorities. */
  readonly tls?: boolean;
  /** File (PEM) of the authority to trust; encrypts too. */
  readonly tlsCa?: string;
  /** Files (PEM) of the certificate to present, for mutual TLS, and of its private key. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** Name in the certificate of the other side, where it is not the host that is dialled. */
  readonly tlsName?: string;
}

/** @throws TriremeError USAGE */
export function addressOf(address: string, defaultPort: number): HostPort {
  return parsed(`address`, () => hostPort(defaultPort)(String(address)));
}

/** @throws TriremeError when the credentials contradict each other, or a file cannot be used */
export function trustOf(credentials: Credentials): DiallerTrust {
  const { token } = credentials;
  if (token !== undefined) parsed('token', () => parseToken(token));
  if (token !== undefined && credentials.tokenFile !== undefined)
    throw new TriremeError('USAGE', 'token and tokenFile are two sources of one token: give one of them');
  return new DiallerTrust(compileDiallerTrust(credentials as TrustOptions, {}));
}

function parsed<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new TriremeError('USAGE', `${what}: ${(error as Error).message}`, { cause: error });
  }
}
