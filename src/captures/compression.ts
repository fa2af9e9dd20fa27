/** How the bytes of a file are packed. Told by the first bytes, never by the name. */
export type Compression = 'gzip' | 'zstd';

/** Bytes that the decision needs; a shorter file is compared as far as it goes and is then not compressed. */
export const magicBytes = 4;

/** The compression that the first bytes of a file show; null: the file is read as it is. */
export function compressionOf(first: Uint8Array): Compression | null {
  if (first.length >= 2 && first[0] === 0x1f && first[1] === 0x8b) return 'gzip';
  if (first.length < magicBytes) return null;
  const magic = (first[0] | (first[1] << 8) | (first[2] << 16) | (first[3] << 24)) >>> 0;
  // A skippable frame (0x184D2A50 to 0x184D2A5F) may stand before the first zstd frame; no capture begins like one.
  return magic === 0xfd2fb528 || magic >>> 4 === 0x184d2a5 ? 'zstd' : null;
}
