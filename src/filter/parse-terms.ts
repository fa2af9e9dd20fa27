import type { Span } from './filter-error.js';
import type { TokenStream } from './token-stream.js';
import type { BinaryOperator, Term } from './tree.js';
import { protocols } from './words.js';

/** How tight operators bind; those of the same number from left to right. */
const precedence: Readonly<Record<string, number>> = {
  '|': 0,
  '&': 1,
  '<<': 2,
  '>>': 2,
  '+': 3,
  '-': 3,
  '*': 4,
  '/': 4,
};

/**
 * libpcap's grammar gives these no precedence: they take the one operand on their left and all that follows
 * on their right. 1 << 2 ^ 3 + 4 is 1 << (2 ^ (3 + 4)).
 */
const greedy = ['^', '%'];

const operators = [...Object.keys(precedence), ...greedy];

/** What may stand in brackets: an arithmetic term, or a whole condition. */
export type Bracketed<C> = { readonly term: Term } | { readonly condition: C };

export const isTerm = <C>(part: Bracketed<C>): part is { readonly term: Term } => 'term' in part;

/** Reads an arithmetic term; brackets may turn out to hold a condition, which then is the whole. */
export function parseTerm<C>(tokens: TokenStream, inBrackets: () => Bracketed<C>, loosest = 0): Bracketed<C> {
  let left = parseOperand(tokens, inBrackets);
  if (!isTerm(left)) {
    if (tokens.is(...operators)) tokens.fail(tokens.peek(), conditionsAreNoNumbers);
    return left;
  }
  while (tokens.is(...operators)) {
    const { text } = tokens.peek();
    const level = greedy.includes(text) ? null : precedence[text];
    if (level !== null && level < loosest) break;
    const operator = tokens.take();
    const right = tokens.deeper(() => parseTerm(tokens, inBrackets, level === null ? 0 : level + 1));
    if (!isTerm(right)) return tokens.fail(operator, conditionsAreNoNumbers);
    left = { term: binary(tokens, text as BinaryOperator, left.term, right.term, operator) };
  }
  return left;
}

const conditionsAreNoNumbers =
  "an arithmetic operator stands beside a condition, which is no number; join conditions with 'and', 'or'";

function parseOperand<C>(tokens: TokenStream, inBrackets: () => Bracketed<C>): Bracketed<C> {
  const token = tokens.peek();
  if (token.kind === 'number') {
    tokens.take();
    return { term: { kind: 'number', value: token.value, text: token.text, from: token.from, to: token.to } };
  }
  if (tokens.takeIf('len')) return { term: { kind: 'len', from: token.from, to: token.to } };
  if (tokens.takeIf('-'))
    return tokens.deeper(() => {
      const of = parseOperand(tokens, inBrackets);
      if (!isTerm(of)) return tokens.fail(token, conditionsAreNoNumbers);
      return { term: { kind: 'negative', of: of.term, from: token.from, to: of.term.to } };
    });
  if (tokens.takeIf('('))
    return tokens.deeper(() => {
      const inside = inBrackets();
      tokens.expect(')', `')' for the '(' at character ${token.from + 1}`);
      return inside;
    });
  if (token.kind === 'word' && Object.hasOwn(protocols, token.text) && tokens.isAt(1, '['))
    return { term: parseLoad(tokens, inBrackets) };
  return tokens.fail(token, "expected a number, 'len', or bytes of the packet such as tcp[13]");
}

function parseLoad<C>(tokens: TokenStream, inBrackets: () => Bracketed<C>): Term {
  const protocol = tokens.take();
  tokens.take();
  const index = tokens.deeper(() => parseTerm(tokens, inBrackets));
  if (!isTerm(index)) return tokens.fail(protocol, 'the offset in brackets must be a number');
  let size = 1;
  if (tokens.takeIf(':')) {
    const given = tokens.take();
    size = given.value;
    if (given.kind !== 'number' || (size !== 1 && size !== 2 && size !== 4))
      return tokens.fail(given, 'bytes are read 1, 2 or 4 at a time');
  }
  const end = tokens.expect(']', `']' or ':' and a size, such as ${protocol.text}[0:2]`);
  return {
    kind: 'load',
    protocol: protocols[protocol.text],
    index: index.term,
    size: size as 1 | 2 | 4,
    from: protocol.from,
    to: end.to,
  };
}

function binary(tokens: TokenStream, operator: BinaryOperator, left: Term, right: Term, at: Span): Term {
  if (right.kind === 'number') {
    if ((operator === '/' || operator === '%') && right.value === 0) tokens.fail(at, 'division by zero');
    if ((operator === '<<' || operator === '>>') && right.value > 31) tokens.fail(at, 'shift by more than 31 bits');
  }
  return { kind: 'binary', operator, left, right, from: left.from, to: right.to };
}
