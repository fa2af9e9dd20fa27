import { mix } from './keys.js';

// Bloom filters (Bloom 1970), whose bits are found by double hashing (Kirsch and Mitzenmacher 2006). A fuse
// filter would be a tenth smaller, but holds no key at all where its bytes are too few; of these the outcome
// only becomes less certain.

/** Bits for each key, where the bound on bytes allows: one key in a hundred is taken for one that was put in. */
const bitsPerKey = 10;
/** Below it two keys in three are taken for ones that were put in, and the bits tell nothing. */
const bitsPerKeyMin = 1.5;
/** Bits that are set for each key. */
export const probesMax = 7;

/** Which keys may have been put in. The bytes begin with the number of probes; empty: any. */
export type Bloom = Uint8Array;

/** Every key may have been put in. */
export const anyKey: Bloom = new Uint8Array(0);

/** @param bytesMax of the filter, the first byte included */
export function bloomOf(keys: Uint32Array, bytesMax: number): Bloom {
  const bytes = Math.min(bytesMax - 1, Math.max(1, Math.ceil((keys.length * bitsPerKey) / 8)));
  const share = (8 * bytes) / Math.max(1, keys.length);
  if (share < bitsPerKeyMin) return anyKey;
  const probes = Math.max(1, Math.min(probesMax, Math.round(share * Math.LN2)));
  const bloom = new Uint8Array(1 + bytes);
  bloom[0] = probes;
  for (const key of keys) {
    const step = stepOf(key);
    for (let probe = 0, hash = key; probe < probes; probe++, hash = (hash + step) >>> 0) {
      const bit = bitOf(hash, bytes);
      bloom[1 + (bit >>> 3)] |= 1 << (bit & 7);
    }
  }
  return bloom;
}

/** The filters of one set of keys, piece after piece. */
export interface BloomColumn {
  readonly bytes: Uint8Array;
  /** Where the filter of each piece ends in them. */
  readonly ends: Uint32Array;
}

export function columnOf(blooms: readonly Bloom[]): BloomColumn {
  const ends = new Uint32Array(blooms.length);
  let end = 0;
  for (const [i, { length }] of blooms.entries()) ends[i] = end += length;
  return { bytes: Buffer.concat(blooms), ends };
}

/** Tells of each piece whether the key may have been put in: false where it was not. */
export function holderOf({ bytes, ends }: BloomColumn, key: number): (piece: number) => boolean {
  const step = stepOf(key);
  return (piece) => {
    const start = piece === 0 ? 0 : ends[piece - 1];
    const length = ends[piece] - start - 1;
    if (length < 0) return true;
    for (let probe = bytes[start], hash = key; probe > 0; probe--, hash = (hash + step) >>> 0) {
      const bit = bitOf(hash, length);
      if ((bytes[start + 1 + (bit >>> 3)] & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  };
}

/** Odd, so that no two probes of a key begin alike. */
const stepOf = (key: number): number => (mix(key ^ 0x9e3779b9) | 1) >>> 0;

/** The hash, scaled to the bits there are. */
const bitOf = (hash: number, bytes: number): number => Math.floor((hash / 2 ** 32) * (8 * bytes));
