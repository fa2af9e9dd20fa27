import { isIPv6 } from 'node:net';
import { FilterError, type Span } from './filter-error.js';
import { constants, keywords, protocols, refused } from './words.js';

/**
 * Characters of an expression: 5,000 `or`ed IPv4 hosts. A longer one is a mistake, such as a file given for a filter.
 */
export const filterCharsMax = 262_144;

/**
 * `word`: of the language, and/or/not in one spelling; `name`: of a service, a protocol, a host; `number`,
 * `ipv4` (two to four parts), `ipv6`, `mac`: values; `symbol`: operators and brackets; `end`.
 */
export interface Token extends Span {
  readonly kind: 'word' | 'name' | 'number' | 'ipv4' | 'ipv6' | 'mac' | 'symbol' | 'end';
  readonly text: string;
  /** Of numbers, and of words that are numbers. */
  readonly value: number;
}

const byte = '[0-9A-Fa-f]{1,2}';
const number = '(?:0[xX][0-9A-Fa-f]+|[0-9]+)';

/** The longest match counts; of two as long, the first. */
const rules: readonly (readonly [Token['kind'], RegExp])[] = [
  ['mac', new RegExp(`${byte}(?::${byte}){5}|${byte}(?:-${byte}){5}|${byte}(?:\\.${byte}){5}`, 'y')],
  ['mac', /[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}|[0-9A-Fa-f]{12}/y],
  ['ipv4', new RegExp(`${number}(?:\\.${number}){1,3}`, 'y')],
  ['ipv6', /(?:[0-9A-Fa-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4})/y],
  ['number', new RegExp(number, 'y')],
  ['word', /[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?/y],
  ['name', /\\[^ !()\n\t]+/y],
  ['symbol', /&&|\|\||>=|<=|!=|==|<<|>>|[-+*/%:[\]!<>()&|^=]/y],
];

const spellings: Readonly<Record<string, string>> = { '&&': 'and', '||': 'or', '!': 'not', length: 'len', '==': '=' };

/** Throws FilterError where no token begins, or one is refused. The last token is `end`. */
export function scan(expression: string): Token[] {
  if (expression.length > filterCharsMax)
    throw new FilterError(
      { from: 0, to: 1 },
      `${expression.length} characters are over the limit of ${filterCharsMax}`,
      expression,
    );
  const tokens: Token[] = [];
  for (let at = 0; ;) {
    while (/\s/.test(expression.charAt(at))) at++;
    if (at >= expression.length) {
      tokens.push({ kind: 'end', text: '', value: 0, from: expression.length, to: expression.length });
      return tokens;
    }
    const token = tokenAt(expression, at);
    tokens.push(token);
    at = token.to;
  }
}

function tokenAt(expression: string, from: number): Token {
  let kind: Token['kind'] = 'end';
  let text = '';
  for (const [candidate, rule] of rules) {
    rule.lastIndex = from;
    const match = rule.exec(expression);
    if (match !== null && match[0].length > text.length) [kind, text] = [candidate, match[0]];
  }
  const to = from + Math.max(1, text.length);
  const fail = (reason: string): never => {
    throw new FilterError({ from, to }, reason, expression);
  };
  if (kind === 'end') return fail('no word, number or operator of the language begins so');
  if (kind === 'number') return { kind, text, value: numberOf(text, fail), from, to };
  if (kind === 'ipv6' && !isIPv6(text))
    return fail('neither an IPv6 address nor an Ethernet address, which has six bytes');
  if (kind === 'name') return { kind, text: text.slice(1), value: 0, from, to };
  if (kind !== 'word' && kind !== 'symbol') return { kind, text, value: 0, from, to };
  const spelt = Object.hasOwn(spellings, text) ? spellings[text] : text;
  if (kind === 'symbol') return { kind: /^[a-z]/.test(spelt) ? 'word' : 'symbol', text: spelt, value: 0, from, to };
  if (Object.hasOwn(constants, text)) return { kind: 'number', text, value: constants[text], from, to };
  if (Object.hasOwn(refused, text)) return fail(`refused: ${refused[text]}`);
  const isWord = keywords.has(text) || Object.hasOwn(protocols, text);
  return { kind: isWord ? 'word' : 'name', text: spelt, value: 0, from, to };
}

/** A leading 0 is octal, 0x hexadecimal. */
export function numberOf(text: string, fail: (reason: string) => never): number {
  const octal = /^0[0-9]+$/.test(text);
  if (octal && /[89]/.test(text)) return fail(`a number that begins with 0 is octal: write ${text.replace(/^0+/, '')}`);
  const value = octal ? parseInt(text, 8) : Number(text);
  return value <= 0xffff_ffff ? value : fail(`over ${0xffff_ffff}, the largest number of 32 bits`);
}
