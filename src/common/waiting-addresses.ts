import { isIPv4 } from 'node:net';
import { TokenBucket } from './rate-limit.js';

/** Addresses that are remembered; past it the one that was first cut off is forgotten. */
export const addressesMax = 1_024;

/** Bounds on what one address may do that is cut off again and again. */
export interface AddressLimits {
  /** Connections of an address that may be cut off at once, and each second in the long run, before it has to wait. */
  readonly offencesMax: number;
  readonly offencesPerSecond: number;
  /** Time for which it waits, from the last that was one too many. */
  readonly waitsMs: number;
  /** New connections of it that are let in each second meanwhile: each costs about 1 ms of one core. */
  readonly connectionsPerSecond: number;
  /** Longest time that one of them waits for its turn; those that would wait longer are closed. */
  readonly turnMsMax: number;
}

interface Address {
  readonly offences: TokenBucket;
  /** It has to wait until then. */
  untilMs: number;
  /** When the next of its connections may begin. */
  turnMs: number;
}

/**
 * Addresses whose connections are cut off again and again: the next ones take turns. Who shares the address
 * with them, as behind one router, waits with them, and whoever is connected already feels nothing. Time is
 * passed in.
 */
export class WaitingAddresses {
  private readonly all = new Map<string, Address>();

  constructor(private readonly limits: AddressLimits) {}

  /** A connection from this address was cut off. */
  offended(address: string, nowMs: number): void {
    const { offencesMax, offencesPerSecond, waitsMs } = this.limits;
    const group = addressGroup(address);
    let entry = this.all.get(group);
    if (entry === undefined) {
      entry = { offences: new TokenBucket(offencesMax, offencesPerSecond, nowMs), untilMs: nowMs, turnMs: nowMs };
      if (this.all.size >= addressesMax) this.all.delete(this.all.keys().next().value as string);
      this.all.set(group, entry);
    }
    if (entry.offences.take(nowMs) > offencesMax) entry.untilMs = nowMs + waitsMs;
  }

  /** A connection comes from this address. @returns how long it waits, in ms; null: too long */
  turn(address: string, nowMs: number): number | null {
    const entry = this.all.get(addressGroup(address));
    if (entry === undefined || entry.untilMs <= nowMs) return 0;
    const { connectionsPerSecond, turnMsMax } = this.limits;
    const atMs = Math.max(nowMs, entry.turnMs);
    if (atMs - nowMs > turnMsMax) return null;
    entry.turnMs = atMs + 1000 / connectionsPerSecond;
    return atMs - nowMs;
  }
}

/** What one caller has to choose from: an address of IPv4, 64 bits of one of IPv6. */
export function addressGroup(address: string): string {
  const mapped = address.replace(/^::ffff:/i, '');
  if (isIPv4(mapped)) return mapped;
  const [head, tail] = address.toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...new Array<string>(zeros).fill('0'), ...right].slice(0, 4).join(':');
}
