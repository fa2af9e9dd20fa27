import { createHash, timingSafeEqual } from 'node:crypto';

/** Lengths of a secret that is one: 128 bits cannot be guessed, and 64 bytes are what any hash gives. */
export const secretBytesMin = 16;
export const secretBytesMax = 64;

/** Workers whose secret is remembered after they have left, so that nobody comes back in their name. */
const rememberedMax = 20_000;

/**
 * What is kept of a secret: its SHA-256, so that no dump or log of a hub shows one. Null: the worker is too old to have
 * one.
 */
export type SecretHash = Buffer | null;

export function hashSecret(secret: Uint8Array): SecretHash {
  return secret.length === 0 ? null : createHash('sha256').update(secret).digest();
}

/**
 * In a time that does not depend on where the two differ. Two workers without a secret are not known to be the same.
 */
export function sameSecret(one: SecretHash, other: SecretHash): boolean {
  return one !== null && other !== null && timingSafeEqual(one, other);
}

/** Secrets of workers that have left, by the id of their process. */
export class WorkerSecrets {
  private readonly known = new Map<string, Buffer>();

  constructor(private readonly most = rememberedMax) {}

  remember(workerId: string, secret: SecretHash): void {
    if (secret === null) return;
    this.known.delete(workerId);
    this.known.set(workerId, secret);
    if (this.known.size > this.most) this.known.delete(this.known.keys().next().value as string);
  }

  /** Whether a worker with this secret may come under this id: nobody is remembered under it, or the same one is. */
  admits(workerId: string, secret: SecretHash): boolean {
    const known = this.known.get(workerId);
    return known === undefined || sameSecret(known, secret);
  }
}
