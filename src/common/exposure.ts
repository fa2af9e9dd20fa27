import { BlockList, isIP } from 'node:net';
import { TriremeError } from './errors.js';
import { formatHostPort, type HostPort } from './options.js';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Says whether only this machine reaches a listener on that host. A name other than localhost might be anything. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const family = isIP(host);
  return family !== 0 && loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** A listener as the operator asked for it: the option with its dashes, and the address. */
export interface Listener {
  readonly option: string;
  readonly address: HostPort;
  /** Nothing is asked of those who dial, neither a token nor a certificate. */
  readonly open: boolean;
  /** Option beside the certificate's that this port needs to be encrypted, such as --tcp-tls. */
  readonly tlsOption?: string;
}

/**
 * Refuses to open a listener to other machines that anyone could use: those who dial must present a token or a
 * certificate, or the operator says --insecure in so many words.
 * @throws TriremeError REFUSED_EXPOSED that names the option, the address and what to add
 */
export function checkExposure(listeners: readonly Listener[], insecure: boolean): void {
  if (insecure) return;
  const exposed = listeners.find(({ address, open }) => open && !isLoopback(address.host));
  if (exposed === undefined) return;
  throw new TriremeError(
    'REFUSED_EXPOSED',
    `${exposed.option} ${formatHostPort(exposed.address)} is not on loopback, and whoever reaches it could use it: ` +
      `add --token (or TRIREME_TOKEN, or --token-file), or --tls-cert, --tls-key and --tls-ca` +
      `${exposed.tlsOption === undefined ? '' : ` with ${exposed.tlsOption}`}, or both; ` +
      `add --insecure if that is meant, or listen on 127.0.0.1`,
  );
}

/**
 * Whether a `Host` header names this machine by a name that cannot be anyone else's: localhost, a name below
 * it (RFC 6761), or a loopback address, with or without a port. A web page whose name was made to resolve to
 * 127.0.0.1 (DNS rebinding) is read by browsers as if it were ours, and gives itself away by its own name
 * here.
 */
export function namesLoopback(host: string): boolean {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::\d*)?$/.exec(host.trim());
  if (match === null) return false;
  const name = (match[1] ?? match[2]).toLowerCase().replace(/\.$/, '');
  return isLoopback(name) || name.endsWith('.localhost');
}
