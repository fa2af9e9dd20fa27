// In place of node:crypto, as far as names take of it: hashes of fingerprints, and the keys of QUIC's Initial
// packets. WebCrypto answers in a later turn, and has no MD5 and no ECB.
import { ecb, gcm } from '@noble/ciphers/aes';
import { hmac } from '@noble/hashes/hmac';
import { md5 } from '@noble/hashes/legacy';
import { sha256 } from '@noble/hashes/sha2';
import { Buffer } from 'buffer/';

type Bytes = Uint8Array<ArrayBuffer>;

const hashes = { md5, sha256 } as const;

/** One text or one piece of bytes. */
export function createHash(name: keyof typeof hashes) {
  return digestOf((bytes) => hashes[name](bytes));
}

export function createHmac(_sha256: 'sha256', key: Uint8Array) {
  return digestOf((bytes) => hmac(sha256, key, bytes));
}

function digestOf(hash: (bytes: Uint8Array) => Uint8Array) {
  return {
    update: (data: string | Uint8Array) => {
      const digest = Buffer.from(hash(Buffer.from(data as string)));
      return { digest: (form?: 'hex') => (form === undefined ? digest : digest.toString(form)) };
    },
  };
}

/** Of whole blocks. */
export function createCipheriv(_ecb: 'aes-128-ecb', key: Uint8Array) {
  return { update: (blocks: Uint8Array) => ecb(key, { disablePadding: true }).encrypt(blocks) };
}

/** Of one piece of bytes; final() throws where they are not those of the tag. */
export function createDecipheriv(_gcm: 'aes-128-gcm', key: Uint8Array, nonce: Uint8Array) {
  let header: Bytes | undefined;
  let tag = new Uint8Array(0);
  let failure: unknown;
  return {
    setAAD: (bytes: Bytes): void => void (header = bytes),
    setAuthTag: (bytes: Bytes): void => void (tag = bytes),
    update: (bytes: Uint8Array) => {
      try {
        return Buffer.from(gcm(key, nonce, header).decrypt(Buffer.concat([bytes, tag])));
      } catch (error) {
        failure = error;
        return Buffer.alloc(0);
      }
    },
    final: (): void => {
      if (failure !== undefined) throw failure;
    },
  };
}
