import { TriremeError } from '../common/errors.js';
import type { Endpoint } from './types.js';

function parseIpv4(text: string): number[] | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return null;
  return parts.map(Number);
}

/** The 16-bit groups of one side of "::", whose last may be an IPv4 address in dots; null: not an address. */
function parseGroups(text: string): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (part.includes('.')) {
      const bytes = i === parts.length - 1 ? parseIpv4(part) : null;
      if (bytes === null) return null;
      groups.push((bytes[0] << 8) | bytes[1], (bytes[2] << 8) | bytes[3]);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(parseInt(part, 16));
    else return null;
  }
  return groups;
}

function parseIpv6(text: string): number[] | null {
  const sides = text.split('::');
  if (sides.length > 2) return null;
  const head = parseGroups(sides[0]);
  const tail = sides.length === 2 ? parseGroups(sides[1]) : [];
  if (head === null || tail === null || (sides.length === 2 && sides[0].includes('.'))) return null;
  const missing = 8 - head.length - tail.length;
  if (sides.length === 2 ? missing < 1 : missing !== 0) return null;
  return [...head, ...new Array<number>(missing).fill(0), ...tail].flatMap((group) => [group >> 8, group & 255]);
}

/** The 4 or 16 bytes of an address. @throws TriremeError USAGE */
export function parseAddress(text: string): Uint8Array {
  const bytes = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  if (bytes === null) throw new TriremeError('USAGE', `"${text}" is no address: give an IPv4 or IPv6 address`);
  return Uint8Array.from(bytes);
}

/** Reads A:P or [v6]:P. Throws USAGE with the text and the forms that are understood. */
export function parseEndpoint(text: string): Endpoint {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const bytes = match === null ? null : match[1] !== undefined ? parseIpv6(match[1]) : parseIpv4(match[2]);
  const port = match === null ? NaN : Number(match[3]);
  if (bytes === null || !(port <= 65535))
    throw new TriremeError(
      'USAGE',
      `"${text}" is no endpoint: give ADDRESS:PORT with an IPv4 address, or [ADDRESS]:PORT with an IPv6 address, port 0 to 65535`,
    );
  return { address: Uint8Array.from(bytes), port };
}

const dotted = (bytes: Uint8Array, at: number): string =>
  `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;

/**
 * The canonical text of an address (RFC 5952: lower case, the first longest run of two or more zero groups as "::").
 */
export function formatAddress(address: Uint8Array): string {
  if (address.length === 4) return dotted(address, 0);
  const group = (i: number): number => (address[2 * i] << 8) | address[2 * i + 1];
  // The first longest run of zero groups.
  let runAt = 8;
  let runLength = 1;
  for (let i = 0, length = 0; i < 8; i++) {
    length = group(i) === 0 ? length + 1 : 0;
    if (length > runLength) [runAt, runLength] = [i + 1 - length, length];
  }
  if (runAt === 0 && runLength === 5 && group(5) === 0xffff) return `::ffff:${dotted(address, 12)}`;
  let text = '';
  for (let i = 0; i < runAt; i++) text += (i > 0 ? ':' : '') + group(i).toString(16);
  if (runAt === 8) return text;
  text += '::';
  for (let i = runAt + runLength; i < 8; i++) text += group(i).toString(16) + (i < 7 ? ':' : '');
  return text;
}

export function formatEndpoint(endpoint: Endpoint): string {
  const address = formatAddress(endpoint.address);
  return endpoint.address.length === 4 ? `${address}:${endpoint.port}` : `[${address}]:${endpoint.port}`;
}
