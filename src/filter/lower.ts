import { and, constant, is, load, not, or, test, type Cond } from './code.js';
import { etherTypes, Layers } from './layers.js';
import type { LinkType } from './link-types.js';
import { isProtocol } from './lower-protocols.js';
import { lowerRelation } from './lower-terms.js';
import { lowerSet, lowerValue, macAt } from './lower-values.js';
import type { Node } from './tree.js';
import { meaningOf, type Asked } from './values.js';

type ValueNode = Node & { kind: 'value' };

/** What a link type makes of an expression. Throws FilterError where it cannot be asked of it. */
export function lower(tree: Node, expression: string, link: LinkType, bigEndian: boolean): Cond {
  return new Lowering(new Layers(link, bigEndian, expression), expression).node(tree);
}

class Lowering {
  constructor(
    private readonly layers: Layers,
    private readonly expression: string,
  ) {}

  node(node: Node): Cond {
    const { layers } = this;
    switch (node.kind) {
      case 'all':
        return constant(true);
      case 'or':
        return or(...this.items(node.items, (item) => item));
      case 'and':
        // not a and not b is not (a or b), also in what is read and when.
        return and(...this.items(node.items, (item) => (item.kind === 'not' ? item.item : null), not));
      case 'not':
        return not(this.node(node.item));
      case 'value':
        return lowerValue(layers, node, this.meaning(node));
      case 'protocol':
        return isProtocol(layers, node.protocol, node);
      case 'relation':
        return lowerRelation(layers, node.relation, node.left, node.right);
      case 'less':
        return not({ c: 'compare', op: 'gt', left: { v: 'length' }, right: { v: 'constant', value: node.number } });
      case 'greater':
        return { c: 'compare', op: 'ge', left: { v: 'length' }, right: { v: 'constant', value: node.number } };
      case 'broadcast':
        return this.broadcast(node);
      case 'multicast':
        return this.multicast(node);
      case 'inbound':
      case 'outbound':
        return this.direction(node, node.kind === 'outbound');
      case 'ifindex':
        if (layers.link.number !== 276 || layers.isInPppoe)
          return layers.fail(node, `only Linux cooked v2 has it, not ${layers.link.name}`);
        return is(load(4, 4), node.number);
      case 'vlan':
        return layers.passVlan(node.number, node);
      case 'mpls':
        return layers.passMpls(node.number, node);
      case 'pppoed':
        return layers.has(etherTypes.pppoed, node);
      case 'pppoes':
        return layers.passPppoe(node.number, node);
    }
  }

  /** Items of a list, runs of values that ask for the same taken together. */
  private items(
    items: readonly Node[],
    valueIn: (item: Node) => Node | null,
    wrap = (cond: Cond): Cond => cond,
  ): Cond[] {
    const conds: Cond[] = [];
    for (let i = 0; i < items.length;) {
      const run = this.run(items, i, valueIn);
      if (run.length >= 2) {
        conds.push(wrap(lowerSet(this.layers, valueIn(items[i]) as ValueNode, run)));
        i += run.length;
      } else conds.push(this.node(items[i++]));
    }
    return conds;
  }

  private run(items: readonly Node[], start: number, valueIn: (item: Node) => Node | null): Asked[] {
    const run: Asked[] = [];
    let kind: string | null = null;
    for (let i = start; i < items.length; i++) {
      const value = valueIn(items[i]);
      if (value === null || value.kind !== 'value' || value.qualifiers.direction === 'and') break;
      const asked = this.meaning(value);
      const next = setKind(value, asked);
      if (next === null || (kind !== null && next !== kind)) break;
      kind = next;
      run.push(asked);
    }
    return run;
  }

  private meaning(node: ValueNode): Asked {
    return meaningOf(node.qualifiers, node.value, node, this.expression);
  }

  private broadcast(node: Node & { kind: 'broadcast' | 'multicast' }): Cond {
    const { layers } = this;
    if (node.protocol === null || node.protocol === 'link') {
      if (!layers.isEthernet) layers.fail(node, `${layers.link.name} has no broadcast address: write ip broadcast`);
      return macAt(layers, 0, [255, 255, 255, 255, 255, 255]);
    }
    if (node.protocol !== 'ip') return layers.fail(node, 'broadcast is of ether and ip only');
    const target = load(4, layers.net(16));
    return and(layers.has(etherTypes.ip, node), or(is(target, 0), is(target, 0xffff_ffff)));
  }

  private multicast(node: Node & { kind: 'broadcast' | 'multicast' }): Cond {
    const { layers } = this;
    switch (node.protocol) {
      case null:
      case 'link':
        if (!layers.isEthernet) layers.fail(node, `${layers.link.name} has no multicast addresses: write ip multicast`);
        return test('set', load(1, layers.linkHeader(0)), 1);
      case 'ip':
        return and(layers.has(etherTypes.ip, node), test('ge', load(1, layers.net(16)), 224));
      case 'ip6':
        return and(layers.has(etherTypes.ip6, node), is(load(1, layers.net(24)), 255));
      default:
        return layers.fail(node, 'multicast is of ether, ip and ip6 only');
    }
  }

  private direction(node: Node, outbound: boolean): Cond {
    const { layers } = this;
    const sent = (cond: Cond): Cond => (outbound ? cond : not(cond));
    if (layers.isInPppoe)
      layers.fail(node, "the direction stands in front of what 'pppoes' looks into: write it first");
    switch (layers.link.number) {
      case 113:
        return sent(is(load(2, layers.linkHeader(0)), 4));
      case 276:
        return sent(is(load(1, layers.linkHeader(10)), 4));
      case 166:
        return is(load(1, layers.linkHeader(0)), outbound ? 1 : 0);
      default:
        return layers.fail(node, `${layers.link.name} does not tell the direction; Linux cooked captures do`);
    }
  }
}

/** Values of the same kind can be looked up together; null: not at all. */
function setKind({ qualifiers }: ValueNode, asked: Asked): string | null {
  const direction = qualifiers.direction ?? 'or';
  if (asked.asks === 'ports') return `ports ${asked.protocol} ${direction}`;
  if (asked.asks !== 'network4') return null;
  const { mask } = asked.network;
  // A mask with holes is no range.
  const isPrefix = ((~mask + 1) & ~mask) === 0;
  return isPrefix ? `network4 ${qualifiers.protocol} ${direction}` : null;
}
