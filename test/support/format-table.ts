import { gzipSync } from 'node:zlib';
import {
  adversarial,
  classicCapture,
  gzipped,
  join,
  lz4Legacy,
  lz4Packed,
  text,
  u8,
  writer,
  zeros,
  zstdStored,
} from './capture-builder.js';

/** A small file of one format or packing, by the name that the document gives it. */
export interface FormatRow {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const { u16, u32 } = writer('little');
const hex = (digits: string, rest = 100): Uint8Array => join(Buffer.from(digits, 'hex'), new Uint8Array(rest).fill(1));
const packet = { bytes: adversarial.segment(1, new Uint8Array(9)) };
const pcap = classicCapture([packet, packet]);
const pcapng = adversarial.plainPcapng(2);
const skippable = join(u32(0x184d2a50), u32(4), u32(7));

/** An ERF record of Ethernet: time, type 2, length, losses, length on the wire. */
const erf = join(u32(0), u32(1_700_000_000), u8(2, 0, 0, 96, 0, 0, 0, 78), zeros(80));
/** CommView: lengths, version, year, month, day, time, microseconds, flags. */
const commView = join(u16(60), u16(60), u8(0), u16(2026), u8(11, 22, 10, 44, 18), u32(5), zeros(66));
const utf16 = join(u8(0xff, 0xfe), ...[...pcap].map((byte) => u16(byte)));
const header = 'tcpdump: listening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n';

/** Carriage returns before line feeds, as a transfer in ASCII mode puts them. */
const ascii = (bytes: Uint8Array): Uint8Array =>
  Uint8Array.from([...bytes].flatMap((byte) => (byte === 10 ? [13, 10] : [byte])));
const withLineFeeds = classicCapture(
  Array.from({ length: 4 }, () => ({ bytes: adversarial.segment(1, text('GET / HTTP/1.1\n\n')) })),
);
const modifiedRecord = join(
  ...[1_700_000_000, 0, packet.bytes.length, packet.bytes.length, 2].map(u32),
  u16(8),
  u8(0, 0),
  packet.bytes,
);
const modified = join(u32(0xa1b2cd34), pcap.subarray(4, 24), modifiedRecord, modifiedRecord);

export const formats: readonly FormatRow[] = [
  { name: 'pcap', bytes: pcap },
  { name: 'pcap, nanoseconds', bytes: classicCapture([packet, packet], { nanoseconds: true }) },
  { name: 'pcap, modified (a1b2cd34)', bytes: modified },
  { name: 'pcapng', bytes: pcapng },
  { name: 'pcap in gzip', bytes: gzipped(pcap) },
  {
    name: 'pcap in gzip, two members with zeros between',
    bytes: join(gzipped(pcap.subarray(0, 50)), zeros(9), gzipped(pcap.subarray(50))),
  },
  { name: 'pcap in zstd', bytes: zstdStored(pcap) },
  { name: 'pcap in zstd behind a skippable frame (pzstd)', bytes: join(skippable, zstdStored(pcap)) },
  {
    name: 'pcap in zstd, two frames with zeros between',
    bytes: join(zstdStored(pcap.subarray(0, 50)), zeros(9), zstdStored(pcap.subarray(50))),
  },
  { name: 'pcap in LZ4', bytes: lz4Packed(pcap) },
  {
    name: 'pcap in LZ4, linked blocks with checksums',
    bytes: lz4Packed(pcap, { linked: true, blockChecksums: true, blockSizeCode: 4 }),
  },
  { name: 'pcap in LZ4, legacy form (lz4 -l)', bytes: lz4Legacy(pcap) },
  { name: 'pcap in LZ4 that needs a dictionary', bytes: lz4Packed(pcap, { dictionary: 77 }) },
  { name: 'pcap version 3.0', bytes: classicCapture([packet], { version: [3, 0] }) },
  { name: 'two captures appended', bytes: join(pcap, pcap) },
  { name: 'pcap behind text', bytes: join(text(header), pcap) },
  { name: 'pcap after a transfer as text', bytes: ascii(withLineFeeds) },
  { name: 'pcapng after a transfer as text', bytes: ascii(pcapng) },
  { name: 'pcap written by the > of PowerShell', bytes: utf16 },
  { name: 'pcap that an editor wrote as UTF-8', bytes: text('\xc3\x94\xc3\x83\xc2\xb2\xc2\xa1\x02\0\x04\0') },
  { name: 'pcap in base64', bytes: text(Buffer.from(pcap).toString('base64')) },
  {
    name: 'pcap as the hex dump of xxd',
    bytes: text('00000000: d4c3 b2a1 0200 0400 0000 0000 0000 0000  ................\n'),
  },
  { name: 'hex dump of packets', bytes: text('000000 00 0e b6 00 00 02 00 0e b6 00 00 01 08 00 45 00\n') },
  { name: 'HTML page', bytes: text('<!DOCTYPE html>\n<html><title>404 Not Found</title></html>') },
  { name: 'JSON (tshark -T json)', bytes: text('[\n  {\n    "_index": "packets-2026-11-29"\n  }\n]\n') },
  { name: 'empty file', bytes: zeros(0) },
  { name: 'snoop', bytes: hex('736e6f6f700000000000000200000004') },
  { name: 'btsnoop', bytes: hex('6274736e6f6f7000') },
  { name: 'ERF', bytes: join(erf, erf) },
  { name: 'Network Monitor', bytes: text('GMBU\0\x02') },
  { name: 'Sniffer', bytes: text('TRSNIFF data    \x1a') },
  { name: 'NetXRay', bytes: text('XCP\0' + '002.002') },
  { name: 'OmniPeek', bytes: text('\x7fver') },
  { name: 'LANalyzer', bytes: hex('01104c000105') },
  { name: 'CommView', bytes: commView },
  { name: 'NetScaler', bytes: text('\x01\x01\0\0NetScaler Performance Data\0') },
  { name: 'Observer', bytes: text('ObserverPktBufferVersion=15.00') },
  { name: 'AIX iptrace', bytes: text('iptrace 2.0') },
  { name: 'HP-UX nettl', bytes: hex('54520064007f') },
  { name: '5Views', bytes: hex('aaaaaaaa') },
  { name: 'K12 text', bytes: text('+---------+---------------+----------+\n') },
  { name: 'Windows event trace (ETL)', bytes: join(u32(65_536), zeros(68), u8(2, 0, 2, 0xc0), zeros(50)) },
  { name: 'Zeek log', bytes: text('#separator \\x09\n#fields ts uid\n') },
  { name: 'nfdump', bytes: hex('0ca50100') },
  { name: 'xz', bytes: hex('fd377a585a000004') },
  { name: 'bzip2', bytes: text('BZh91AY&SY') },
  { name: 'lzma', bytes: hex('5d00008000ffffffffffffffff') },
  { name: 'lzip', bytes: text('LZIP\x01') },
  { name: 'lzop', bytes: hex('894c5a4f000d0a1a0a') },
  { name: 'compress (.Z)', bytes: hex('1f9d90') },
  { name: 'snappy', bytes: hex('ff060000734e61507059') },
  { name: 'zip', bytes: hex('504b0304') },
  { name: '7z', bytes: hex('377abcaf271c') },
  { name: 'RAR', bytes: hex('526172211a0701') },
  { name: 'tar', bytes: join(new Uint8Array(257).fill(65), text('ustar\0'), zeros(300)) },
  { name: 'tar in gzip', bytes: gzipSync(join(new Uint8Array(257).fill(65), text('ustar\0'), zeros(300))) },
  { name: 'xz in gzip', bytes: gzipSync(hex('fd377a585a000004')) },
  { name: 'gzip in gzip', bytes: gzipSync(gzipped(pcap)) },
  { name: 'openssl enc', bytes: text('Salted__12345678') },
  { name: 'something else', bytes: hex('0102030405') },
];
