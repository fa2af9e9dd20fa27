import type { ByteReader } from './byte-reader.js';
import { StreamCut, StreamDamaged } from './inflated.js';

/** A name or comment in a member's header; RFC 1952 sets no bound, a file system does. */
const textBytesMax = 64 * 1024;

const flag = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 };

/** Reads over the header of one gzip member (RFC 1952). Throws StreamCut or StreamDamaged. */
export async function skipGzipHeader(reader: ByteReader): Promise<void> {
  const at = reader.position;
  const fixed = (await exactly(reader, 10)).slice();
  if (fixed[0] !== 0x1f || fixed[1] !== 0x8b) throw new StreamDamaged(`no gzip member at offset ${at}`);
  if (fixed[2] !== 8) throw new StreamDamaged(`gzip member at offset ${at} has unknown compression method ${fixed[2]}`);
  const flags = fixed[3];
  if ((flags & flag.reserved) !== 0) throw new StreamDamaged(`gzip member at offset ${at} has unknown flags`);
  if ((flags & flag.extra) !== 0) {
    const length = await exactly(reader, 2);
    await exactly(reader, length[0] | (length[1] << 8));
  }
  if ((flags & flag.name) !== 0) await skipText(reader, at);
  if ((flags & flag.comment) !== 0) await skipText(reader, at);
  if ((flags & flag.headerCrc) !== 0) await exactly(reader, 2);
}

async function exactly(reader: ByteReader, count: number): Promise<Uint8Array> {
  const bytes = await reader.upTo(count);
  if (bytes.length < count) throw new StreamCut();
  return bytes;
}

async function skipText(reader: ByteReader, memberAt: number): Promise<void> {
  for (let length = 0; length <= textBytesMax; length++) {
    if ((await exactly(reader, 1))[0] === 0) return;
  }
  throw new StreamDamaged(`gzip member at offset ${memberAt} has a header text over ${textBytesMax} bytes`);
}
