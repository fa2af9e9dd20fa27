import type { Span } from './filter-error.js';

/** Which end of a packet: `or` is the default. */
export type Direction = 'src' | 'dst' | 'or' | 'and';

/**
 * What stands before a value: `tcp src port` is { protocol: 'tcp', direction: 'src', type: 'port' }; null: not said.
 */
export interface Qualifiers {
  readonly protocol: string | null;
  readonly direction: Direction | null;
  readonly type: 'host' | 'net' | 'port' | 'portrange' | 'proto' | null;
}

export type Value =
  /** Two to four parts of an address, as written; `bits` or `mask` where a prefix or a mask was written. */
  | { readonly kind: 'ipv4'; readonly text: string; readonly bits: number | null; readonly mask: string | null }
  | { readonly kind: 'ipv6'; readonly text: string; readonly bits: number | null }
  | { readonly kind: 'mac'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number; readonly text: string }
  | { readonly kind: 'name'; readonly text: string };

export interface Arithmetic extends Span {
  readonly kind: 'number' | 'len' | 'load' | 'negative' | 'binary';
}

export interface NumberTerm extends Arithmetic {
  readonly kind: 'number';
  readonly value: number;
  readonly text: string;
}

export interface LengthTerm extends Arithmetic {
  readonly kind: 'len';
}

/** proto[index:size] */
export interface LoadTerm extends Arithmetic {
  readonly kind: 'load';
  readonly protocol: string;
  readonly index: Term;
  readonly size: 1 | 2 | 4;
}

export interface NegativeTerm extends Arithmetic {
  readonly kind: 'negative';
  readonly of: Term;
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>';

export interface BinaryTerm extends Arithmetic {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Term;
  readonly right: Term;
}

export type Term = NumberTerm | LengthTerm | LoadTerm | NegativeTerm | BinaryTerm;

export type Relation = '=' | '!=' | '>' | '>=' | '<' | '<=';

/** An expression. `and` and `or` have two items or more. */
export type Node = Span &
  (
    | { readonly kind: 'and' | 'or'; readonly items: readonly Node[] }
    | { readonly kind: 'not'; readonly item: Node }
    | { readonly kind: 'value'; readonly qualifiers: Qualifiers; readonly value: Value }
    | { readonly kind: 'protocol'; readonly protocol: string }
    | { readonly kind: 'relation'; readonly relation: Relation; readonly left: Term; readonly right: Term }
    | { readonly kind: 'broadcast' | 'multicast'; readonly protocol: string | null }
    | { readonly kind: 'less' | 'greater' | 'ifindex'; readonly number: number }
    | { readonly kind: 'inbound' | 'outbound' | 'pppoed' }
    | { readonly kind: 'vlan' | 'mpls' | 'pppoes'; readonly number: number | null }
    /** The empty expression. */
    | { readonly kind: 'all' }
  );
