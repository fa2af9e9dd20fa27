import { bitsMask, macBytes, networkOfNumber, parseNetwork4, words6, type Network4 } from './addresses.js';
import type { Range } from './code.js';
import { FilterError, type Span } from './filter-error.js';
import { serviceOf, type PortProtocol } from './names.js';
import { numberOf } from './scanner.js';
import type { Qualifiers, Value } from './tree.js';

/** What a value with its qualifiers asks for. */
export type Asked =
  | { readonly asks: 'network4'; readonly network: Network4 }
  | { readonly asks: 'network6'; readonly address: readonly number[]; readonly mask: readonly number[] }
  | { readonly asks: 'mac'; readonly bytes: readonly number[] }
  /** Protocol null: TCP, UDP and SCTP. */
  | { readonly asks: 'ports'; readonly range: Range; readonly protocol: PortProtocol | null; readonly isRange: boolean }
  | { readonly asks: 'proto' };

type Fail = (reason: string) => never;

const portMax = 65_535;

/** Whether a value fits its qualifiers, and what it then means. Throws FilterError. */
export function meaningOf(q: Qualifiers, value: Value, span: Span, expression: string): Asked {
  const fail: Fail = (reason) => {
    throw new FilterError(span, reason, expression);
  };
  if (q.type === 'proto') return { asks: 'proto' };
  if (q.type === 'port' || q.type === 'portrange') return portsOf(q, value, fail);
  switch (value.kind) {
    case 'mac':
      if (q.protocol === 'link' && q.type !== 'net') return { asks: 'mac', bytes: macBytes(value.text) };
      return fail(`an Ethernet address is asked for by ether: write ether ${q.direction ?? 'host'} ${value.text}`);
    case 'ipv6':
      return network6(q, value, fail);
    case 'name':
      return fail(
        q.type === 'net'
          ? `names of networks are not looked up: write the network's numbers`
          : `host names are not looked up, so that an expression always means the same: write the address of '${value.text}'`,
      );
    case 'ipv4':
    case 'number':
      return network4(q, value, fail);
  }
}

function checkHost({ protocol, type }: Qualifiers, version: 'ip' | 'ip6', text: string, fail: Fail): void {
  const word = type ?? 'host';
  if (protocol === 'link') fail(`'ether' is for Ethernet addresses: write ${word} ${text}`);
  const fits =
    protocol === null || protocol === version || (version === 'ip' && (protocol === 'arp' || protocol === 'rarp'));
  if (fits) return;
  const alone =
    protocol === 'ip' || protocol === 'ip6' ? `${version} ${word} ${text}` : `${protocol} and ${word} ${text}`;
  fail(`'${protocol}' has no addresses of this kind: write ${alone}`);
}

function network4(q: Qualifiers, value: Value & { kind: 'ipv4' | 'number' }, fail: Fail): Asked {
  checkHost(q, 'ip', value.text, fail);
  if (value.kind === 'number') {
    const network = q.type === 'net' ? networkOfNumber(value.value) : { address: value.value, mask: 0xffff_ffff };
    return { asks: 'network4', network };
  }
  const network = parseNetwork4(value.text, fail);
  if (value.bits === null && value.mask === null) return { asks: 'network4', network };
  const mask = value.mask === null ? bitsMask(value.bits!) : parseNetwork4(value.mask, fail).address;
  const written = value.mask === null ? `/${value.bits}` : ` mask ${value.mask}`;
  if (q.type !== 'net')
    return fail(`a mask is of a network: write ${q.direction ?? ''} net ${value.text}${written}`.replace('  ', ' '));
  if ((network.address & ~mask) !== 0) {
    const net = [24, 16, 8, 0].map((shift) => ((network.address & mask) >>> shift) & 255).join('.');
    return fail(`the address has bits outside its mask: write net ${net}${written}`);
  }
  return { asks: 'network4', network: { address: network.address, mask } };
}

function network6(q: Qualifiers, { text, bits }: Value & { kind: 'ipv6' }, fail: Fail): Asked {
  checkHost(q, 'ip6', text, fail);
  if (q.type !== 'net' && bits !== null && bits !== 128)
    return fail(`a prefix is of a network: write net ${text}/${bits}`);
  const mask = [0, 32, 64, 96].map((from) => bitsMask(Math.max(0, Math.min(32, (bits ?? 128) - from))));
  const address = words6(text);
  if (address.some((word, i) => (word & ~mask[i]) !== 0)) return fail(`the address has bits outside its first ${bits}`);
  return { asks: 'network6', address, mask };
}

function portsOf(q: Qualifiers, value: Value, fail: Fail): Asked {
  const { protocol, type } = q;
  if (protocol !== null && protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp') {
    const direction = q.direction === null ? '' : `${q.direction} `;
    const text = value.text;
    return fail(
      `'${protocol}' has no ports: write ${protocol === 'link' ? '' : `${protocol} and `}${direction}${type} ${text}`,
    );
  }
  if (value.kind === 'number') {
    if (value.value > portMax) return fail(`port ${value.value} is over ${portMax}`);
    return { asks: 'ports', range: { from: value.value, to: value.value }, protocol, isRange: type === 'portrange' };
  }
  if (value.kind !== 'name') return fail(`a port is a number or the name of a service, not an address`);
  return type === 'port' ? named(protocol, value.text, fail) : namedRange(protocol, value.text, fail);
}

function named(protocol: PortProtocol | null, name: string, fail: Fail): Asked {
  const service = serviceOf(name);
  if (service === undefined) {
    const hint = /^\d+-\d+$/.test(name) ? `write portrange ${name}` : 'write its number';
    return fail(`no service is named '${name}': ${hint}`);
  }
  return {
    asks: 'ports',
    range: { from: service.port, to: service.port },
    protocol: protocolOfService(protocol, service.protocol, name, fail),
    isRange: false,
  };
}

function protocolOfService(
  asked: PortProtocol | null,
  has: PortProtocol | null,
  name: string,
  fail: Fail,
): PortProtocol | null {
  if (asked !== null && has !== null && asked !== has) return fail(`service '${name}' is of ${has}, not of ${asked}`);
  return asked ?? has;
}

/** Numbers or names on both sides of the first '-', in any order. */
function namedRange(protocol: PortProtocol | null, text: string, fail: Fail): Asked {
  const dash = text.indexOf('-');
  const ends = (dash < 0 ? [text, text] : [text.slice(0, dash), text.slice(dash + 1)]).map((end) => {
    if (/^(\d+)$/.test(end)) return { port: numberOf(end.replace(/^0+(?=.)/, ''), fail), protocol: null };
    return serviceOf(end) ?? fail(`no service is named '${end}': write the range in numbers, such as 8000-8080`);
  });
  const over = ends.find(({ port }) => port > portMax);
  if (over !== undefined) return fail(`port ${over.port} is over ${portMax}`);
  const has = ends[0].protocol === ends[1].protocol ? ends[0].protocol : null;
  const [from, to] = ends.map(({ port }) => port).sort((a, b) => a - b);
  return { asks: 'ports', range: { from, to }, protocol: protocolOfService(protocol, has, text, fail), isRange: true };
}
