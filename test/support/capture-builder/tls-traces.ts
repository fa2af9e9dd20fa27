import fc from 'fast-check';
import { join, net, u8, zeros } from './bytes.js';
import { classicCapture, type ClassicRecord } from './classic-capture.js';
import { endsOf } from './client-ends.js';
import { frame, linkTypes } from './frames.js';
import { ipv4, ipv6, protocols } from './packets.js';

export interface HelloForm {
  /** Null: no extension has one. */
  readonly name: string | null;
  readonly ciphers?: readonly number[];
  readonly groups?: readonly number[];
  readonly algorithms?: readonly number[];
  readonly alpn?: readonly string[];
  readonly versions?: readonly number[];
  /** Other extensions, without content, behind these. */
  readonly others?: readonly number[];
  /** Bytes of padding (RFC 7685). */
  readonly padding?: number;
}

const words = (values: readonly number[]): Uint8Array => join(...values.map((value) => net.u16(value)));
const behind16 = (bytes: Uint8Array): Uint8Array => join(net.u16(bytes.length), bytes);
const behind8 = (bytes: Uint8Array): Uint8Array => join(u8(bytes.length), bytes);
const extension = (type: number, content: Uint8Array): Uint8Array => join(net.u16(type), behind16(content));

/** A ClientHello in one record (RFC 8446, 4.1.2). */
export function clientHello(form: HelloForm): Uint8Array {
  const {
    name,
    ciphers = [0x1301],
    groups = [],
    algorithms = [],
    alpn = [],
    versions = [],
    others = [],
    padding,
  } = form;
  const protocolNames = join(...alpn.map((protocol) => behind8(Buffer.from(protocol))));
  const extensions = join(
    ...(name === null ? [] : [extension(0, behind16(join(u8(0), behind16(Buffer.from(name)))))]),
    ...(groups.length === 0 ? [] : [extension(10, behind16(words(groups)))]),
    ...(algorithms.length === 0 ? [] : [extension(13, behind16(words(algorithms)))]),
    ...(alpn.length === 0 ? [] : [extension(16, behind16(protocolNames))]),
    ...(versions.length === 0 ? [] : [extension(43, behind8(words(versions)))]),
    ...others.map((type) => extension(type, zeros(0))),
    ...(padding === undefined ? [] : [extension(21, zeros(padding))]),
  );
  const body = join(net.u16(0x0303), zeros(32), u8(0), behind16(words(ciphers)), u8(1, 0), behind16(extensions));
  const message = join(u8(1, 0), net.u16(body.length), body);
  return join(u8(22, 3, 1), behind16(message));
}

/** A segment of a client, known by its number, to a server. */
export interface TlsSegment {
  readonly client: number;
  readonly seq: number;
  readonly data: Uint8Array;
  /** From the server. */
  readonly back?: boolean;
  /** Of the server; 443. */
  readonly port?: number;
}

/** Odd clients are of IPv6. */
export function tlsRecord({ client, seq, data, back = false, port = 443 }: TlsSegment): ClassicRecord {
  const { six, from, to } = endsOf(client, back, port);
  const payload = join(
    ...[net.u16(from.port), net.u16(to.port), net.u32(seq), net.u32(1), u8(0x50, 0x18), net.u16(1000), zeros(4)],
    data,
  );
  const packet = { source: from.address, target: to.address, protocol: protocols.tcp, payload };
  return { bytes: frame(linkTypes.ethernet, six ? 6 : 4, six ? ipv6(packet) : ipv4(packet)) };
}

export const tlsCapture = (segments: readonly TlsSegment[]): Uint8Array => classicCapture(segments.map(tlsRecord));

interface Flow {
  readonly start: number;
  readonly cuts: readonly number[];
  readonly padding: number;
  readonly swap: boolean;
  readonly repeat: number;
  readonly lose: number;
  readonly stray: boolean;
}

const flow: fc.Arbitrary<Flow> = fc.record({
  start: fc.constantFrom(1, 0xffff_ff80, 5000),
  cuts: fc.array(fc.nat({ max: 400 }), { maxLength: 3 }),
  padding: fc.nat({ max: 300 }),
  swap: fc.boolean(),
  repeat: fc.nat({ max: 6 }),
  lose: fc.nat({ max: 12 }),
  stray: fc.boolean(),
});

function segmentsOf({ start, cuts, padding, swap, repeat, lose, stray }: Flow, client: number): TlsSegment[] {
  const hello = clientHello({ name: `n${padding % 3}.tls.example`, alpn: ['h2'], padding });
  const places = [...new Set([0, ...cuts.filter((cut) => cut > 0 && cut < hello.length), hello.length])].sort(
    (x, y) => x - y,
  );
  const parts = places.slice(1).map((end, i): TlsSegment => ({
    ...{ client, seq: (start + places[i]) >>> 0, data: hello.subarray(places[i], end) },
  }));
  const far = { client, seq: (start + 1_000_000) >>> 0, data: u8(1, 2, 3) };
  const sent = [...parts.slice(0, 1), ...(stray ? [far] : []), ...(swap ? parts.slice(1).reverse() : parts.slice(1))];
  return [...sent, ...(repeat < sent.length ? [sent[repeat]] : [])].filter((_, i) => i !== lose);
}

/** Some clients side by side: hellos in up to four segments, out of order, sent again, lost, with others in between. */
export const tlsTrace: fc.Arbitrary<readonly TlsSegment[]> = fc
  .record({
    flows: fc.array(flow, { minLength: 1, maxLength: 5 }),
    order: fc.array(fc.nat({ max: 4 }), { minLength: 40, maxLength: 40 }),
  })
  .map(({ flows, order }) => {
    const left = flows.map((one, i) =>
      // A second hello of a client lies behind its first one, near or far.
      segmentsOf({ ...one, start: (one.start + 700 * i) >>> 0 }, i % 3),
    );
    const all: TlsSegment[] = [];
    for (const number of order) all.push(...left[number % left.length].splice(0, 1));
    return [...all, ...left.flat()];
  });
