import { isIP } from 'node:net';
import type { HostPort } from '../common/options.js';
import { proxySignature, proxyTextPrefix } from './foreign-protocol.js';

/** What was found: too little to say, no header, or a header of so many bytes and the client that it names. */
export type ProxyHeaderFound =
  | { readonly found: 'more' }
  | { readonly found: 'none'; readonly why: string }
  /** Without a client the connection is the proxy's own, as its health checks are. */
  | { readonly found: 'header'; readonly bytes: number; readonly client: HostPort | undefined };

/** The longest header in text form, its line end included (HAProxy's proxy-protocol.txt, section 2.1). */
const textBytesMax = 107;

/** Signature, version and command, family and protocol, length of what follows (section 2.2). */
const fixedBytes = 16;

/** Addresses and type-length-value fields of a binary header. Proxies stay under 536 bytes, which one segment holds. */
const restBytesMax = 4_096;

/** A header has no more bytes than this. */
export const proxyHeaderBytesMax = fixedBytes + restBytesMax;

const carriageReturn = 0x0d;

const none = (why: string): ProxyHeaderFound => ({ found: 'none', why });

/** Reads the PROXY header, version 1 or 2, at the start of these bytes. */
export function proxyHeader(bytes: Buffer): ProxyHeaderFound {
  if (beginsAlike(bytes, proxySignature)) return bytes.length < fixedBytes ? { found: 'more' } : binaryHeader(bytes);
  if (beginsAlike(bytes, proxyTextPrefix)) return textHeader(bytes);
  return none('the first bytes are none');
}

function beginsAlike(bytes: Buffer, prefix: Buffer): boolean {
  const length = Math.min(bytes.length, prefix.length);
  return bytes.compare(prefix, 0, length, 0, length) === 0;
}

function textHeader(bytes: Buffer): ProxyHeaderFound {
  const feed = bytes.subarray(0, textBytesMax).indexOf('\n');
  const end = feed - 1;
  if (feed > 0 && bytes[end] !== carriageReturn) return none('its line ends in LF alone, not in CR LF');
  if (feed < 0) {
    return bytes.length < textBytesMax ? { found: 'more' } : none(`its line has more than ${textBytesMax} bytes`);
  }
  const line = bytes.toString('latin1', 0, end);
  const [, protocol, host, to, port, toPort, ...more] = line.split(' ');
  const length = end + 2;
  // What follows UNKNOWN is to be passed over.
  if (protocol === 'UNKNOWN') return { found: 'header', bytes: length, client: undefined };
  const family = protocol === 'TCP4' ? 4 : protocol === 'TCP6' ? 6 : undefined;
  if (family === undefined) return none(`its protocol is ${JSON.stringify(protocol ?? '')}, not TCP4, TCP6 or UNKNOWN`);
  const ports = [port, toPort].map((text = '') => (/^\d{1,5}$/.test(text) ? Number(text) : NaN));
  if (isIP(host ?? '') !== family || isIP(to ?? '') !== family || more.length > 0 || !ports.every((n) => n <= 65_535))
    return none(`${JSON.stringify(line)} is not two ${protocol} addresses and two ports`);
  return { found: 'header', bytes: length, client: { host, port: ports[0] } };
}

function binaryHeader(bytes: Buffer): ProxyHeaderFound {
  const [version, command] = [bytes[12] >> 4, bytes[12] & 0x0f];
  if (version !== 2) return none(`its version is ${version}, not 2`);
  if (command > 1) return none(`its command is ${command}, not 0 (LOCAL) or 1 (PROXY)`);
  const rest = bytes.readUInt16BE(14);
  if (rest > restBytesMax) return none(`it has ${fixedBytes + rest} bytes, over ${proxyHeaderBytesMax}`);
  const length = fixedBytes + rest;
  if (bytes.length < length) return { found: 'more' };
  const family = bytes[13] >> 4;
  const addressBytes = family === 1 ? 4 : family === 2 ? 16 : 0;
  // LOCAL, a socket of the proxy's own machine, or a family that is not said: no address of a client.
  if (command === 0 || addressBytes === 0) return { found: 'header', bytes: length, client: undefined };
  if (rest < 2 * addressBytes + 4) return none(`it has ${rest} bytes for addresses that need ${2 * addressBytes + 4}`);
  const address = bytes.subarray(fixedBytes, fixedBytes + addressBytes);
  const port = bytes.readUInt16BE(fixedBytes + 2 * addressBytes);
  return { found: 'header', bytes: length, client: { host: hostText(address), port } };
}

function hostText(address: Buffer): string {
  if (address.length === 4) return address.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => address.readUInt16BE(2 * i).toString(16)).join(':');
  // The shortest form of the address, as other logs write it.
  return new URL(`http://[${groups}]/`).hostname.slice(1, -1);
}
