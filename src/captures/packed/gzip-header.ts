import { crc32 } from 'node:zlib';
import type { ByteReader } from '../file/byte-reader.js';
import { StreamCut, StreamDamaged } from './inflated.js';

/** A name or comment in a member's header; RFC 1952 sets no bound, a file system does. */
const textBytesMax = 64 * 1024;

const flag = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 };

/**
 * Reads over the header of one gzip member (RFC 1952), and checks its CRC where it has one. Throws StreamCut
 * or StreamDamaged.
 */
export async function skipGzipHeader(reader: ByteReader): Promise<void> {
  const header = new HeaderBytes(reader);
  const at = header.at;
  const fixed = (await header.next(10)).slice();
  if (fixed[0] !== 0x1f || fixed[1] !== 0x8b) throw new StreamDamaged(`no gzip member at offset ${at}`);
  if (fixed[2] !== 8) throw new StreamDamaged(`gzip member at offset ${at} has unknown compression method ${fixed[2]}`);
  const flags = fixed[3];
  if ((flags & flag.reserved) !== 0) throw new StreamDamaged(`gzip member at offset ${at} has unknown flags`);
  if ((flags & flag.extra) !== 0) await header.next(uint16(await header.next(2)));
  if ((flags & flag.name) !== 0) await header.skipText();
  if ((flags & flag.comment) !== 0) await header.skipText();
  if ((flags & flag.headerCrc) === 0) return;
  const computed = header.crc & 0xffff;
  const stored = uint16(await header.next(2));
  if (stored === computed) return;
  throw new StreamDamaged(
    `gzip header at offset ${at} is damaged: its checksum is ${hex(stored)}, that of its bytes ${hex(computed)}`,
  );
}

/**
 * Where the header of a member that lies in memory ends. Null: it is no sound header, or not all of it is
 * there.
 */
export function gzipHeaderEnd(bytes: Uint8Array, start: number): number | null {
  if (bytes[start] !== 0x1f || bytes[start + 1] !== 0x8b || bytes[start + 2] !== 8) return null;
  const flags = bytes[start + 3];
  if ((flags & flag.reserved) !== 0) return null;
  let at = start + 10;
  if ((flags & flag.extra) !== 0) at += 2 + uint16(bytes.subarray(at));
  for (const text of [flag.name, flag.comment]) {
    if ((flags & text) === 0) continue;
    const zero = bytes.indexOf(0, at);
    if (zero === -1) return null;
    at = zero + 1;
  }
  if ((flags & flag.headerCrc) !== 0) {
    if ((crc32(bytes.subarray(start, at)) & 0xffff) !== uint16(bytes.subarray(at))) return null;
    at += 2;
  }
  return at < bytes.length ? at : null;
}

const uint16 = (bytes: Uint8Array): number => bytes[0] | (bytes[1] << 8);

const hex = (value: number): string => `0x${value.toString(16).padStart(4, '0')}`;

/** The bytes of one header, and their CRC so far. */
class HeaderBytes {
  readonly at: number;
  crc = 0;

  constructor(private readonly reader: ByteReader) {
    this.at = reader.position;
  }

  async next(count: number): Promise<Uint8Array> {
    const bytes = await this.reader.upTo(count);
    if (bytes.length < count) throw new StreamCut();
    this.crc = crc32(bytes, this.crc);
    return bytes;
  }

  async skipText(): Promise<void> {
    for (let length = 0; length <= textBytesMax; length++) {
      if ((await this.next(1))[0] === 0) return;
    }
    throw new StreamDamaged(`gzip member at offset ${this.at} has a header text over ${textBytesMax} bytes`);
  }
}
