import { FilterError, type Span } from './filter-error.js';
import { scan, type Token } from './scanner.js';

/**
 * Brackets, `not`s and alternations of `and` and `or` within each other: each is a call deep in parser and compiler.
 */
export const filterDepthMax = 200;

/** Tokens of an expression, read from left to right. */
export class TokenStream {
  private readonly tokens: readonly Token[];
  private next = 0;
  private depth = 0;

  constructor(readonly expression: string) {
    this.tokens = scan(expression);
  }

  peek(ahead = 0): Token {
    return this.tokens[Math.min(this.next + ahead, this.tokens.length - 1)];
  }

  take(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.next++;
    return token;
  }

  /** Whether the next token is one of these words or symbols. */
  is(...texts: readonly string[]): boolean {
    return this.isAt(0, ...texts);
  }

  isAt(ahead: number, ...texts: readonly string[]): boolean {
    const { kind, text } = this.peek(ahead);
    return (kind === 'word' || kind === 'symbol') && texts.includes(text);
  }

  takeIf(...texts: readonly string[]): Token | null {
    return this.is(...texts) ? this.take() : null;
  }

  expect(text: string, what: string): Token {
    return this.takeIf(text) ?? this.fail(this.peek(), `expected ${what}`);
  }

  fail(at: Span, reason: string): never {
    throw new FilterError(at, reason, this.expression);
  }

  /** Runs what may call itself, as deep as filterDepthMax. */
  deeper<T>(run: () => T): T {
    if (++this.depth > filterDepthMax)
      this.fail(this.peek(), `brackets and 'not' are more than ${filterDepthMax} deep here`);
    const result = run();
    this.depth--;
    return result;
  }
}
