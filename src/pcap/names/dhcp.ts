import type { NameEvents } from './events.js';
import { Generations } from './generations.js';
import { takeCounts, takeText } from './invalid-names.js';
import { printed } from './tls-hello.js';

/**
 * Clients whose name is known from what they asked: the latest 4,096, and up to twice as many. Each is some 150 bytes.
 */
const askedKept = 4096;

/** RFC 2131, 2: places in a message, and where its options begin, behind the cookie. */
const places = {
  transaction: 4,
  clientAddress: 12,
  yourAddress: 16,
  hardware: 28,
  server: 44,
  file: 108,
  cookie: 236,
  options: 240,
} as const;
const cookie = 0x63825363;
const isRequest = 1;
const acknowledgement = 5;
/** RFC 2132, 3.14, 9.3, 9.6. */
const options = { pad: 0, hostName: 12, overload: 52, messageType: 53, end: 255 } as const;
/** Bits of the option overload: further options stand in the field of the file's name, in that of the server's. */
const inFile = 1;
const inServer = 2;
const noAddress = '\0\0\0\0';

/** Counts DHCP messages, and the addresses that were given to names. */
export class DhcpCounter {
  messages = 0;
  given = 0;
  withoutName = 0;
  malformed = 0;
  cut = 0;
  /** By hardware address and transaction, the name that the client has told. */
  private readonly asked = new Generations<string>(askedKept);

  constructor(private readonly onAddress: (address: string, name: string) => void) {}

  take({ bytes, payload, captured, wire }: NameEvents): void {
    const message = bytes.subarray(payload, payload + captured);
    const found = optionsOf(message);
    if (found === null) {
      if (captured < wire) this.cut++;
      else this.malformed++;
      return;
    }
    this.messages++;
    const text = (from: number, length: number): string => message.toString('latin1', from, from + length);
    const key = text(places.hardware, 16) + text(places.transaction, 4);
    const client = text(places.clientAddress, 4);
    const told = nameOf(optionOf(message, found.hostName));
    if (message[0] === isRequest) {
      if (told === null) return;
      this.asked.set(key, told);
      if (client !== noAddress) this.onAddress(client, told);
      return;
    }
    if (optionOf(message, found.messageType)?.[0] !== acknowledgement) return;
    const your = text(places.yourAddress, 4);
    const address = your === noAddress ? client : your;
    if (address === noAddress) return;
    this.given++;
    const name = told ?? this.asked.get(key);
    if (name === undefined) this.withoutName++;
    else this.onAddress(address, name);
  }

  state(): unknown {
    const { messages, given, withoutName, malformed, cut } = this;
    return { counts: [messages, given, withoutName, malformed, cut], asked: this.asked.state((name) => name) };
  }

  /** @throws TriremeError JOB_FAILED */
  restore(state: unknown): void {
    const { counts, asked } = (state ?? {}) as Record<string, unknown>;
    [this.messages, this.given, this.withoutName, this.malformed, this.cut] = takeCounts(counts, 5);
    this.asked.restore(asked, takeText);
  }
}

/** Where the length of each option that is read stands, of one that comes twice the first; 0: it is not there. */
interface Found {
  hostName: number;
  overload: number;
  messageType: number;
}

/** Null: it is no message of DHCP, or not all of it is there. */
function optionsOf(message: Buffer): Readonly<Found> | null {
  if (message.length < places.options || message.readUInt32BE(places.cookie) !== cookie) return null;
  const found: Found = { hostName: 0, overload: 0, messageType: 0 };
  if (readOptions(message, places.options, message.length, found) !== 'ended') return null;
  // RFC 2131, 4.1: in this order, and none of them overloads again.
  const overload = optionOf(message, found.overload)?.[0] ?? 0;
  if ((overload & inFile) !== 0 && readOptions(message, places.file, places.cookie, found) === 'torn') return null;
  if ((overload & inServer) !== 0 && readOptions(message, places.server, places.file, found) === 'torn') return null;
  return found;
}

const optionOf = (message: Buffer, at: number): Buffer | undefined =>
  at === 0 ? undefined : message.subarray(at + 1, at + 1 + message[at]);

/** Adds the options of one field: up to their end, to that of the field, or to one that is not all there. */
function readOptions(message: Buffer, from: number, to: number, found: Found): 'ended' | 'full' | 'torn' {
  for (let at = from; at < to;) {
    const option = message[at++];
    if (option === options.end) return 'ended';
    if (option === options.pad) continue;
    if (at === to || at + 1 + message[at] > to) return 'torn';
    if (option === options.hostName) found.hostName ||= at;
    else if (option === options.overload) found.overload ||= at;
    else if (option === options.messageType) found.messageType ||= at;
    at += 1 + message[at];
  }
  return 'full';
}

/** A host name as those of DNS are told; null: there is none. */
function nameOf(option: Buffer | undefined): string | null {
  const name = option === undefined ? '' : printed(option.subarray(0, endOf(option))).toLowerCase();
  return name === '' ? null : name;
}

/** Some clients end the name with zeros. */
function endOf(option: Buffer): number {
  const zero = option.indexOf(0);
  return zero < 0 ? option.length : zero;
}
