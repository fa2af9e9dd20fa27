// The hashes of addresses, ports and connections that an index is searched for: those of ../assembly/piece-keys.ts.

const seed4 = 0x3c6ef372;
const seed6 = 0xa54ff53a;
const seedPort = 0x510e527f;

/** MurmurHash3's finaliser. */
export function mix(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** 0 marks a free slot of the engine's sets. */
const key = (hash: number): number => (hash === 0 ? 1 : hash);

function hashOf(words: readonly number[]): number {
  if (words.length === 1) return mix(words[0] ^ seed4);
  return words.reduce((hash, word) => mix(word ^ hash), seed6);
}

/** @param words an IPv4 address as one number, or the four words of an IPv6 address */
export const addressKey = (words: readonly number[]): number => key(hashOf(words));

const hashOfPort = (port: number): number => mix(port ^ seedPort);
export const portKey = (port: number): number => key(hashOfPort(port));

export interface KeyedEnd {
  readonly words: readonly number[];
  readonly port: number;
}

/** The same in both directions. */
export function connectionKey(one: KeyedEnd, other: KeyedEnd): number {
  const end = ({ words, port }: KeyedEnd): number => mix((hashOf(words) + hashOfPort(port)) >>> 0);
  return key(mix((end(one) + end(other)) >>> 0));
}
