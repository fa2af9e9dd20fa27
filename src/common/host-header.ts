import { isLoopback } from './exposure.js';

/**
 * Whether a `Host` header names this machine by a name that cannot be anyone else's: localhost, a name below it
 * (RFC 6761), or a loopback address, with or without a port. A web page whose name was made to resolve to 127.0.0.1 (DNS
 * rebinding) is read by browsers as if it were ours, and gives itself away by its own name here.
 */
export function namesLoopback(host: string): boolean {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::\d*)?$/.exec(host.trim());
  if (match === null) return false;
  const name = (match[1] ?? match[2]).toLowerCase().replace(/\.$/, '');
  return isLoopback(name) || name.endsWith('.localhost');
}
