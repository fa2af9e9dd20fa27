import { formatAddress } from '../endpoint.js';
import { refuseNames } from './invalid-names.js';

/** As assembly/names.ts numbers them. */
export const eventKinds = {
  dns: 1,
  hello: 2,
  rest: 3,
  httpRequest: 4,
  httpResponse: 5,
  dnsStream: 6,
  quic: 7,
  dhcp: 8,
} as const;

const headBytes = 40;
const isSix = 1;
const isTimed = 2;
const kindMax = Math.max(...Object.values(eventKinds));

/** The packets of a log (assembly/names.ts), one after the other: its fields are those of the packet at hand. */
export class NameEvents {
  /** The log. */
  readonly bytes: Buffer;
  private readonly view: DataView;
  private next = 0;
  private at = 0;
  private addressBytes = 4;
  kind = 0;
  /** The payload: where it begins, how much was captured of it, and how long it was on the wire. */
  payload = 0;
  captured = 0;
  wire = 0;

  constructor(log: Uint8Array) {
    this.bytes = Buffer.from(log.buffer, log.byteOffset, log.byteLength);
    this.view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  }

  /** Goes to the next packet; false: there is none. @throws TriremeError JOB_FAILED when the bytes are no log */
  advance(): boolean {
    const at = this.next;
    if (at === this.bytes.length) return false;
    if (at + headBytes > this.bytes.length) refuseNames('a packet that is cut');
    this.at = at;
    this.kind = this.bytes[at + 32];
    this.addressBytes = (this.bytes[at + 33] & isSix) === 0 ? 4 : 16;
    this.captured = this.view.getUint32(at, true);
    this.wire = this.view.getUint32(at + 4, true);
    this.payload = at + headBytes + 2 * this.addressBytes;
    this.next = 8 * Math.ceil((this.payload + this.captured) / 8);
    if (this.next <= at || this.next > this.bytes.length) refuseNames('a payload that is cut');
    if (this.kind < 1 || this.kind > kindMax || this.captured > this.wire) refuseNames('a packet');
    return true;
  }

  /** ns as the scan counts them; null: it has none. */
  get time(): bigint | null {
    return (this.bytes[this.at + 33] & isTimed) === 0 ? null : this.view.getBigInt64(this.at + 8, true);
  }

  /** Of packets of TCP and UDP, in its chunk, from 1 on. */
  get number(): number {
    return this.view.getUint32(this.at + 16, true) + 2 ** 32 * this.view.getUint32(this.at + 20, true);
  }

  get sequence(): number {
    return this.view.getUint32(this.at + 24, true);
  }

  get sourcePort(): number {
    return this.view.getUint16(this.at + 28, true);
  }

  get targetPort(): number {
    return this.view.getUint16(this.at + 30, true);
  }

  /** Bytes of the address, as text of one character each: the key of a table. */
  get source(): string {
    const at = this.at + headBytes;
    return this.bytes.toString('latin1', at, at + this.addressBytes);
  }

  get target(): string {
    const at = this.at + headBytes + this.addressBytes;
    return this.bytes.toString('latin1', at, at + this.addressBytes);
  }

  /** Both ends, each way alike: addresses and ports as bytes. */
  flowTo(reverse: boolean): string {
    const from = this.at + headBytes;
    const { addressBytes, bytes } = this;
    const ends = from + 2 * addressBytes;
    if (!reverse) return bytes.toString('latin1', from, ends) + bytes.toString('latin1', this.at + 28, this.at + 32);
    return (
      bytes.toString('latin1', from + addressBytes, ends) +
      bytes.toString('latin1', from, from + addressBytes) +
      bytes.toString('latin1', this.at + 30, this.at + 32) +
      bytes.toString('latin1', this.at + 28, this.at + 30)
    );
  }
}

/** The address whose bytes are the characters of a text. */
export function addressOf(key: string): string {
  return formatAddress(Buffer.from(key, 'latin1'));
}
