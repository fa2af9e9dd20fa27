/** Says what a file is whose first bytes are no capture's that is read here, and which command helps. */
import { convert, foreignKinds, magicsAsUtf8, noPackets, textTransfers } from './foreign-kinds.js';

/** What is said of a file without a byte. */
export const emptyFile = 'empty file';
const unknown = 'unknown magic';
const plainText = 'it is text and no capture';

/** Whether such a description says that nothing points to a capture: a note or a program that lies beside captures. */
export function isNothingLikeACapture(description: string): boolean {
  return [unknown, plainText].some((words) => description.startsWith(words)) || description.endsWith(noPackets);
}

/** What the first bytes (4 KiB tell most) are. Never throws. */
export function describeForeign(first: Uint8Array): string {
  const bytes = Buffer.from(first.buffer, first.byteOffset, first.length);
  const known = foreignKinds.find(({ magics, at }) => magics.some((magic) => hasAt(bytes, magic, at ?? 0)));
  if (known !== undefined) return notRead(known.name, known.remedy);
  const start = bytes.toString('latin1', 0, 512);
  if (netScaler.test(start)) return notRead('a NetScaler trace', convert);
  if (isErf(bytes)) return notRead('an ERF capture (Endace)', convert);
  if (isCommView(bytes)) return notRead('a CommView capture', convert);
  if (textTransfers.some((magic) => hasAt(bytes, magic, 0)))
    return 'it is a pcapng capture whose line ends were changed by a transfer as text; transfer it again in binary mode';
  return describeText(bytes, start) ?? `${unknown} 0x${bytes.toString('hex', 0, Math.min(4, bytes.length))}`;
}

function notRead(name: string, remedy: string): string {
  return `it is ${name}, which is not read here; ${remedy}`;
}

/** Its signature stands behind the head of its first record. */
const netScaler = /^[^]{0,32}NetScaler /;

const erf = { headerBytes: 16, typeMax: 48, secondsMin: 0x2000_0000, recordsEnough: 3 };

/**
 * ERF has no magic. Its records say when (64 bits, the upper 32 are seconds), which of some 48 types and how
 * long they are: so the first ones must all be plausible, and at least one must be there whole.
 */
function isErf(bytes: Buffer): boolean {
  let at = 0;
  let records = 0;
  for (; at + erf.headerBytes <= bytes.length && records < erf.recordsEnough; records++) {
    const type = bytes[at + 8] & 0x7f;
    const length = bytes.readUInt16BE(at + 10);
    if (bytes.readUInt32LE(at + 4) < erf.secondsMin || type === 0 || type > erf.typeMax) return false;
    if (length < erf.headerBytes || bytes.readUInt16BE(at + 14) > 0xffff - erf.headerBytes) return false;
    at += length;
  }
  return records === erf.recordsEnough || (records > 0 && at === bytes.length);
}

/** CommView has no magic either: a record begins with its length (twice, or in 32 bits) and a date in numbers. */
function isCommView(bytes: Buffer): boolean {
  if (bytes.length < 24) return false;
  const length = bytes.readUInt16LE(0);
  const date = bytes.readUInt16LE(2) === length ? 5 : 4;
  const [month, day, hours, minutes, seconds] = bytes.subarray(date + 2);
  const year = bytes.readUInt16LE(date);
  const ofDate = year >= 1990 && year < 2200 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
  return length >= 14 && ofDate && hours < 24 && minutes < 60 && seconds < 61;
}

function describeText(bytes: Buffer, start: string): string | null {
  if (hasAt(bytes, 'fffe', 0) || hasAt(bytes, 'feff', 0))
    return 'it is UTF-16 text, as the > of PowerShell writes it; have the program write the file itself (tcpdump -w FILE)';
  if (magicsAsUtf8.some((magic) => hasAt(bytes.subarray(hasAt(bytes, 'efbbbf', 0) ? 3 : 0), magic, 0)))
    return 'it is a capture that was read as text and written as UTF-8, which cannot be undone; have the program write the file itself (tcpdump -w FILE)';
  const begins = captureBegin(bytes);
  if (begins !== null)
    return `a capture begins at offset ${begins}, behind other bytes; cut them off: tail -c +${begins + 1} FILE | trireme analyze -`;
  const trimmed = start.replace(/^(\xef\xbb\xbf)?\s*/, '').toLowerCase();
  if (/^<(!doctype|html|head|\?xml|!--)/.test(trimmed))
    return 'it is an HTML or XML page, perhaps the error page of a download; fetch the capture again';
  if (/^[[{]\s*["{[]/.test(trimmed) && isText(start))
    return `${plainText} but JSON; give the capture itself, which another program has decoded`;
  if (bytes.length > 0 && isText(start)) return `${plainText}; a hex dump can be made one: text2pcap FILE OUT.pcap`;
  return null;
}

const header =
  /^(?:..)+?(?=(?:a1b2(?:c3d4|3c4d|cd34)|(?:d4c3|4d3c|34cd)b2a1)(?:02000400|00020004)|0a0d0d0a.{8}(?:1a2b3c4d|4d3c2b1a))/;

/** Where the header of a capture (magic and version 2.4, or a section) begins behind other bytes, or null. */
function captureBegin(bytes: Buffer): number | null {
  // In hex, two digits a byte: the match begins at an even digit.
  const found = header.exec(bytes.toString('hex'));
  return found === null ? null : found[0].length / 2;
}

function isText(start: string): boolean {
  return /^[\t\n\r\x20-\x7e\x80-\xff]+$/.test(start) && /[ \n]/.test(start);
}

function hasAt(bytes: Buffer, magic: string, at: number): boolean {
  const wanted = Buffer.from(magic, 'hex');
  return bytes.length >= at + wanted.length && bytes.subarray(at, at + wanted.length).equals(wanted);
}

/** Least line ends that show a transfer as text: fewer may stand in a sound capture by chance. */
const lineEndsMin = 3;

/** Whether each line feed has a carriage return before it, as after a transfer in the ASCII mode of FTP. */
export function looksTransferredAsText(first: Uint8Array): boolean {
  let lineEnds = 0;
  for (let at = 0; at < first.length; at++) {
    if (first[at] !== 0x0a) continue;
    if (at === 0 || first[at - 1] !== 0x0d) return false;
    lineEnds++;
  }
  return lineEnds >= lineEndsMin;
}
