/** RFC 1035, 4.1.1. */
const headerBytes = 12;
/** RFC 1035, 2.3.4: octets of a name, its length bytes included. */
const nameBytesMax = 255;
const pointerBits = 0xc0;

/** What is wrong with a message: it contradicts RFC 1035, or not all of it was captured. */
export type DnsProblem = 'malformed' | 'cut';

/** A DNS message as far as it is read: its header, its first question, and where its answers are. */
export interface DnsMessage {
  readonly id: number;
  readonly isResponse: boolean;
  readonly responseCode: number;
  /** Of the first question, in lower case, without the last dot; null: it has none, or none that can be read. */
  readonly name: string | null;
  /** Type of that question. */
  readonly type: number;
  readonly answers: number;
  /** Where the answers begin; 0: the questions cannot be read. */
  readonly answersAt: number;
  readonly problem: DnsProblem | null;
}

/** A resource record of the answers. */
export interface DnsRecord {
  readonly type: number;
  readonly dataAt: number;
  readonly dataBytes: number;
}

// Where the name that was read last ends in its message; 0: it does not, or is none.
let nameEnd = 0;
let problem: DnsProblem | null = null;
const text = Buffer.alloc(4 * nameBytesMax);

/**
 * Reads a message of which the first bytes were captured.
 * @param wire bytes that it had
 * @returns null: not even its header is there
 */
export function readDnsMessage(bytes: Buffer, at: number, captured: number, wire: number): DnsMessage | null {
  if (captured < headerBytes) return null;
  const end = at + captured;
  const missing: DnsProblem = captured < wire ? 'cut' : 'malformed';
  const flags = bytes.readUInt16BE(at + 2);
  const questions = bytes.readUInt16BE(at + 4);
  let name: string | null = null;
  let type = 0;
  let next = at + headerBytes;
  problem = null;
  for (let i = 0; i < questions && next > 0; i++) {
    const found = readName(bytes, at, next, end, missing);
    const whole = found !== null && nameEnd + 4 <= end;
    if (found !== null && !whole) problem = missing;
    if (i === 0 && whole) {
      name = found;
      type = bytes.readUInt16BE(nameEnd);
    }
    next = whole ? nameEnd + 4 : 0;
  }
  return {
    id: bytes.readUInt16BE(at),
    isResponse: (flags & 0x8000) !== 0,
    responseCode: flags & 15,
    name,
    type,
    answers: bytes.readUInt16BE(at + 6),
    answersAt: next,
    problem,
  };
}

/**
 * Walks through the answers of a message that was read, as far as they are there.
 * @returns what is wrong with them
 */
export function walkAnswers(
  bytes: Buffer,
  at: number,
  captured: number,
  wire: number,
  { answers, answersAt }: Pick<DnsMessage, 'answers' | 'answersAt'>,
  visit: (record: DnsRecord) => void,
): DnsProblem | null {
  const end = at + captured;
  const missing: DnsProblem = captured < wire ? 'cut' : 'malformed';
  let next = answersAt;
  for (let i = 0; i < answers; i++) {
    next = skipName(bytes, next, end);
    if (next === 0 || next + 10 > end) return missing;
    const dataBytes = bytes.readUInt16BE(next + 8);
    if (next + 10 + dataBytes > end) return missing;
    visit({ type: bytes.readUInt16BE(next), dataAt: next + 10, dataBytes });
    next += 10 + dataBytes;
  }
  return null;
}

/** Where a name ends, without looking where its pointer leads; 0: it does not end. */
function skipName(bytes: Buffer, at: number, end: number): number {
  while (at < end) {
    const length = bytes[at];
    if (length >= pointerBits) return at + 2 <= end ? at + 2 : 0;
    if (length === 0) return at + 1;
    if (length > 63) return 0;
    at += 1 + length;
  }
  return 0;
}

/**
 * A name in the form of RFC 1035, 5.1: labels in lower case with dots between them; a byte that is not
 * printed, and a dot or a backslash within a label, as `\DDD`. The root is `.`. A pointer (4.1.4) must lead
 * back, so that each name ends.
 */
function readName(bytes: Buffer, message: number, from: number, end: number, missing: DnsProblem): string | null {
  let at = from;
  let jumpedFrom = 0;
  let octets = 1;
  let letters = 0;
  nameEnd = 0;
  for (;;) {
    if (at >= end) return none(missing);
    const length = bytes[at];
    if (length === 0) break;
    if (length >= pointerBits) {
      if (at + 1 >= end) return none(missing);
      const to = message + (((length & 0x3f) << 8) | bytes[at + 1]);
      if (to >= at || to < message + headerBytes) return none('malformed');
      if (jumpedFrom === 0) nameEnd = at + 2;
      else if (to >= jumpedFrom) return none('malformed');
      jumpedFrom = to;
      at = to;
      continue;
    }
    if (length > 63 || (octets += length + 1) > nameBytesMax) return none('malformed');
    if (at + 1 + length > end) return none(missing);
    if (letters > 0) text[letters++] = 46;
    for (let i = at + 1; i <= at + length; i++) letters = writeByte(bytes[i], letters);
    at += 1 + length;
  }
  if (jumpedFrom === 0) nameEnd = at + 1;
  return letters === 0 ? '.' : text.toString('latin1', 0, letters);
}

function none(what: DnsProblem): null {
  problem = what;
  nameEnd = 0;
  return null;
}

/** Adds a byte of a label to the text, in lower case. */
function writeByte(byte: number, at: number): number {
  if (byte >= 0x41 && byte <= 0x5a) text[at] = byte + 0x20;
  else if (byte > 0x20 && byte < 0x7f && byte !== 0x2e && byte !== 0x5c) text[at] = byte;
  else {
    text[at] = 0x5c;
    text[at + 1] = 0x30 + Math.floor(byte / 100);
    text[at + 2] = 0x30 + (Math.floor(byte / 10) % 10);
    text[at + 3] = 0x30 + (byte % 10);
    return at + 4;
  }
  return at + 1;
}
