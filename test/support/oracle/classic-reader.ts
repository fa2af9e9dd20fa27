import { Fields } from './fields.js';
import type { OraclePacket, OracleReading } from './result.js';

const fileHeaderBytes = 24;

/** Larger records are damage; the two link types that really carry larger ones may reach 128 MiB, as in libpcap. */
function capturedBytesMax(linkType: number): number {
  const dbus = 231;
  const usbpcap = 249;
  return linkType === dbus || linkType === usbpcap ? 128 * 1024 * 1024 : 262_144;
}

/** a1b2cd34: eight more bytes in each record header, as some routers write. */
const magics: Record<string, { format: 'pcap' | 'pcap-nsec'; order: 'little' | 'big'; headBytes?: number }> = {
  '34cdb2a1': { format: 'pcap', order: 'little', headBytes: 24 },
  a1b2cd34: { format: 'pcap', order: 'big', headBytes: 24 },
  d4c3b2a1: { format: 'pcap', order: 'little' },
  a1b2c3d4: { format: 'pcap', order: 'big' },
  '4d3cb2a1': { format: 'pcap-nsec', order: 'little' },
  a1b23c4d: { format: 'pcap-nsec', order: 'big' },
};

/** Reads a classic capture; null when the bytes are none. */
export function readClassic(file: Uint8Array): OracleReading | null {
  const magic = magics[Buffer.from(file.subarray(0, 4)).toString('hex')];
  if (magic === undefined || file.length < fileHeaderBytes) return null;
  const fields = new Fields(file, magic.order);
  const major = fields.u16(4);
  const minor = fields.u16(6);
  const odd = major === 543 && minor === 0;
  if (!odd && (major !== 2 || minor > 4)) return null;
  const lengthsSwapped = odd || minor < 3;
  const recordHeaderBytes = magic.headBytes ?? 16;
  const linkType = fields.u32(20) & 0xffff;
  const nsPerFraction = magic.format === 'pcap-nsec' ? 1n : 1000n;

  const packets: OraclePacket[] = [];
  const boundaries = [fileHeaderBytes];
  const ended = (how: { truncated: boolean; damaged: boolean }): OracleReading => ({
    format: magic.format,
    byteOrder: magic.order,
    packets,
    interfaces: 1,
    sections: 1,
    boundaries,
    ...how,
  });

  let offset = fileHeaderBytes;
  while (offset < file.length) {
    if (offset + recordHeaderBytes > file.length) return ended({ truncated: true, damaged: false });
    const timeNs = BigInt(fields.u32(offset)) * 1_000_000_000n + BigInt(fields.u32(offset + 4)) * nsPerFraction;
    const captured = fields.u32(offset + (lengthsSwapped ? 12 : 8));
    const originalLength = fields.u32(offset + (lengthsSwapped ? 8 : 12));
    if (captured === 0 || captured > capturedBytesMax(linkType))
      if (beginsCapture(file, offset)) return ended({ truncated: false, damaged: true });
    if (captured > capturedBytesMax(linkType)) return ended({ truncated: false, damaged: true });
    const end = offset + recordHeaderBytes + captured;
    if (end > file.length) return ended({ truncated: true, damaged: false });
    packets.push({
      offset,
      linkType,
      order: magic.order,
      timeNs,
      originalLength,
      bytes: file.subarray(offset + recordHeaderBytes, end),
    });
    boundaries.push(end);
    offset = end;
  }
  return ended({ truncated: false, damaged: false });
}

/** Whether the header of another capture stands at an offset: appended with cat, say. */
export function beginsCapture(file: Uint8Array, offset: number): boolean {
  const hex = Buffer.from(file.subarray(offset, offset + 12)).toString('hex');
  if (/^0a0d0d0a.{8}(4d3c2b1a|1a2b3c4d)$/.test(hex)) return true;
  return magics[hex.slice(0, 8)] !== undefined && ['02000400', '00020004'].includes(hex.slice(8, 16));
}
