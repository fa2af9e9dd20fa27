import { crc32 } from 'node:zlib';

/** What is kept, by its key. */
export type Values = ReadonlyMap<string, string>;
/** Null removes the key. */
export type Writes = ReadonlyMap<string, string | null>;

/** Tells two sets of values apart, whatever their order: how many there are, and the exclusive or of their CRC-32. */
export interface ContentSum {
  readonly count: number;
  readonly xor: number;
}

export function sumOf(values: Values): ContentSum {
  let xor = 0;
  for (const [key, value] of values) xor ^= checksum(key, value);
  return { count: values.size, xor: xor >>> 0 };
}

/** The sum after these writes to these values, without going through all of them. */
export function sumAfter(sum: ContentSum, values: Values, writes: Writes): ContentSum {
  let { count, xor } = sum;
  for (const [key, value] of writes) {
    const before = values.get(key);
    if (before !== undefined) {
      count--;
      xor ^= checksum(key, before);
    }
    if (value !== null) {
      count++;
      xor ^= checksum(key, value);
    }
  }
  return { count, xor: xor >>> 0 };
}

export function sameSum(a: ContentSum, b: ContentSum): boolean {
  return a.count === b.count && a.xor === b.xor;
}

function checksum(key: string, value: string): number {
  return crc32(value, crc32(`${key}\0`));
}
