import { InvalidArgumentError } from 'commander';
import { isIP } from 'node:net';

/** Parsers for the values of command-line options. Each refuses with the value and the bound (exit code 2). */

/** Whole number within bounds, both included. */
export function integer(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = /^[+-]?\d{1,16}$/.test(value) ? Number(value) : NaN;
    if (!(number >= least && number <= most)) {
      throw new InvalidArgumentError(`'${value}' is not a whole number from ${least} to ${most}`);
    }
    return number;
  };
}

/** Number within bounds, both included. */
export function decimal(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? Number(value) : NaN;
    if (!(number >= least && number <= most)) {
      throw new InvalidArgumentError(`'${value}' is not a number from ${least} to ${most}`);
    }
    return number;
  };
}

const secondsPerUnit: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
};

/** Duration such as `250ms`, `1.5s`, `2m` as whole nanoseconds. */
export function durationNs(leastNs: bigint, mostNs: bigint): (value: string) => bigint {
  return (value) => {
    const match = /^(\d{1,12})(?:\.(\d{1,9}))?(ns|us|ms|s|m|h|d)$/.exec(value);
    if (match === null) throw new InvalidArgumentError(`'${value}' is not a duration such as 250ms, 1.5s or 2m`);
    const unit = secondsPerUnit[match[3]];
    const fraction = match[2] ?? '';
    const ns =
      BigInt(match[1]) * unit + (fraction === '' ? 0n : (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length));
    if (ns < leastNs || ns > mostNs) {
      throw new InvalidArgumentError(`'${value}' is not between ${formatNs(leastNs)} and ${formatNs(mostNs)}`);
    }
    return ns;
  };
}

/** Duration such as `250ms`, `1.5s`, `2m` as milliseconds. */
export function durationMs(leastMs: number, mostMs: number): (value: string) => number {
  const parse = durationNs(BigInt(leastMs) * 1_000_000n, BigInt(mostMs) * 1_000_000n);
  return (value) => Number(parse(value)) / 1e6;
}

const timeForms = 'such as 2026-11-29T14:00:00Z, 1764424800.5 (seconds since 1970) or +30s (from the first packet)';

/** A time as ns in decimal: RFC 3339, seconds since 1970, or with a '+' a duration from the first packet. */
export function timeNs(value: string): string {
  if (value.startsWith('+')) return `+${durationNs(0n, 1n << 60n)(value.slice(1))}`;
  const epoch = /^(\d{1,10})(?:\.(\d{1,9}))?$/.exec(value);
  if (epoch !== null) return `${BigInt(epoch[1]) * 1_000_000_000n + fractionNs(epoch[2])}`;
  const stamp = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i.exec(value);
  const ms = stamp === null ? NaN : Date.parse(`${stamp[1]}T${stamp[2]}${stamp[4].toUpperCase()}`);
  // Date.parse takes 30 February for 2 March, and 24:00 for the next day.
  const wrong = stamp === null || Number.isNaN(ms) || stamp[2] >= '24' || !isDay(stamp[1]);
  if (wrong) throw new InvalidArgumentError(`'${value}' is not a time ${timeForms}`);
  return `${BigInt(ms) * 1_000_000n + fractionNs(stamp[3])}`;
}

const isDay = (text: string): boolean => new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);

const fractionNs = (digits = ''): bigint => BigInt(digits.padEnd(9, '0'));

function formatNs(ns: bigint): string {
  for (const unit of ['d', 'h', 'm', 's', 'ms', 'us'] as const) {
    if (ns !== 0n && ns % secondsPerUnit[unit] === 0n) return `${ns / secondsPerUnit[unit]}${unit}`;
  }
  return `${ns}ns`;
}

const bytesPerUnit: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
};

/** Size such as `64MiB`, `1G` or `4096` as bytes. */
export function byteSize(least: number, most: number): (value: string) => number {
  return (value) => {
    const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([kmgt]i?|)b?$/i.exec(value);
    const bytes = match === null ? NaN : Math.floor(Number(match[1]) * bytesPerUnit[match[2].toLowerCase()]);
    if (!(bytes >= least && bytes <= most)) {
      throw new InvalidArgumentError(`'${value}' is not a size from ${least} to ${most} bytes (such as 64MiB or 1G)`);
    }
    return bytes;
  };
}

/** A host and a TCP or UDP port. IPv6 addresses stand in brackets when written. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * An address for an error: a user before the host may come with a password. Leaves out more rather than less:
 * a password may hold what ends one elsewhere.
 */
export function withoutUser(address: string): string {
  return address.replace(/^([a-z]+:\/\/)?.*@/i, '$1');
}

/** `H:P`, `[v6]:P`, or a bare host when there is a default port. */
export function hostPort(defaultPort?: number): (value: string) => HostPort {
  return (value) => {
    const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]\s,]+))(?::(\d{1,5}))?$/.exec(value);
    const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
    // Whole and short numbers are IPv4 addresses to getaddrinfo: a port alone, 8051, would be the host 0.0.31.115.
    const bare = /^[\d.]+$/.test(match?.[2] ?? '') && isIP(match?.[2] ?? '') === 0;
    if (match === null || port === undefined || port > 65535 || bare) {
      throw new InvalidArgumentError(`'${withoutUser(value)}' is not HOST:PORT with a port from 0 to 65535`);
    }
    return { host: match[1] ?? match[2], port };
  };
}

/** Where a port listens: as `hostPort`, but a name that comes without a port is as likely no address at all. */
export function listenAddress(defaultPort: number): (value: string) => HostPort {
  const parse = hostPort(defaultPort);
  return (value) => {
    const address = parse(value);
    if (value.endsWith(`:${address.port}`) || isIP(address.host) !== 0 || address.host === 'localhost') return address;
    throw new InvalidArgumentError(
      `'${withoutUser(value)}' is not HOST:PORT; the port may be left out behind an IP address or localhost`,
    );
  };
}

/** A list of `H:P` separated by commas. */
export function hostPorts(defaultPort?: number): (value: string) => HostPort[] {
  return (value) => value.split(',').map(hostPort(defaultPort));
}

/** Writes a host and port as gRPC, URLs and people expect them. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
