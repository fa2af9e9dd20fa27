import type { FileHead } from './read-heads.js';

/**
 * Files in the order of their first packets; those without a time come last. What begins at one moment is
 * told apart by its name, so the order in which files were named changes nothing.
 */
export function inOrder<Head extends FileHead>(heads: readonly Head[]): Head[] {
  const keyed = heads.map((head) => ({ head, first: head.firstNs === null ? null : BigInt(head.firstNs) }));
  keyed.sort((a, b) => {
    if (a.first !== b.first) {
      if (a.first === null) return 1;
      if (b.first === null) return -1;
      return a.first < b.first ? -1 : 1;
    }
    return byName(a.head.name, b.head.name);
  });
  return keyed.map(({ head }) => head);
}

/** ring9 before ring10: runs of digits are compared as numbers. */
export function byName(a: string, b: string): number {
  const [x, y] = [a, b].map((name) => name.split(/(\d+)/));
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    if (x[i] === y[i]) continue;
    if (i % 2 === 1) {
      const [one, other] = [x[i], y[i]].map((digits) => digits.replace(/^0+/, ''));
      if (one.length !== other.length) return one.length - other.length;
      if (one !== other) return one < other ? -1 : 1;
    } else return x[i] < y[i] ? -1 : 1;
  }
  return x.length - y.length || (a < b ? -1 : a > b ? 1 : 0);
}
