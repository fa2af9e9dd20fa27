import { numberOf } from './scanner.js';

/** An IPv4 address or network. Parts that are not written are free: 10.1 is 10.1.0.0/16. */
export interface Network4 {
  readonly address: number;
  readonly mask: number;
}

export const bitsMask = (bits: number): number => (bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0);

/** Two to four parts of an address. */
export function parseNetwork4(text: string, fail: (reason: string) => never): Network4 {
  const parts = text.split('.').map((part) => numberOf(part, fail));
  const wrong = parts.find((part) => part > 255);
  if (wrong !== undefined) return fail(`${wrong} is over 255, the largest part of an IPv4 address`);
  const address = parts.reduce((sum, part) => sum * 256 + part, 0) * 256 ** (4 - parts.length);
  return { address, mask: bitsMask(8 * parts.length) };
}

/** A network by its number alone: `net 10` is 10.0.0.0/8, `net 300` is 1.44.0.0/16. */
export function networkOfNumber(value: number): Network4 {
  let address = value;
  let mask = 0xffff_ffff;
  while (address !== 0 && address < 2 ** 24) {
    address *= 256;
    mask = (mask << 8) >>> 0;
  }
  return { address, mask };
}

/** The four words of an IPv6 address that isIPv6 has accepted. */
export function words6(text: string): number[] {
  const [head, tail] = text.split('::').map(groupsOf);
  const groups =
    tail === undefined ? head : [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  return [0, 2, 4, 6].map((i) => groups[i] * 65_536 + groups[i + 1]);
}

function groupsOf(side: string): number[] {
  if (side === '') return [];
  return side.split(':').flatMap((group) => {
    if (!group.includes('.')) return [parseInt(group, 16)];
    const [a, b, c, d] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

/** The six bytes of an Ethernet address in any of its spellings. */
export function macBytes(text: string): number[] {
  const parts = text.split(/[:.-]/);
  const digits = parts.length === 6 ? parts.map((part) => part.padStart(2, '0')).join('') : parts.join('');
  return [0, 2, 4, 6, 8, 10].map((at) => parseInt(digits.slice(at, at + 2), 16));
}

export const networkText = ({ address, mask }: Network4): string => {
  const dots = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
  const bits = 32 - Math.log2(0x1_0000_0000 - mask);
  return mask === 0xffff_ffff ? dots : Number.isInteger(bits) ? `${dots}/${bits}` : `${dots} mask ${mask.toString(16)}`;
};
