import { createHash } from 'node:crypto';
import { Generations } from './generations.js';
import { extensionTypes, type ClientHello } from './tls-hello.js';

/** Values that say nothing, so that servers learn to pass over unknown ones (RFC 8701). */
const isGrease = (value: number): boolean => (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);

const said = (values: readonly number[]): number[] => values.filter((value) => !isGrease(value));

/** What JA3 hashes: version, ciphers, extensions, groups and point formats in decimal (github.com/salesforce/ja3). */
export function ja3Text({ version, ciphers, extensions, groups, pointFormats }: ClientHello): string {
  const lists = [said(ciphers), said(extensions), said(groups), pointFormats];
  return [version, ...lists.map((list) => list.join('-'))].join(',');
}

export interface Fingerprints {
  readonly ja3: string;
  readonly ja4: string;
}

/** Fingerprints that were made last: 1,024 to twice as many, of some 1.2 KB each at most. */
const madeKept = 1024;
/** Numbers of which those that are kept are made: clients have some 60. */
const keyLengthMax = 512;
const made = new Generations<Fingerprints>(madeKept);

/** JA3 and JA4 of a hello over TCP (`t`) or QUIC (`q`). Clients of one kind have the same, so few are made. */
export function fingerprintsOf(hello: ClientHello, over: 't' | 'q'): Fingerprints {
  const key = keyOf(hello, over);
  const found = made.get(key);
  if (found !== undefined) return found;
  const fresh = { ja3: createHash('md5').update(ja3Text(hello)).digest('hex'), ja4: ja4(hello, over) };
  if (key.length <= keyLengthMax) made.set(key, fresh);
  return fresh;
}

/** All that the two are made of, each list behind its length. */
function keyOf(hello: ClientHello, over: 't' | 'q'): string {
  const { version, ciphers, extensions, groups, pointFormats, signatureAlgorithms, protocols } = hello;
  const key = [over === 't' ? 0 : 1, version, versionOf(hello)];
  for (const list of [ciphers, extensions, groups, pointFormats, signatureAlgorithms]) {
    const from = key.push(0);
    for (const value of list) if (!isGrease(value)) key.push(value);
    key[from - 1] = key.length - from;
  }
  return String.fromCharCode.apply(null, key) + (protocols[0] ?? '');
}

/** As JA4 writes versions. */
const ja4Versions: Readonly<Record<number, string>> = {
  0x0304: '13',
  0x0303: '12',
  0x0302: '11',
  0x0301: '10',
  0x0300: 's3',
  0x0002: 's2',
  0xfeff: 'd1',
  0xfefd: 'd2',
  0xfefc: 'd3',
};

/** The highest version that is offered. */
export function versionOf({ version, versions }: ClientHello): number {
  const offered = said(versions);
  return offered.length === 0 ? version : Math.max(...offered);
}

/** JA4 of a hello over TCP (`t`) or QUIC (`q`): github.com/FoxIO-LLC/ja4, technical_details/JA4.md. */
export function ja4(hello: ClientHello, over: 't' | 'q'): string {
  const ciphers = said(hello.ciphers);
  const extensions = said(hello.extensions);
  const named = hello.extensions.includes(extensionTypes.serverName) ? 'd' : 'i';
  const counts = [ciphers, extensions].map(({ length }) => String(Math.min(99, length)).padStart(2, '0'));
  const first = `${over}${ja4Versions[versionOf(hello)] ?? '00'}${named}${counts.join('')}${endsOf(hello.protocols[0])}`;
  const sorted = extensions.filter((type) => type !== extensionTypes.serverName && type !== extensionTypes.alpn);
  const algorithms = said(hello.signatureAlgorithms).map(hex);
  const last = [sorted.map(hex).sort().join(','), ...(algorithms.length === 0 ? [] : [algorithms.join(',')])].join('_');
  return [
    first,
    ciphers.length === 0 ? nothing : shortHash(ciphers.map(hex).sort().join(',')),
    sorted.length === 0 ? nothing : shortHash(last),
  ].join('_');
}

const nothing = '000000000000';

const hex = (value: number): string => value.toString(16).padStart(4, '0');

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

/** First and last letter of a protocol; of its hexadecimal digits where one of them is no letter or digit. */
function endsOf(protocol: string | undefined): string {
  if (protocol === undefined || protocol === '') return '00';
  const ends = protocol[0] + protocol[protocol.length - 1];
  if (/^[0-9A-Za-z]{2}$/.test(ends)) return ends;
  const digits = Buffer.from(protocol, 'latin1').toString('hex');
  return digits[0] + digits[digits.length - 1];
}
