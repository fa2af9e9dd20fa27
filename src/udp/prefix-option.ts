import { InvalidArgumentError } from 'commander';
import { isIPv4 } from 'node:net';
import type { Prefix } from './config-bytes.js';

/** Parser of `10.0.0.0/8`; a bare address is itself alone. */
export function ipv4Prefix(value: string): Prefix {
  const [address, length = '32', more] = value.split('/');
  const bits = /^\d{1,2}$/.test(length) ? Number(length) : NaN;
  if (!isIPv4(address) || !(bits <= 32) || more !== undefined)
    throw new InvalidArgumentError(`'${value}' is not an IPv4 prefix such as 10.0.0.0/8`);
  return { address, bits };
}
