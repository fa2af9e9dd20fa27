import type { ByteReader } from './byte-reader.js';

/** Bytes taken at once of what is no data. */
const stepBytes = 16 * 1024;

/** Passes over zeros: padding of tapes, of blocks and of sparse copies. What is packed may go on behind them. */
export async function skipZeros(reader: ByteReader): Promise<void> {
  for (let bytes = await reader.some(stepBytes); bytes !== null; bytes = await reader.some(stepBytes)) {
    const other = bytes.findIndex((byte) => byte !== 0);
    if (other === -1) continue;
    reader.unread(bytes.slice(other));
    return;
  }
}

/** Bytes from here to the end of the stream, which it is read to. */
export async function restOf(reader: ByteReader): Promise<number> {
  let rest = 0;
  for (let bytes = await reader.some(stepBytes); bytes !== null; bytes = await reader.some(stepBytes))
    rest += bytes.length;
  return rest;
}
