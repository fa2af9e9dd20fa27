/** The polynomial of CRC-32 (RFC 1952, 8), its highest power in the lowest bit. */
const polynomial = 0xedb88320;
const one = 0x80000000;

/** Product of two polynomials modulo that one. */
function times(a: number, b: number): number {
  let product = 0;
  for (let bit = one; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= b;
    b = (b & 1) === 0 ? b >>> 1 : (b >>> 1) ^ polynomial;
  }
  return product;
}

/** The CRC-32 of bytes behind others, of the CRC-32 of each and the length of the latter. */
export function joinCrc(before: number, behind: number, behindBytes: number): number {
  // x to the power of 8 for each byte, by squares.
  let power = one;
  let square = one >>> 8;
  for (let rest = behindBytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = times(power, square);
    square = times(square, square);
  }
  return (times(power, before) ^ behind) >>> 0;
}
