/** A protocol whose speaker has come to the wrong port. Each word is a label of trireme_lb_offences_total. */
export type ForeignProtocol = 'http' | 'tls' | 'proxy-header';

/** Longest method that is taken for one of HTTP; the longest registered with IANA has 17 characters. */
const methodLengthMax = 20;

/** First bytes that tell a protocol, at most: a method, a blank, and one byte of the target. */
export const foreignBytesMax = methodLengthMax + 2;

/** The first twelve bytes of the binary PROXY header (HAProxy's proxy-protocol.txt, section 2.2). */
export const proxySignature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** What the header in text form begins with (section 2.1). */
export const proxyTextPrefix = Buffer.from('PROXY ', 'latin1');

/** First byte of the record that begins a TLS handshake (RFC 8446, section 5.1). */
export const tlsHandshake = 0x16;

const blank = 0x20;

/** What first bytes say: what they are, 'perhaps' while a longer run of bytes could be one of these, or 'none'. */
export function foreignProtocol(first: Uint8Array): ForeignProtocol | 'perhaps' | 'none' {
  const proxy = longerOf(prefixOf(proxySignature, first), prefixOf(proxyTextPrefix, first));
  if (proxy === 'whole') return 'proxy-header';
  const others = [tls(first), http(first)];
  for (const found of others) if (found !== 'perhaps' && found !== 'none') return found;
  return proxy === 'part' || others.includes('perhaps') ? 'perhaps' : 'none';
}

type Match = 'whole' | 'part' | 'not';

function prefixOf(pattern: Uint8Array, bytes: Uint8Array): Match {
  const length = Math.min(pattern.length, bytes.length);
  for (let i = 0; i < length; i++) if (pattern[i] !== bytes[i]) return 'not';
  return length === pattern.length ? 'whole' : 'part';
}

function longerOf(a: Match, b: Match): Match {
  return a === 'not' ? b : a;
}

/** A handshake record of any version from SSL 3.0 to TLS 1.3, which says 3.1 or 3.3 here. */
function tls(bytes: Uint8Array): ForeignProtocol | 'perhaps' | 'none' {
  if (bytes.length > 0 && bytes[0] !== tlsHandshake) return 'none';
  if (bytes.length > 1 && bytes[1] !== 3) return 'none';
  if (bytes.length < 3) return 'perhaps';
  return bytes[2] <= 4 ? 'tls' : 'none';
}

/** A method and its target (RFC 9112, section 3), the preface of HTTP/2 (`PRI * HTTP/2.0`) among them. */
function http(bytes: Uint8Array): ForeignProtocol | 'perhaps' | 'none' {
  let length = 0;
  while (length < bytes.length && isMethodByte(bytes[length])) length++;
  if (length > methodLengthMax) return 'none';
  if (length === bytes.length) return 'perhaps';
  if (length < 3 || bytes[length] !== blank) return 'none';
  if (Buffer.from(bytes.subarray(0, length)).toString('latin1') === 'CONNECT') return 'http';
  const target = bytes[length + 1];
  if (target === undefined) return 'perhaps';
  return '/*hH'.includes(String.fromCharCode(target)) ? 'http' : 'none';
}

function isMethodByte(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || byte === 0x2d;
}

/** What its speaker is told. */
export const foreignWords: Readonly<Record<ForeignProtocol, string>> = {
  http: 'ERROR this port takes job numbers and not HTTP; the port of --admin speaks HTTP',
  tls: 'ERROR this port takes job numbers in clear and not TLS; to encrypt it start the lb with --tcp-tls',
  'proxy-header': 'ERROR no PROXY header is expected here; one is read from each connection with --tcp-proxy-protocol',
};
