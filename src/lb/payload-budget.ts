import type { ErrorFacts } from '../common/errors.js';

/**
 * Bytes of the payloads of all clients that are with the hub: with the copies that sockets hold, twice as much memory.
 */
export const payloadBytesTotalMax = 256 * 2 ** 20;

/** And of one client: an eighth of all, and room for several of the longest payload. */
export const payloadBytesPerClientMax = 32 * 2 ** 20;

/** Counts the payloads that are with the hub. Who finds no room waits until a job has ended: JobAdmission.whenRoom. */
export class PayloadBudget {
  /** Bytes of all clients. */
  used = 0;

  constructor(
    private readonly totalMax = payloadBytesTotalMax,
    private readonly perClientMax = payloadBytesPerClientMax,
  ) {}

  /** Takes room for a payload of a client that has `of` bytes there already. False: there is none. */
  take(bytes: number, of: number): boolean {
    if (bytes === 0) return true;
    if (this.used + bytes > this.totalMax || of + bytes > this.perClientMax) return false;
    this.used += bytes;
    return true;
  }

  /** Which bound a payload of a client that has `of` bytes there already is over. */
  full(of: number): ErrorFacts {
    const { used, totalMax, perClientMax } = this;
    return totalMax - used < perClientMax - of
      ? { value: used, bound: totalMax, boundName: 'payloadBytesTotalMax' }
      : { value: of, bound: perClientMax, boundName: 'payloadBytesPerClientMax' };
  }

  release(bytes: number): void {
    this.used -= bytes;
  }
}
