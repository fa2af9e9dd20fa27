/** What a ClientHello says (RFC 8446, 4.1.2), as far as it is told. */
export interface ClientHello {
  /** The version of its own field. */
  readonly version: number;
  readonly ciphers: readonly number[];
  /** Types, in their order. */
  readonly extensions: readonly number[];
  /** RFC 6066, 3; null: it has none. */
  readonly serverName: string | null;
  /** RFC 7301, in latin-1. */
  readonly protocols: readonly string[];
  /** RFC 8446, 4.2.1. */
  readonly versions: readonly number[];
  readonly groups: readonly number[];
  readonly pointFormats: readonly number[];
  readonly signatureAlgorithms: readonly number[];
}

const handshakeRecord = 22;
const clientHello = 1;
/** RFC 8446, 5.1, and what earlier versions may add. */
const recordBytesMax = 16_384 + 2_048;
/** Bytes of a hello at most: real ones have under 3,000, also with keys that withstand quantum computers. */
export const helloBytesMax = 16_384;

export const extensionTypes = {
  serverName: 0,
  groups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  alpn: 16,
  versions: 43,
} as const;

/** Records of a hello at most; real ones have one or two. With 64 segments each, none costs more than some 0.3 ms. */
export const helloRecordsMax = 64;

/** Bytes of a host name (RFC 1035, 2.3.4): a longer one is none. */
const hostNameBytesMax = 255;

/**
 * Reads the ClientHello with which a stream of TLS records begins.
 * @returns 'more': it goes on behind these bytes; 'malformed': it is none, or has more records than are read
 */
export function helloOfRecords(stream: Buffer): ClientHello | 'more' | 'malformed' {
  // Nearly all have one record, which is read where it lies.
  let message = stream.subarray(5);
  let have = 0;
  for (let at = 0, records = 0; records < helloRecordsMax; records++) {
    if (at + 5 > stream.length) return 'more';
    const length = stream.readUInt16BE(at + 3);
    if (stream[at] !== handshakeRecord || length === 0 || length > recordBytesMax) return 'malformed';
    if (records === 1) message = Buffer.concat([message.subarray(0, have)], stream.length);
    have += records === 0 ? Math.min(length, message.length) : stream.copy(message, have, at + 5, at + 5 + length);
    const hello = helloOfMessage(message.subarray(0, have));
    if (hello !== 'more') return hello;
    at += 5 + length;
    if (at > stream.length) return 'more';
  }
  return 'malformed';
}

/** Reads the ClientHello with which the bytes of a handshake begin, in the words of helloOfRecords(). */
export function helloOfMessage(bytes: Buffer): ClientHello | 'more' | 'malformed' {
  if (bytes.length < 4) return 'more';
  const wanted = 4 + bytes.readUIntBE(1, 3);
  if (bytes[0] !== clientHello || wanted > helloBytesMax) return 'malformed';
  return bytes.length < wanted ? 'more' : (readHello(bytes.subarray(4, wanted)) ?? 'malformed');
}

/** Thrown where a field reaches behind the end of its message, or is shorter or longer than it may be. */
class Cut extends Error {}

/** Reads the fields of a part of some bytes one after the other. */
class Fields {
  constructor(
    private readonly bytes: Buffer,
    private at: number,
    private readonly end: number,
  ) {}

  get left(): number {
    return this.end - this.at;
  }

  number(bytes: 1 | 2): number {
    const at = this.skip(bytes);
    return bytes === 1 ? this.bytes[at] : (this.bytes[at] << 8) | this.bytes[at + 1];
  }

  /** @returns where the bytes begin that are passed over */
  skip(count: number): number {
    if (count > this.left) throw new Cut();
    this.at += count;
    return this.at - count;
  }

  take(count: number): Buffer {
    const at = this.skip(count);
    return this.bytes.subarray(at, at + count);
  }

  /** A list behind its length. */
  list(lengthBytes: 1 | 2): Fields {
    const at = this.skip(this.number(lengthBytes));
    return new Fields(this.bytes, at, this.at);
  }

  numbers(bytes: 1 | 2): number[] {
    const found: number[] = [];
    while (this.left >= bytes) found.push(this.number(bytes));
    return found;
  }
}

/** The message behind its type and length; null: it contradicts its form. */
export function readHello(message: Buffer): ClientHello | null {
  try {
    return readFields(new Fields(message, 0, message.length));
  } catch (error) {
    if (error instanceof Cut) return null;
    throw error;
  }
}

function readFields(fields: Fields): ClientHello {
  const version = fields.number(2);
  fields.skip(32);
  fields.list(1);
  const ciphers = fields.list(2).numbers(2);
  fields.list(1);
  const extensions: number[] = [];
  const contents = new Map<number, Fields>();
  const all = fields.left >= 2 ? fields.list(2) : null;
  while (all !== null && all.left > 0) {
    const type = all.number(2);
    extensions.push(type);
    contents.set(type, all.list(2));
  }
  const serverName = contents.get(extensionTypes.serverName);
  const numbersOf = (type: number, lengthBytes: 1 | 2, bytes: 1 | 2): number[] =>
    contents.get(type)?.list(lengthBytes).numbers(bytes) ?? [];
  return {
    version,
    ciphers,
    extensions,
    serverName: serverName === undefined ? null : serverNameOf(serverName),
    protocols: protocolsOf(contents.get(extensionTypes.alpn)),
    versions: numbersOf(extensionTypes.versions, 1, 2),
    groups: numbersOf(extensionTypes.groups, 2, 2),
    pointFormats: numbersOf(extensionTypes.pointFormats, 1, 1),
    signatureAlgorithms: numbersOf(extensionTypes.signatureAlgorithms, 2, 2),
  };
}

/** The first name of type host_name, without a dot at its end, as DNS names are told. */
function serverNameOf(extension: Fields): string | null {
  if (extension.left === 0) return null;
  const names = extension.list(2);
  while (names.left > 0) {
    const type = names.number(1);
    const name = names.take(names.number(2));
    if (name.length === 0 || name.length > hostNameBytesMax) throw new Cut();
    if (type === 0)
      return printed(name)
        .toLowerCase()
        .replace(/(.)\.$/, '$1');
  }
  return null;
}

function protocolsOf(extension: Fields | undefined): string[] {
  const found: string[] = [];
  if (extension === undefined) return found;
  const list = extension.list(2);
  while (list.left > 0) {
    const protocol = list.take(list.number(1));
    if (protocol.length === 0) throw new Cut();
    found.push(protocol.toString('latin1'));
  }
  return found;
}

/** Text of any bytes: those that are not printed as `\DDD`, as in names of DNS. */
export function printed(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/[^!-[\]-~]/g, (letter) => `\\${String(letter.charCodeAt(0)).padStart(3, '0')}`);
}
