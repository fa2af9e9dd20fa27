/** What files that are no capture of ours begin with. Magics are those of Wireshark's wiretap and of file(1). */

export interface Kind {
  readonly name: string;
  /** Bytes in hex at `at`, by default the start of the file. */
  readonly magics: readonly string[];
  readonly at?: number;
  /** What to do; FILE stands for the file. */
  readonly remedy: string;
}

export const convert = 'convert it: editcap -F pcap FILE OUT.pcap';

/** Ends what is said of files that no command makes a capture. */
export const noPackets = 'no packets of a network';

const text = (words: string): string => Buffer.from(words, 'latin1').toString('hex');
const unpack = (command: string): string => `unpack it: ${command} FILE | trireme analyze -`;
const capture = (name: string, ...magics: string[]): Kind => ({ name, magics, remedy: convert });
const packed = (name: string, command: string, ...magics: string[]): Kind => ({
  name: `packed with ${name}`,
  magics,
  remedy: unpack(command),
});
const holds = (name: string, what: string, ...magics: string[]): Kind => ({
  name,
  magics,
  remedy: `it holds ${what} and ${noPackets}`,
});

const captures: readonly Kind[] = [
  capture('a btsnoop capture (Bluetooth)', text('btsnoop\0')),
  capture('a snoop capture (Solaris)', text('snoop\0\0\0')),
  capture('a Microsoft Network Monitor capture', text('GMBU'), text('RTSS')),
  capture('a Sniffer capture', text('TRSNIFF data')),
  capture('a NetXRay or Windows Sniffer capture', text('XCP\0'), text('VL\0\0')),
  capture('an Observer capture', text('ObserverPktBuffe')),
  capture('an AiroPeek or OmniPeek capture', '7f766572'),
  capture('an AIX iptrace capture', text('iptrace 1.0'), text('iptrace 2.0')),
  capture('a Visual Networks capture', '05564e46'),
  capture('an EyeSDN capture', text('EyeSDN')),
  capture('a Vector BLF log', text('LOGG')),
  capture('an HP-UX nettl trace', '5452006400', '5452007000'),
  capture('a Tektronix K12xx rf5 capture', '0000020012050010'),
  capture('a 5Views capture', 'aaaaaaaa'),
  capture('an IxVeriWave or Ixia capture', '1c0001ac', '1c0001ab', 'ac01001c', 'ab01001c'),
  capture('a RADCOM capture', '42d20034126622'),
  capture('a Novell LANalyzer capture', '01104c00', '07104c00'),
  capture('an Aethra capture', text('V0208')),
  capture('a Colasoft Capsa capture', text('cpse')),
  capture('an AUTOSAR DLT log', '444c5401'),
  capture('a Micropross log', text('MPCSII')),
  capture('a K12 text capture', text('+---------+---------------+')),
  capture('a Catapult DCT2000 trace', text('Session Transcript')),
  capture('a Daintree SNA capture', text('#Format=4')),
  capture('an rtpdump file', text('#!rtpplay1.0')),
  capture('an IBM iSeries communications trace', text(' COMMUNICATIONS TRACE')),
  {
    name: 'a Windows event trace (netsh trace, pktmon)',
    // A buffer's header has 72 bytes; behind it begins the first record (SYSTEM_TRACE_HEADER).
    magics: ['020001c0', '020002c0'],
    at: 72,
    remedy: 'convert it on Windows: pktmon etl2pcap FILE --out OUT.pcapng',
  },
  holds('a systemd journal', 'log entries', text('LPKSHHRH')),
  holds('an nfdump file', 'flows', '0ca50100', '0ca50200', 'a50c0001', 'a50c0002'),
  holds('a Zeek log', 'connections', text('#separator')),
  holds('a Parquet file', 'rows', text('PAR1')),
];

/** The first three are met only inside another packing. */
const packings: readonly Kind[] = [
  packed('gzip', 'gzip -dc', '1f8b08'),
  packed('zstd', 'zstd -dc', '28b52ffd'),
  packed('lz4', 'lz4 -dc', '04224d18', '02214c18'),
  packed('xz', 'xz -dc', 'fd377a585a00'),
  packed('lzma', 'xz --format=lzma -dc', '5d0000'),
  packed('lzip', 'lzip -dc', text('LZIP')),
  packed('lzop', 'lzop -dc', '894c5a4f'),
  packed('lrzip', 'lrzcat', text('LRZI')),
  packed('bzip2', 'bzip2 -dc', ...Array.from({ length: 9 }, (_, i) => text(`BZh${i + 1}`))),
  packed('compress (.Z)', 'gzip -dc', '1f9d'),
  packed('pack (.z)', 'gzip -dc', '1f1e'),
  packed('snappy', 'snzip -dc', 'ff060000734e61507059'),
  packed('S2', 's2d -c', 'ff060000533273547750'),
  packed('LZFSE', 'lzfse -decode -i', text('bvx2'), text('bvxn')),
  {
    name: 'a zip archive',
    magics: ['504b0304', '504b0506', '504b0708'],
    remedy: `${unpack('unzip -p')} (for an archive of one capture)`,
  },
  { name: 'a 7-Zip archive', magics: ['377abcaf271c'], remedy: unpack('7z x -so') },
  { name: 'a RAR archive', magics: ['526172211a07'], remedy: unpack('unrar p -inul') },
  { name: 'a Cabinet archive', magics: [text('MSCF')], remedy: 'unpack it: cabextract FILE' },
  { name: 'a cpio archive', magics: [text('070701'), text('070707'), 'c771'], remedy: 'unpack it: cpio -id < FILE' },
  { name: 'an ar archive or Debian package', magics: [text('!<arch>')], remedy: 'unpack it: ar x FILE' },
  { name: 'a tar archive', magics: [text('ustar')], at: 257, remedy: 'unpack it: tar -xf FILE' },
  {
    name: 'encrypted with openssl',
    magics: [text('Salted__')],
    remedy: 'decrypt it: openssl enc -d -CIPHER -in FILE | trireme analyze -',
  },
  {
    name: 'encrypted with age',
    magics: [text('age-encryption.org/')],
    remedy: 'decrypt it: age -d -i KEY FILE | trireme analyze -',
  },
  {
    name: 'a PGP message',
    magics: [text('-----BEGIN PGP MESSAGE')],
    remedy: 'decrypt it: gpg -d FILE | trireme analyze -',
  },
  {
    name: 'a capture in base64',
    // The magics of pcap, pcapng, gzip and zstd.
    magics: ['1MOyoQ', 'obLD1A', 'TTyyoQ', 'obI8TQ', 'Cg0NC', 'H4sI', 'KLUv/'].map(text),
    remedy: 'decode it: base64 -di FILE | trireme analyze -',
  },
  {
    name: 'a hex dump of a capture',
    magics: ['d4c3 b2a1', 'a1b2 c3d4', '4d3c b2a1', 'a1b2 3c4d', '0a0d 0d0a'].map((word) => text(`00000000: ${word}`)),
    remedy: 'turn it back: xxd -r FILE | trireme analyze -',
  },
];

export const foreignKinds: readonly Kind[] = [...captures, ...packings];

/** The magic of a little-endian pcap, read as text of some code page and written as UTF-8. */
export const magicsAsUtf8 = ['c394c383c2b2c2a1', 'e29598e2949ce29693c3ad', 'efbfbdc3b2efbfbd'];

/** Headers of pcapng after a transfer that took it for text; the format's magic was made to show that. */
export const textTransfers = ['0d0a0d0d0d0a', '0a0a0a', '0a0d0a1c', '0a0d0a0000', '0d0d0d0d'];
