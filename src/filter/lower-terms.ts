import { and, is, load, not, test, type Cond, type Num } from './code.js';
import type { Span } from './filter-error.js';
import { etherTypes, type Layers } from './layers.js';
import { isProtocol } from './lower-protocols.js';
import type { LoadTerm, Relation, Term } from './tree.js';

/** A number, and what must hold of the packet before it is read; null: nothing. */
interface Lowered {
  readonly num: Num;
  readonly needs: Cond | null;
}

const both = (first: Cond | null, second: Cond | null): Cond | null =>
  first === null ? second : second === null ? first : and(first, second);

/** A comparison: first the protocols of both sides, then the numbers. */
export function lowerRelation(layers: Layers, relation: Relation, leftTerm: Term, rightTerm: Term): Cond {
  const left = lowerTerm(layers, leftTerm);
  const right = lowerTerm(layers, rightTerm);
  const compared = compare(relation, left.num, right.num);
  const needs = both(left.needs, right.needs);
  return needs === null ? compared : and(needs, compared);
}

function compare(relation: Relation, left: Num, right: Num): Cond {
  const [op, negated] = (
    {
      '=': ['eq', false],
      '!=': ['eq', true],
      '>': ['gt', false],
      '>=': ['ge', false],
      '<': ['ge', true],
      '<=': ['gt', true],
    } as const
  )[relation];
  const cond = simplified(op, left, right);
  return negated ? not(cond) : cond;
}

/** Bytes with a mask against a constant are a test, which is cheaper and may turn out to be known. */
function simplified(op: 'eq' | 'gt' | 'ge', left: Num, right: Num): Cond {
  if (right.v !== 'constant') return { c: 'compare', op, left, right };
  if (left.v === 'load') return test(op, left, right.value);
  const masked = left.v === 'binary' && left.operator === '&' && left.left.v === 'load' && left.right.v === 'constant';
  if (!masked) return { c: 'compare', op, left, right };
  const { left: bytes, right: mask } = left as { left: Num & { v: 'load' }; right: Num & { v: 'constant' } };
  return test(op, bytes, right.value, mask.value);
}

function lowerTerm(layers: Layers, term: Term): Lowered {
  switch (term.kind) {
    case 'number':
      return { num: { v: 'constant', value: term.value }, needs: null };
    case 'len':
      return { num: { v: 'length' }, needs: null };
    case 'negative': {
      const { num, needs } = lowerTerm(layers, term.of);
      return { num: { v: 'negative', of: num }, needs };
    }
    case 'binary': {
      const left = lowerTerm(layers, term.left);
      const right = lowerTerm(layers, term.right);
      // As in libpcap, where the protocol of an operator's right side is not asked for: 1 + tcp[0] reads any packet.
      return { num: { v: 'binary', operator: term.operator, left: left.num, right: right.num }, needs: left.needs };
    }
    case 'load':
      return lowerLoad(layers, term);
  }
}

const behindIpv4 = ['tcp', 'udp', 'sctp', 'icmp', 'igmp', 'igrp', 'pim', 'vrrp', 'carp'];
const networks = ['ip', 'ip6', 'arp', 'rarp', 'atalk', 'decnet', 'lat', 'sca', 'mopdl', 'moprc'];

function lowerLoad(layers: Layers, term: LoadTerm): Lowered {
  const { protocol, size } = term;
  const index = lowerTerm(layers, term.index);
  if (protocol === 'link') return { num: at(size, layers.linkHeader(0), index.num), needs: index.needs };
  if (networks.includes(protocol))
    return { num: at(size, layers.net(0), index.num), needs: both(index.needs, isProtocol(layers, protocol, term)) };
  if (behindIpv4.includes(protocol)) return lowerBehindIpv4(layers, term, index);
  if (protocol === 'icmp6') {
    const isNext = is(load(1, layers.net(6)), 58);
    const needs = both(both(isIp6(layers, term), isNext), null);
    return { num: at(size, layers.net(40), index.num), needs: both(index.needs, needs) };
  }
  return layers.fail(
    term,
    `bytes of '${protocol}' cannot be read: read those of link, ip, ip6, arp or what is behind IPv4`,
  );
}

/** Only IPv4: the length of what is in front is known there, and no later fragment has these bytes. */
function lowerBehindIpv4(layers: Layers, term: LoadTerm, index: Lowered): Lowered {
  const start = layers.net(0);
  const header: Num = { v: 'header', offset: start };
  const isZero = index.num.v === 'constant' && index.num.value < 2 ** 31;
  const num = isZero
    ? load(term.size, start + (index.num as { value: number }).value, header)
    : load(term.size, start, { v: 'binary', operator: '+', left: index.num, right: header });
  const needs = and(
    ...[
      layers.has(etherTypes.ip, term),
      ...(index.needs === null ? [] : [index.needs]),
      isProtocol(layers, term.protocol, term),
      isFirstFragment(layers),
    ],
  );
  return { num, needs };
}

export function isFirstFragment(layers: Layers): Cond {
  return not(test('set', load(2, layers.net(6)), 0x1fff));
}

const isIp6 = (layers: Layers, span: Span): Cond => layers.has(etherTypes.ip6, span);

function at(size: 1 | 2 | 4, offset: number, index: Num): Num {
  if (index.v === 'constant' && index.value < 2 ** 31) return load(size, offset + index.value);
  return load(size, offset, index);
}
