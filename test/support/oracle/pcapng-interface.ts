import { Fields } from './fields.js';

export interface OracleInterface {
  linkType: number;
  /** 0: no limit. */
  snapLength: number;
  unitsPerSecond: bigint;
  offsetSeconds: bigint;
}

const options = { end: 0, timeResolution: 9, timeOffset: 14 } as const;

/** Reads the body of an interface description block; options that do not fit end the list. */
export function readInterface(body: Uint8Array, order: 'little' | 'big'): OracleInterface {
  const fields = new Fields(body, order);
  const found: OracleInterface = {
    linkType: fields.u16(0),
    snapLength: fields.u32(4),
    unitsPerSecond: 1_000_000n,
    offsetSeconds: 0n,
  };
  let at = 8;
  while (at + 4 <= body.length) {
    const code = fields.u16(at);
    const length = fields.u16(at + 2);
    if (code === options.end || at + 4 + length > body.length) break;
    if (code === options.timeResolution && length >= 1) found.unitsPerSecond = unitsPerSecond(body[at + 4]);
    if (code === options.timeOffset && length >= 8) found.offsetSeconds = fields.i64(at + 4);
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return found;
}

/** The top bit of if_tsresol chooses a power of two; without it the exponent is one of ten. */
function unitsPerSecond(resolution: number): bigint {
  const exponent = BigInt(resolution & 0x7f);
  return resolution & 0x80 ? 2n ** exponent : 10n ** exponent;
}

/** Nanoseconds since 1970, rounded down. */
export function timeToNs(units: bigint, { unitsPerSecond: perSecond, offsetSeconds }: OracleInterface): bigint {
  return (units * 1_000_000_000n) / perSecond + offsetSeconds * 1_000_000_000n;
}
