import { isTerm, parseTerm, type Bracketed } from './parse-terms.js';
import { parseHead, parseValue } from './parse-primitives.js';
import type { Token } from './scanner.js';
import { filterDepthMax, TokenStream } from './token-stream.js';
import type { Node, Qualifiers, Relation } from './tree.js';
import { protocols } from './words.js';

/** A condition, and the qualifiers that a bare value behind it takes over: `port 80 or 443`. Null: it has none. */
interface Condition {
  readonly node: Node;
  readonly qualifiers: Qualifiers | null;
  /** How often `and` and `or` alternate on its left side. */
  readonly depth: number;
}

const relations = ['=', '!=', '>', '>=', '<', '<='];
const arithmetic = ['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>', ...relations];

/** Reads an expression of pcap-filter(7). Throws FilterError. */
export function parseFilter(expression: string): Node {
  const tokens = new TokenStream(expression);
  if (tokens.peek().kind === 'end') return { kind: 'all', from: 0, to: 0 };
  const parser = new Parser(tokens);
  const { node } = parser.expression(null);
  const rest = tokens.peek();
  if (rest.kind !== 'end') parser.failBehind(rest);
  return node;
}

class Parser {
  constructor(private readonly tokens: TokenStream) {}

  expression(context: Qualifiers | null): Condition {
    const first = this.conditionOrTerm(context);
    if (isTerm(first)) return this.tokens.fail(this.tokens.peek(), this.loneNumber(first.term.from));
    return first.condition;
  }

  /** What brackets hold. */
  private conditionOrTerm(context: Qualifiers | null): Bracketed<Condition> {
    const { tokens } = this;
    const first = this.primitiveOrTerm(context);
    if (isTerm(first))
      return tokens.is('and', 'or') ? tokens.fail(tokens.peek(), this.loneNumber(first.term.from)) : first;
    return { condition: this.join(first.condition, (left) => this.operand(left)) };
  }

  /** Conditions from left to right: `and` and `or` bind alike. */
  private join(first: Condition, next: (left: Condition) => Condition): Condition {
    let left = first;
    for (let word = this.tokens.takeIf('and', 'or'); word !== null; word = this.tokens.takeIf('and', 'or')) {
      if (this.tokens.peek().kind === 'end')
        this.tokens.fail(this.tokens.peek(), `expected a condition after '${word.text}'`);
      const right = next(left);
      const kind = word.text as 'and' | 'or';
      const depth = left.depth + (left.node.kind === kind ? 0 : 1);
      if (depth > filterDepthMax)
        this.tokens.fail(word, `'and' and 'or' alternate more than ${filterDepthMax} times before this`);
      left = { node: joined(kind, left.node, right.node), qualifiers: right.qualifiers, depth };
    }
    return left;
  }

  private operand(left: Condition): Condition {
    const { tokens } = this;
    if (!this.valueFollows()) return this.primitive(left.qualifiers);
    if (left.qualifiers === null) return tokens.fail(tokens.peek(), this.bareValue(tokens.peek()));
    return this.value(left.qualifiers);
  }

  private primitive(context: Qualifiers | null): Condition {
    const part = this.primitiveOrTerm(context);
    if (isTerm(part)) return this.tokens.fail(this.tokens.peek(), this.loneNumber(part.term.from));
    return part.condition;
  }

  private primitiveOrTerm(context: Qualifiers | null): Bracketed<Condition> {
    const { tokens } = this;
    const token = tokens.peek();
    if (tokens.takeIf('not')) return tokens.deeper(() => ({ condition: this.negate(token, this.negated(context)) }));
    const isLoad = token.kind === 'word' && Object.hasOwn(protocols, token.text) && tokens.isAt(1, '[');
    if (token.kind !== 'number' && !isLoad && !tokens.is('len', '-', '(')) return { condition: this.simple(token) };
    const left = parseTerm<Condition>(tokens, () => this.inBrackets(context));
    if (!isTerm(left)) return left;
    const relation = tokens.takeIf(...relations);
    if (relation === null) return left;
    const right = parseTerm<Condition>(tokens, () => this.inBrackets(context));
    if (!isTerm(right)) return tokens.fail(relation, 'a number is compared with a condition');
    const node: Node = {
      kind: 'relation',
      relation: relation.text as Relation,
      left: left.term,
      right: right.term,
      from: left.term.from,
      to: right.term.to,
    };
    return { condition: { node, qualifiers: null, depth: 0 } };
  }

