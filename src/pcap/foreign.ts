/** Says what a file is whose first bytes are no capture's that is read here, and which command helps. */

/** First bytes of other capture formats (Wireshark's wiretap reads them) and of packings. */
interface Kind {
  readonly name: string;
  /** Bytes in hex at `at`, by default the start of the file. */
  readonly magics: readonly string[];
  readonly at?: number;
  /** What to do; FILE stands for the file. */
  readonly remedy: string;
}

const convert = 'convert it: editcap -F pcap FILE OUT.pcap';

const text = (words: string): string => Buffer.from(words, 'latin1').toString('hex');

const kinds: readonly Kind[] = [
  { name: 'a btsnoop capture (Bluetooth)', magics: [text('btsnoop\0')], remedy: convert },
  { name: 'a snoop capture (Solaris)', magics: [text('snoop\0\0\0')], remedy: convert },
  { name: 'a Microsoft Network Monitor capture', magics: [text('GMBU'), text('RTSS')], remedy: convert },
  { name: 'a Sniffer capture', magics: [text('TRSNIFF data')], remedy: convert },
  { name: 'a NetXRay or Windows Sniffer capture', magics: [text('XCP\0'), text('VL\0\0')], remedy: convert },
  { name: 'an Observer capture', magics: [text('ObserverPktBuffe')], remedy: convert },
  { name: 'an AiroPeek or OmniPeek capture', magics: ['7f766572'], remedy: convert },
  { name: 'an AIX iptrace capture', magics: [text('iptrace 1.0'), text('iptrace 2.0')], remedy: convert },
  { name: 'a Visual Networks capture', magics: ['05564e46'], remedy: convert },
  { name: 'an EyeSDN capture', magics: [text('EyeSDN')], remedy: convert },
  { name: 'a Vector BLF log', magics: [text('LOGG')], remedy: convert },
  { name: 'an HP-UX nettl trace', magics: ['5452006400', '5452007000'], remedy: convert },
  { name: 'a Tektronix K12xx rf5 capture', magics: ['0000020012050010'], remedy: convert },
  { name: 'a 5Views capture', magics: ['aaaaaaaa'], remedy: convert },
  { name: 'an IxVeriWave or Ixia capture', magics: ['1c0001ac', '1c0001ab', 'ac01001c', 'ab01001c'], remedy: convert },
  {
    name: 'a systemd journal',
    magics: [text('LPKSHHRH')],
    remedy: 'it holds log entries and no packets of a network',
  },
  { name: 'packed with xz', magics: ['fd377a585a00'], remedy: 'unpack it: xz -dc FILE | trireme analyze -' },
  { name: 'packed with lzma', magics: ['5d0000'], remedy: 'unpack it: xz --format=lzma -dc FILE | trireme analyze -' },
  { name: 'packed with lzip', magics: [text('LZIP')], remedy: 'unpack it: lzip -dc FILE | trireme analyze -' },
  { name: 'packed with lzop', magics: ['894c5a4f'], remedy: 'unpack it: lzop -dc FILE | trireme analyze -' },
  { name: 'packed with compress (.Z)', magics: ['1f9d'], remedy: 'unpack it: gzip -dc FILE | trireme analyze -' },
  {
    name: 'packed with snappy',
    magics: ['ff060000734e61507059'],
    remedy: 'unpack it: snzip -dc FILE | trireme analyze -',
  },
  {
    name: 'packed with lz4 in its old format',
    magics: ['02214c18'],
    remedy: 'unpack it: lz4 -dc FILE | trireme analyze -',
  },
  {
    name: 'a zip archive',
    magics: ['504b0304', '504b0506'],
    remedy: 'unpack it: unzip -p FILE | trireme analyze - (for an archive of one capture)',
  },
  { name: 'a 7-Zip archive', magics: ['377abcaf271c'], remedy: 'unpack it: 7z x -so FILE | trireme analyze -' },
  { name: 'a RAR archive', magics: ['526172211a07'], remedy: 'unpack it: unrar p -inul FILE | trireme analyze -' },
  { name: 'a Cabinet archive', magics: [text('MSCF')], remedy: 'unpack it: cabextract FILE' },
  { name: 'a tar archive', magics: [text('ustar')], at: 257, remedy: 'unpack it: tar -xf FILE' },
];

/** bzip2's magic goes on with the digit of the block size. */
const bzip2 = /^BZh[1-9]/;

/** Headers of pcapng after a transfer that took it for text; the format's magic was made to show that. */
const textTransfers = ['0d0a0d0d0d0a', '0a0a0a', '0a0d0a1c', '0a0d0a0000', '0d0d0d0d'];

/** What is said of a file without a byte. */
export const emptyFile = 'empty file';
const unknown = 'unknown magic';
const plainText = 'it is text and no capture';

/** Whether such a description says that nothing points to a capture: a note or a program that lies beside captures. */
export function isNothingLikeACapture(description: string): boolean {
  return description.startsWith(unknown) || description.startsWith(plainText);
}

/** What the first bytes (512 and more tell most) are. Never throws. */
export function describeForeign(first: Uint8Array): string {
  const bytes = Buffer.from(first.buffer, first.byteOffset, first.length);
  const known = kinds.find(({ magics, at }) => magics.some((magic) => hasAt(bytes, magic, at ?? 0)));
  if (known !== undefined) return `it is ${known.name}, which is not read here; ${known.remedy}`;
  const start = bytes.toString('latin1', 0, 512);
  if (bzip2.test(start))
    return 'it is packed with bzip2, which is not read here; unpack it: bzip2 -dc FILE | trireme analyze -';
  if (textTransfers.some((magic) => hasAt(bytes, magic, 0)))
    return 'it is a pcapng capture whose line ends were changed by a transfer as text; transfer it again in binary mode';
  return describeText(bytes, start) ?? `${unknown} 0x${bytes.toString('hex', 0, Math.min(4, bytes.length))}`;
}

function describeText(bytes: Buffer, start: string): string | null {
  if (hasAt(bytes, 'fffe', 0) || hasAt(bytes, 'feff', 0))
    return 'it is UTF-16 text, as the > of PowerShell writes it; have the program write the file itself (tcpdump -w FILE)';
  const begins = captureBegin(bytes);
  if (begins !== null)
    return `a capture begins at offset ${begins}, behind other bytes; cut them off: tail -c +${begins + 1} FILE | trireme analyze -`;
  const trimmed = start.replace(/^(\xef\xbb\xbf)?\s*/, '').toLowerCase();
  if (/^<(!doctype|html|head|\?xml|!--)/.test(trimmed))
    return 'it is an HTML or XML page, perhaps the error page of a download; fetch the capture again';
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
