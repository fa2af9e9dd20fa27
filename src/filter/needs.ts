import type { Filter } from './compile.js';
import type { Node } from './tree.js';
import { meaningOf, type Asked } from './values.js';

/**
 * What a packet has without fail if a filter matches it, as far as addresses and ports tell: a part of a
 * capture in which no packet has it need not be read. `maybe` asks for nothing.
 */
export type Need =
  | { readonly needs: 'maybe' }
  | { readonly needs: 'all' | 'any'; readonly of: readonly Need[] }
  /** An IPv4 address as one number, or the four words of an IPv6 address, at either end. */
  | { readonly needs: 'address'; readonly words: readonly number[] }
  | { readonly needs: 'port'; readonly port: number }
  /** Both ends, in either direction. */
  | { readonly needs: 'connection'; readonly ends: readonly [NeededEnd, NeededEnd] };

export interface NeededEnd {
  readonly words: readonly number[];
  readonly port: number;
}

/** Values of one expression that are looked for: with more, the search takes as long as reading. */
export const needsMax = 256;
/** Ports of a range that are looked for one by one; a longer range asks for nothing. */
const rangeMax = 16;

const maybe: Need = { needs: 'maybe' };

export function needsOf({ tree, expression }: Filter): Need {
  const walk = new Walk(expression);
  const need = walk.visit(tree, 0).need;
  return walk.values > needsMax ? maybe : need;
}

interface Visited {
  readonly need: Need;
  /** VLAN tags in front of the network header of a packet for which the node holds, at least. */
  readonly tags: number;
}

/** Goes through the nodes as they stand in the text, because `vlan` moves all that stands behind it. */
class Walk {
  values = 0;
  /** Tags behind which values are looked for here; null: behind headers that an index does not look into. */
  private shift: number | null = 0;

  constructor(private readonly expression: string) {}

  /** @param tags that the packet is known to have, from what stands before in the same `and` */
  visit(node: Node, tags: number): Visited {
    switch (node.kind) {
      case 'and':
        return this.all(node.items, tags);
      case 'or': {
        const of = node.items.map((item) => this.visit(item, tags).need);
        return { need: of.some(({ needs }) => needs === 'maybe') ? maybe : { needs: 'any', of }, tags };
      }
      case 'not':
        this.visit(node.item, tags);
        return { need: maybe, tags };
      case 'value':
        return { need: this.shift === tags ? this.value(node) : maybe, tags };
      case 'vlan': {
        const known = this.shift === tags;
        if (this.shift !== null) this.shift++;
        return { need: maybe, tags: known ? tags + 1 : tags };
      }
      case 'mpls':
      case 'pppoes':
        this.shift = null;
        return { need: maybe, tags };
      default:
        return { need: maybe, tags };
    }
  }

  private all(items: readonly Node[], tags: number): Visited {
    const of: Need[] = [];
    for (const item of items) {
      const visited = this.visit(item, tags);
      tags = visited.tags;
      if (visited.need.needs === 'all') of.push(...visited.need.of);
      else if (visited.need.needs !== 'maybe') of.push(visited.need);
    }
    const connection = connectionOf(of);
    // First, because it excludes most.
    if (connection !== null) of.unshift(connection);
    return { need: of.length === 0 ? maybe : { needs: 'all', of }, tags };
  }

  private value(node: Node & { kind: 'value' }): Need {
    const need = needOf(meaningOf(node.qualifiers, node.value, node, this.expression));
    this.values += need.needs === 'any' ? need.of.length : 1;
    return need;
  }
}

function needOf(asked: Asked): Need {
  switch (asked.asks) {
    case 'network4': {
      const { address, mask } = asked.network;
      return mask === 0xffff_ffff ? { needs: 'address', words: [address] } : maybe;
    }
    case 'network6':
      return asked.mask.every((word) => word === 0xffff_ffff) ? { needs: 'address', words: asked.address } : maybe;
    case 'ports': {
      const { from, to } = asked.range;
      if (from === to) return { needs: 'port', port: from };
      if (to - from >= rangeMax) return maybe;
      return { needs: 'any', of: Array.from({ length: to - from + 1 }, (_, i) => ({ needs: 'port', port: from + i })) };
    }
    default:
      return maybe;
  }
}

/** Two addresses and two ports that differ are both ends of one connection, in one pairing or the other. */
function connectionOf(of: readonly Need[]): Need | null {
  const addresses = new Map<string, readonly number[]>();
  const ports = new Set<number>();
  for (const need of of) {
    if (need.needs === 'address') addresses.set(need.words.join(), need.words);
    if (need.needs === 'port') ports.add(need.port);
  }
  if (addresses.size !== 2 || ports.size !== 2) return null;
  const [a, b] = [...addresses.values()];
  const [p, q] = [...ports];
  const pairing = (first: number, second: number): Need => ({
    needs: 'connection',
    ends: [
      { words: a, port: first },
      { words: b, port: second },
    ],
  });
  return { needs: 'any', of: [pairing(p, q), pairing(q, p)] };
}
