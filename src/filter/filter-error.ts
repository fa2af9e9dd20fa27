import { TriremeError } from '../common/errors.js';

/** Characters of an expression that an error shows around the place where it is wrong. */
const shownChars = 60;

/** Where a part of an expression stands: offsets in characters, the second one behind it. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** An expression that is wrong, or that cannot be asked of a link type. */
export class FilterError extends TriremeError {
  constructor(
    readonly span: Span,
    /** What is wrong, what was expected, what to write instead. */
    readonly reason: string,
    readonly expression: string,
  ) {
    super('USAGE', `filter, ${place(expression, span)}: ${reason}`);
  }
}

function place(expression: string, { from, to }: Span): string {
  if (from >= expression.length)
    return expression === '' ? 'which is empty' : `at its end, after '${cut(expression.slice(-20))}'`;
  return `at character ${from + 1}, '${cut(expression.slice(from, Math.max(to, from + 1)))}'`;
}

const cut = (text: string): string => (text.length > shownChars ? `${text.slice(0, shownChars)}...` : text);
