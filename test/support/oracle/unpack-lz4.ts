/**
 * One LZ4 frame without a size or a dictionary in its header, unpacked a byte at a time; checksums are not looked at.
 */
export function unpackLz4(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const out: number[] = [];
  for (let at = 7; ;) {
    const word = view.getUint32(at, true);
    if (word === 0) return Uint8Array.from(out);
    const end = at + 4 + (word & 0x7fff_ffff);
    at += 4;
    if (word >>> 31 === 1) for (; at < end; at++) out.push(file[at]);
    while (at < end) at = sequence(file, at, end, out);
  }
}

function sequence(file: Uint8Array, from: number, end: number, out: number[]): number {
  let at = from;
  const length = (first: number): number => {
    let sum = first;
    if (first === 15)
      do sum += file[at];
      while (file[at++] === 255);
    return sum;
  };
  const token = file[at++];
  for (let left = length(token >> 4); left > 0; left--) out.push(file[at++]);
  if (at >= end) return at;
  const distance = file[at] | (file[at + 1] << 8);
  at += 2;
  for (let left = length(token & 15) + 4; left > 0; left--) out.push(out[out.length - distance]);
  return at;
}