  private inBrackets(context: Qualifiers | null): Bracketed<Condition> {
    if (context !== null && this.valueFollows())
      return { condition: this.join(this.value(context), () => this.value(context)) };
    const inside = this.conditionOrTerm(context);
    return isTerm(inside) ? inside : { condition: { ...inside.condition, qualifiers: context } };
  }

  private negated(context: Qualifiers | null): Condition {
    return context !== null && this.valueFollows() ? this.value(context) : this.primitive(context);
  }

  private negate({ from }: Token, { node, qualifiers, depth }: Condition): Condition {
    return { node: { kind: 'not', item: node, from, to: node.to }, qualifiers, depth };
  }

  /** A value without its own keywords, after `and`, `or`, or a keyword. */
  private value(qualifiers: Qualifiers): Condition {
    const { tokens } = this;
    const token = tokens.peek();
    if (tokens.takeIf('not')) return tokens.deeper(() => this.negate(token, this.value(qualifiers)));
    if (tokens.takeIf('(')) {
      return tokens.deeper(() => {
        const inside = this.join(this.value(qualifiers), () => this.value(qualifiers));
        tokens.expect(')', `')' for the '(' at character ${token.from + 1}, or 'or' and a further value`);
        return { ...inside, qualifiers };
      });
    }
    return { node: parseValue(tokens, qualifiers), qualifiers, depth: 0 };
  }

  private simple(token: Token): Condition {
    const head = parseHead(this.tokens);
    if (head !== null && 'kind' in head) return { node: head, qualifiers: null, depth: 0 };
    if (head === null) return this.failNoCondition(token);
    const { node, qualifiers, depth } = this.value(head);
    return { node: { ...node, from: token.from }, qualifiers, depth };
  }

  /** Whether a value without keywords comes next, behind brackets and `not`. */
  private valueFollows(): boolean {
    const { tokens } = this;
    let ahead = 0;
    let open = 0;
    for (; tokens.isAt(ahead, '(', 'not'); ahead++) if (tokens.isAt(ahead, '(')) open++;
    const { kind } = tokens.peek(ahead);
    if (kind !== 'number') return kind === 'name' || kind === 'ipv4' || kind === 'ipv6' || kind === 'mac';
    for (ahead++; open > 0 && tokens.isAt(ahead, ')'); open--) ahead++;
    return !tokens.isAt(ahead, ...arithmetic);
  }

  private loneNumber(from: number): string {
    return `the number at character ${from + 1} is no condition: compare it (tcp[13] & 2 != 0), or write port, host or net before it`;
  }

  private bareValue({ kind, text }: Token): string {
    if (kind === 'number') return `a bare number says nothing here: write port ${text}, net ${text} or len = ${text}`;
    return kind === 'name' ? `'${text}' is no word of the language: write port ${text}` : `write host ${text}`;
  }

  private failNoCondition(token: Token): never {
    const { tokens } = this;
    if (token.kind === 'end') return tokens.fail(token, 'expected a condition');
    if (token.kind === 'ipv4' || token.kind === 'ipv6')
      return tokens.fail(token, `an address needs a keyword: write host ${token.text}`);
    if (token.kind === 'mac')
      return tokens.fail(token, `an Ethernet address needs keywords: write ether host ${token.text}`);
    if (token.kind === 'name')
      return tokens.fail(
        token,
        `'${token.text}' is no word of the language; a name needs a keyword, such as port ${token.text}`,
      );
    return tokens.fail(token, 'expected a condition, such as tcp, port 443, host 192.0.2.1 or net 10');
  }

  failBehind(rest: Token): never {
    if (rest.text === ')') return this.tokens.fail(rest, "there is no '(' for this ')'");
    if (rest.text === '&' || rest.text === '|')
      return this.tokens.fail(
        rest,
        `'${rest.text}' joins numbers; conditions are joined by '${rest.text}${rest.text}'`,
      );
    if (rest.text === '/') return this.tokens.fail(rest, 'a prefix length stands behind four numbers: net 10.0.0.0/8');
    return this.tokens.fail(rest, "expected 'and', 'or' or the end");
  }
}

/** A list of the same word grows in place: a copy for each further item would take quadratic time. */
function joined(kind: 'and' | 'or', left: Node, right: Node): Node {
  const span = { from: left.from, to: right.to };
  if (left.kind !== kind) return { kind, items: [left, right], ...span };
  (left.items as Node[]).push(right);
  return { kind, items: left.items, ...span };
}
