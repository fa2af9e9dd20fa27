/** Small writers of numbers and the joining of bytes, for everything that is built here. */
export type ByteOrder = 'little' | 'big';

export const join = (...parts: readonly Uint8Array[]): Uint8Array => {
  const joined = Buffer.concat(parts);
  return new Uint8Array(joined.buffer, joined.byteOffset, joined.length);
};

export const zeros = (count: number): Uint8Array => new Uint8Array(count);

export const text = (words: string): Uint8Array => new Uint8Array(Buffer.from(words, 'latin1'));

/** Numbers of a byte order as bytes; values are taken modulo the width, so that any test value can be written. */
export function writer(order: ByteOrder) {
  const little = order === 'little';
  return {
    u16: (value: number): Uint8Array => (little ? u8(value, value >> 8) : u8(value >> 8, value)),
    u32: (value: number): Uint8Array =>
      little ? u8(value, value >> 8, value >> 16, value >> 24) : u8(value >> 24, value >> 16, value >> 8, value),
    u64: (value: bigint): Uint8Array => {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), little);
      return bytes;
    },
  };
}

/** Network order, for the packets themselves. */
export const net = writer('big');
export const u8 = (...values: number[]): Uint8Array => new Uint8Array(values);
