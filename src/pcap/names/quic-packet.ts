import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';

/** What protects Initial packets of a version: its salt, and how its labels begin (RFC 9001, 5.2; RFC 9369, 3.3). */
const versions: Readonly<Record<number, { readonly salt: string; readonly label: string } | undefined>> = {
  0x00000001: { salt: '38762cf7f55934b34d179ae6a4c80cadccbb7f0a', label: 'quic' },
  0x6b3343cf: { salt: '0dede3def700a6db819381be6e269dcbf9bd2ed9', label: 'quicv2' },
};

/** RFC 9000, 17.2: bytes of a connection ID at most; 7.2: of the one that a client makes up at least. */
const idBytesMax = 20;
const madeIdBytesMin = 8;
const tagBytes = 16;

/** An Initial packet whose header was read. */
export interface InitialPacket {
  readonly version: number;
  readonly targetId: Buffer;
  readonly hasToken: boolean;
  /** Where its number is, and its end, in the datagram. */
  readonly numberAt: number;
  readonly end: number;
}

/** The Initial packet with which a datagram begins; null: it begins with none that a client may have sent first. */
export function readInitial(datagram: Buffer): InitialPacket | null {
  const fields = new Varints(datagram, 5);
  const version = datagram.length < 7 ? 0 : datagram.readUInt32BE(1);
  const targetId = fields.bytes(fields.byte());
  const source = fields.bytes(fields.byte());
  const token = fields.bytes(fields.number());
  const length = fields.number();
  if (fields.isCut || versions[version] === undefined) return null;
  if (targetId.length < madeIdBytesMin || targetId.length > idBytesMax || source.length > idBytesMax) return null;
  return { version, targetId, hasToken: token.length > 0, numberAt: fields.at, end: fields.at + length };
}

/** Keys of what a client sends in Initial packets (RFC 9001, 5.2). */
export function clientKeys({ version, targetId }: Pick<InitialPacket, 'version' | 'targetId'>): InitialKeys {
  const { salt, label } = versions[version]!;
  const initial = createHmac('sha256', Buffer.from(salt, 'hex')).update(targetId).digest();
  const client = expand(initial, 'client in', 32);
  const of = (name: string, length: number): Buffer => expand(client, `${label} ${name}`, length);
  return { key: of('key', 16), iv: of('iv', 12), hp: of('hp', 16) };
}

export interface InitialKeys {
  readonly key: Buffer;
  readonly iv: Buffer;
  readonly hp: Buffer;
}

/** HKDF-Expand-Label with SHA-256 (RFC 8446, 7.1), of one block. */
function expand(secret: Buffer, label: string, length: number): Buffer {
  const text = `tls13 ${label}`;
  const info = Buffer.concat([Buffer.from([0, length, text.length]), Buffer.from(text), Buffer.from([0, 1])]);
  return createHmac('sha256', secret).update(info).digest().subarray(0, length);
}

/** The frames of a packet that was captured whole; null: it was not protected with these keys. */
export function openInitial(datagram: Buffer, { numberAt, end }: InitialPacket, keys: InitialKeys): Buffer | null {
  if (end - numberAt < 4 + tagBytes) return null;
  // RFC 9001, 5.4.2: the sample stands where it would behind a number of four bytes.
  const ecb = createCipheriv('aes-128-ecb', keys.hp, null);
  const mask = ecb.update(datagram.subarray(numberAt + 4, numberAt + 4 + tagBytes));
  const first = datagram[0] ^ (mask[0] & 15);
  const numberBytes = (first & 3) + 1;
  const header = Buffer.from(datagram.subarray(0, numberAt + numberBytes));
  header[0] = first;
  const nonce = Buffer.from(keys.iv);
  for (let i = 0; i < numberBytes; i++) {
    header[numberAt + i] ^= mask[1 + i];
    nonce[12 - numberBytes + i] ^= header[numberAt + i];
  }
  const gcm = createDecipheriv('aes-128-gcm', keys.key, nonce);
  gcm.setAAD(header);
  gcm.setAuthTag(datagram.subarray(end - tagBytes, end));
  const frames = gcm.update(datagram.subarray(numberAt + numberBytes, end - tagBytes));
  try {
    gcm.final();
  } catch {
    return null;
  }
  return frames;
}

/**
 * The pieces of the handshake in frames of an Initial packet (RFC 9000, 12.4: of few types), as far as they
 * can be read.
 */
export function cryptoPieces(frames: Buffer): [at: number, bytes: Buffer][] {
  const pieces: [number, Buffer][] = [];
  const fields = new Varints(frames, 0);
  while (fields.at < frames.length) {
    const type = fields.byte();
    if (type === 2 || type === 3) passAck(fields, type === 3);
    else if (type === 6) {
      const at = fields.number();
      const bytes = fields.bytes(fields.number());
      if (fields.isCut) break;
      pieces.push([at, bytes]);
    } else if (type > 1) break;
    if (fields.isCut) break;
  }
  return pieces;
}

function passAck(fields: Varints, hasCounts: boolean): void {
  fields.number();
  fields.number();
  const ranges = fields.number();
  fields.number();
  for (let i = 0; i < 2 * ranges && !fields.isCut; i++) fields.number();
  for (let i = 0; hasCounts && i < 3; i++) fields.number();
}

/** Reads fields one after the other, and says at the end whether they were all there. */
class Varints {
  isCut = false;

  constructor(
    private readonly from: Buffer,
    public at: number,
  ) {}

  byte(): number {
    const value = this.from[this.at++] as number | undefined;
    this.isCut ||= value === undefined;
    return value ?? 0;
  }

  /** RFC 9000, 16. */
  number(): number {
    const first = this.byte();
    let value = first & 63;
    for (let left = (1 << (first >> 6)) - 1; left > 0; left--) value = value * 256 + this.byte();
    return value;
  }

  bytes(count: number): Buffer {
    this.isCut ||= this.at + count > this.from.length;
    if (this.isCut) return this.from.subarray(0, 0);
    this.at += count;
    return this.from.subarray(this.at - count, this.at);
  }
}
