/**
 * What an expression is for one link type, before it becomes WebAssembly: tests of bytes of the packet,
 * joined by and, or, not, which stop as soon as the outcome is known. A load past the captured bytes rejects
 * the packet, whatever it is within.
 */

/** Bytes of the packet as a number in network order. */
export interface Load {
  readonly v: 'load';
  readonly size: 1 | 2 | 4;
  /** From the start of the packet. */
  readonly offset: number;
  /** Added to the offset; null: nothing. */
  readonly index: Num | null;
}

/** A number of 32 bits without a sign. */
export type Num =
  | Load
  | { readonly v: 'constant'; readonly value: number }
  /** Length of the packet on the wire. */
  | { readonly v: 'length' }
  /** Length of the IPv4 header that begins at an offset: four times the low half of its first byte. */
  | { readonly v: 'header'; readonly offset: number }
  | { readonly v: 'negative'; readonly of: Num }
  | { readonly v: 'binary'; readonly operator: string; readonly left: Num; readonly right: Num };

/** Both ends included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export type Compare = 'eq' | 'gt' | 'ge';

export type Cond =
  | { readonly c: 'and' | 'or'; readonly of: readonly Cond[] }
  | { readonly c: 'not'; readonly of: Cond }
  | { readonly c: 'constant'; readonly value: boolean }
  /** eq, gt, ge: (load & mask) against value; set: load & value is not 0. */
  | {
      readonly c: 'test';
      readonly op: Compare | 'set';
      readonly load: Load;
      readonly mask: number;
      readonly value: number;
    }
  | { readonly c: 'compare'; readonly op: Compare; readonly left: Num; readonly right: Num }
  /** The ranges are ascending and apart from each other. */
  | { readonly c: 'in'; readonly load: Load; readonly ranges: readonly Range[] };

export const all = 0xffff_ffff;

export const load = (size: 1 | 2 | 4, offset: number, index: Num | null = null): Load => ({
  v: 'load',
  size,
  offset,
  index,
});
export const constant = (value: boolean): Cond => ({ c: 'constant', value });
export const not = (of: Cond): Cond => ({ c: 'not', of });
export const and = (...of: Cond[]): Cond => (of.length === 1 ? of[0] : { c: 'and', of });
export const or = (...of: Cond[]): Cond => (of.length === 1 ? of[0] : { c: 'or', of });

export function test(op: Compare | 'set', of: Load, value: number, mask = all): Cond {
  return { c: 'test', op, load: of, mask: mask >>> 0, value: value >>> 0 };
}

export const is = (of: Load, value: number, mask = all): Cond => test('eq', of, value, mask);

/** Whether a load is in one of many ranges. */
export function within(of: Load, ranges: readonly Range[]): Cond {
  const merged = mergeRanges(ranges);
  if (merged.length === 1 && merged[0].from === merged[0].to) return is(of, merged[0].from);
  return { c: 'in', load: of, ranges: merged };
}

function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = merged[merged.length - 1];
    if (last !== undefined && range.from <= last.to + 1) {
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    } else merged.push(range);
  }
  return merged;
}
