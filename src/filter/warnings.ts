import type { EmittedFilter } from './emit.js';
import type { Node, Term } from './tree.js';

/** What may not be meant as it is written. */
export function warningsOf(tree: Node): string[] {
  const warnings = new Set<string>();
  shifts(tree, warnings);
  visit(tree, (node) => {
    if (node.kind === 'relation') for (const term of [node.left, node.right]) ofTerm(term, warnings);
  });
  return [...warnings];
}

/** What compiling for one link type has shown. */
export function outcomeWarning({ never, always }: EmittedFilter): string | null {
  if (never) return 'no packet can match';
  return always ? 'every packet matches that is captured as far as it is read' : null;
}

function visit(node: Node, see: (node: Node) => void): void {
  see(node);
  if (node.kind === 'and' || node.kind === 'or') for (const item of node.items) visit(item, see);
  if (node.kind === 'not') visit(node.item, see);
}

const shifting: readonly string[] = ['vlan', 'mpls', 'pppoes'];

function shiftIn(node: Node): string | null {
  let found: string | null = null;
  visit(node, (part) => {
    if (shifting.includes(part.kind)) found ??= part.kind;
  });
  return found;
}

/** `vlan`, `mpls` and `pppoes` move all that stands behind them in the text, also across `or` and behind `not`. */
function shifts(tree: Node, warnings: Set<string>): void {
  visit(tree, (node) => {
    if (node.kind !== 'and' && node.kind !== 'or') return;
    for (const item of node.items.slice(0, -1)) {
      const word = node.kind === 'or' || item.kind === 'not' ? shiftIn(item) : null;
      if (word === null) continue;
      const how =
        item.kind === 'not' && node.kind === 'and'
          ? `'not ${word}' is followed by 'and'`
          : `'${word}' is followed by 'or'`;
      warnings.add(
        `${how}: what stands behind it is looked for behind the ${word === 'pppoes' ? 'PPPoE header' : `${word} tag`} ` +
          `all the same; write the part without '${word}' first, such as (ip or (vlan and ip))`,
      );
    }
  });
}

function ofTerm(term: Term, warnings: Set<string>): void {
  if (term.kind === 'negative') ofTerm(term.of, warnings);
  if (term.kind === 'binary') {
    ofTerm(term.left, warnings);
    ofTerm(term.right, warnings);
    if (hasLoad(term.right) && !sameProtocol(term.left, term.right))
      warnings.add(
        `the protocol of the right side of '${term.operator}' is not asked for, as in tcpdump: write it in front, such as tcp and ...`,
      );
  }
  if (term.kind !== 'load') return;
  if (['tcp', 'udp', 'sctp'].includes(term.protocol))
    warnings.add(
      `${term.protocol}[...] reads packets over IPv4 only; over IPv6 write ip6[40 + ...], where no extension header is`,
    );
  ofTerm(term.index, warnings);
}

function hasLoad(term: Term): boolean {
  if (term.kind === 'load') return term.protocol !== 'link';
  if (term.kind === 'negative') return hasLoad(term.of);
  return term.kind === 'binary' && (hasLoad(term.left) || hasLoad(term.right));
}

function sameProtocol(left: Term, right: Term): boolean {
  return left.kind === 'load' && right.kind === 'load' && left.protocol === right.protocol;
}
