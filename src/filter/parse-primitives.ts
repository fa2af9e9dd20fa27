import type { TokenStream } from './token-stream.js';
import type { Direction, Node, Qualifiers } from './tree.js';
import { protocols } from './words.js';

const types = ['host', 'net', 'port', 'portrange', 'proto'];

/** A primitive that is whole without a value, or what stands before one; null: nothing of both begins here. */
export function parseHead(tokens: TokenStream): Node | Qualifiers | null {
  const first = tokens.peek();
  if (first.kind !== 'word') return null;
  const single = parseSingle(tokens);
  if (single !== null) return single;
  const protocol = Object.hasOwn(protocols, first.text) ? protocols[tokens.take().text] : null;
  const kind = tokens.takeIf('broadcast', 'multicast');
  if (kind !== null) return { kind: kind.text as 'broadcast' | 'multicast', protocol, from: first.from, to: kind.to };
  const direction = parseDirection(tokens);
  const type = tokens.takeIf(...types)?.text ?? null;
  if (direction === null && type === null) {
    if (protocol === null) return null;
    return lonelyProtocol(tokens, first.text, { kind: 'protocol', protocol, from: first.from, to: first.to });
  }
  if (direction !== null && type === 'proto')
    tokens.fail(first, "'src' and 'dst' are of addresses and ports, not of 'proto'");
  return { protocol, direction, type: type as Qualifiers['type'] };
}

/** A protocol by itself. What stands behind it may show that a keyword is missing. */
function lonelyProtocol(tokens: TokenStream, word: string, node: Node): Node {
  const { kind, text } = tokens.peek();
  if (node.kind === 'protocol' && node.protocol === 'link')
    tokens.fail(node, `'${word}' says only where to look: write ether host, ether proto, ether broadcast or ether[0]`);
  if (kind === 'ipv4' || kind === 'ipv6')
    tokens.fail(tokens.peek(), `write ${word} host ${text}, or ${word} net ${text}`);
  if (kind === 'mac') tokens.fail(tokens.peek(), `write ether host ${text}`);
  if (kind === 'number' || kind === 'name')
    tokens.fail(tokens.peek(), `a keyword is missing: write ${word} port ${text}`);
  return node;
}

function parseDirection(tokens: TokenStream): Direction | null {
  const first = tokens.takeIf('src', 'dst');
  if (first === null) return null;
  const other = first.text === 'src' ? 'dst' : 'src';
  if (tokens.is('or', 'and') && tokens.isAt(1, other)) {
    const joined = tokens.take().text as 'or' | 'and';
    tokens.take();
    return joined;
  }
  return first.text as 'src' | 'dst';
}

function parseSingle(tokens: TokenStream): Node | null {
  const first = tokens.peek();
  const word = first.text;
  switch (word) {
    case 'less':
    case 'greater':
    case 'ifindex': {
      tokens.take();
      const number = tokens.take();
      if (number.kind !== 'number') return tokens.fail(number, `'${word}' needs a number`);
      return { kind: word, number: number.value, from: first.from, to: number.to };
    }
    case 'inbound':
    case 'outbound':
    case 'pppoed':
      tokens.take();
      return { kind: word, from: first.from, to: first.to };
    case 'vlan':
    case 'mpls':
    case 'pppoes':
      tokens.take();
      return { kind: word, number: parseTag(tokens, word), from: first.from, to: tokens.peek(-1).to };
    default:
      return null;
  }
}

const tagMax = { vlan: 4095, mpls: 1_048_575, pppoes: 65_535 } as const;

/** The number behind vlan, mpls or pppoes, which may stand in brackets. */
function parseTag(tokens: TokenStream, word: keyof typeof tagMax): number | null {
  let open = 0;
  while (tokens.isAt(open, '(')) open++;
  if (tokens.peek(open).kind !== 'number') return null;
  for (let i = 0; i < open; i++) tokens.take();
  const number = tokens.take();
  if (number.value > tagMax[word]) tokens.fail(number, `over ${tagMax[word]}, the largest number of '${word}'`);
  for (let i = 0; i < open; i++) tokens.expect(')', "')'");
  return number.value;
}

/** A value and what it is asked for. */
export function parseValue(tokens: TokenStream, qualifiers: Qualifiers): Node {
  const token = tokens.take();
  const { kind, text, from } = token;
  const node = (value: (Node & { kind: 'value' })['value'], to = token.to): Node => ({
    kind: 'value',
    qualifiers,
    value,
    from,
    to,
  });
  switch (kind) {
    case 'number':
      if (tokens.is('/') || (tokens.is('mask') && qualifiers.type === 'net'))
        tokens.fail(
          tokens.peek(),
          `a mask needs all four numbers of the network: write net ${fourParts(text)}${shownMask(tokens)}`,
        );
      return node({ kind, value: token.value, text });
    case 'mac':
    case 'name':
      return node({ kind, text });
    case 'ipv6':
      if (tokens.takeIf('/')) {
        const bits = tokens.take();
        if (bits.kind !== 'number' || bits.value > 128) tokens.fail(bits, 'a prefix length of IPv6 is 0 to 128');
        return node({ kind, text, bits: bits.value }, bits.to);
      }
      return node({ kind, text, bits: null });
    case 'ipv4':
      if (tokens.takeIf('/')) {
        const bits = tokens.take();
        if (bits.kind !== 'number' || bits.value > 32) tokens.fail(bits, 'a prefix length of IPv4 is 0 to 32');
        return node({ kind, text, bits: bits.value, mask: null }, bits.to);
      }
      if (tokens.takeIf('mask')) {
        const mask = tokens.take();
        if (mask.kind !== 'ipv4') tokens.fail(mask, 'a mask is written as an address, such as 255.255.0.0');
        return node({ kind, text, bits: null, mask: mask.text }, mask.to);
      }
      return node({ kind, text, bits: null, mask: null });
    default:
      return tokens.fail(token, `expected ${expectedValue(qualifiers)}`);
  }
}

const fourParts = (text: string): string => [...text.split('.'), '0', '0', '0'].slice(0, 4).join('.');

function shownMask(tokens: TokenStream): string {
  const next = tokens.peek(1);
  return tokens.is('/') ? `/${next.kind === 'number' ? next.text : '8'}` : ` mask ${next.text || '255.0.0.0'}`;
}

function expectedValue({ type, protocol }: Qualifiers): string {
  if (type === 'port') return 'a port number or the name of a service';
  if (type === 'portrange') return 'a range of ports, such as 8000-8080';
  if (type === 'net') return 'a network, such as 10.0.0.0/8 or 10';
  if (type === 'proto')
    return `a protocol: a number, or a name behind a backslash, such as ${protocol === 'link' ? '\\ip' : '\\tcp'}`;
  return protocol === 'link' ? 'an Ethernet address, such as 00:11:22:33:44:55' : 'an address, such as 192.0.2.1';
}
