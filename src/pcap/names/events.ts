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

const kindAt = 28;
const flagsAt = 29;
const portsAt = 36;
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
  /** flowTo(false), once it was asked for. */
  private flow = '';
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
    this.flow = '';
    this.kind = this.bytes[at + kindAt];
    this.addressBytes = (this.bytes[at + flagsAt] & isSix) === 0 ? 4 : 16;
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
    return (this.bytes[this.at + flagsAt] & isTimed) === 0 ? null : this.view.getBigInt64(this.at + 8, true);
  }

  /** Of packets of TCP and UDP, in its chunk, from 1 on. */
  get number(): number {
    return this.view.getUint32(this.at + 16, true) + 2 ** 32 * this.view.getUint32(this.at + 20, true);
  }

  get sequence(): number {
    return this.view.getUint32(this.at + 24, true);
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

  /** Both ends, from one to the other: ports and addresses as bytes. */
  flowTo(reverse: boolean): string {
    if (reverse) return flow.toString('latin1', 0, this.putFlow(reverse));
    if (this.flow === '') this.flow = this.bytes.toString('latin1', this.at + portsAt, this.payload);
    return this.flow;
  }

  /** The same and a number of two bytes: one text, since many of these are kept. */
  flowWith(number: number, reverse: boolean): string {
    const end = this.putFlow(reverse);
    flow[end] = number >> 8;
    flow[end + 1] = number;
    return flow.toString('latin1', 0, end + 2);
  }

  /** @returns how many bytes there are */
  private putFlow(reverse: boolean): number {
    const { addressBytes, bytes } = this;
    const from = this.at + portsAt;
    for (let i = 0; i < 4; i++) flow[i] = bytes[from + (reverse ? i ^ 2 : i)];
    const [first, second] = reverse ? [4 + addressBytes, 4] : [4, 4 + addressBytes];
    for (let i = 0; i < addressBytes; i++) {
      flow[4 + i] = bytes[from + first + i];
      flow[4 + addressBytes + i] = bytes[from + second + i];
    }
    return 4 + 2 * addressBytes;
  }
}

/** Two ports, two addresses, and a number. */
const flow = Buffer.alloc(4 + 32 + 2);

/** The address whose bytes are the characters of a text. */
export function addressOf(key: string): string {
  return formatAddress(Buffer.from(key, 'latin1'));
}
