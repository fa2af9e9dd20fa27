import fc from 'fast-check';
import type { NamesFacts } from '../../../../src/pcap/names-types.js';
import type { CaptureFacts } from '../../../../src/pcap/report-types.js';
import { toCanonicalJson } from '../../../../src/pcap/rows/json-pieces.js';
import { classicCapture } from '../../../support/capture-builder.js';
import { join, net, zeros } from '../../../support/capture-builder/bytes.js';
import { dnsMessage, dnsRecord, type DnsForm } from '../../../support/capture-builder/dns-traces.js';
import { tlsCapture, tlsRecord, type TlsSegment } from '../../../support/capture-builder/tls-traces.js';
import { headerOf, plansAt, reportOptions, scanOptions, scanSplit, scanWhole } from '../../../support/engine.js';
import { holds } from '../../../support/property.js';

const names = { ...scanOptions, names: true };
const everything = { ...reportOptions, top: 100 };
const dnsIn = (bytes: Uint8Array): NamesFacts['dns'] =>
  (scanWhole(bytes, names, undefined, everything) as CaptureFacts).names!.dns;
const framed = (form: DnsForm): Uint8Array => {
  const message = dnsMessage(form);
  return join(net.u16(message.length), message);
};
const segment = (seq: number, data: Uint8Array, back = false): TlsSegment => ({ client: 0, port: 53, seq, data, back });
const dnsOf = (...segments: TlsSegment[]): NamesFacts['dns'] => dnsIn(tlsCapture(segments));
const ask = framed({ id: 1, name: 'a.example' });
const more = framed({ id: 2, name: 'b.example' });
const answer = framed({
  id: 1,
  name: 'a.example',
  response: true,
  answers: [{ type: 1, data: Buffer.from([192, 0, 2, 1]) }],
});

test('queries and answers over TCP are in the tables of those over UDP', () => {
  const { names: rows, ...dns } = dnsOf(segment(1, join(ask, more)), segment(1, answer, true));
  expect(dns).toMatchObject({ queries: 2, answered: 1, unanswered: 1, no_error: 1, over_tcp: 3, incomplete: 0 });
  expect(rows.rows.map(({ name, queries, answered }) => [name, queries, answered])).toEqual([
    ['a.example', 1, 1],
    ['b.example', 1, 0],
  ]);
});

test('an answer over TCP is none to a query over UDP', () => {
  const ends = { six: false, client: 0, port: 40_000, server: 7, timeNs: 0n };
  const query = dnsRecord({ ...ends, toServer: true, message: dnsMessage({ id: 1, name: 'a.example' }) });
  const reply = tlsRecord(segment(1, answer, true));
  expect(dnsIn(classicCapture([query, reply]))).toMatchObject({ queries: 1, answered: 0, answers_without_query: 1 });
});

/** Messages in segments that are cut anywhere and partly sent again. */
const cutStream = fc
  .record({
    ids: fc.array(fc.nat({ max: 500 }), { minLength: 1, maxLength: 8 }),
    cuts: fc.array(fc.nat({ max: 200 }), { maxLength: 8 }),
    again: fc.array(fc.nat({ max: 8 }), { maxLength: 3 }),
    start: fc.constantFrom(1, 0xffff_ffe0),
  })
  .map(({ ids, cuts, again, start }) => {
    const stream = join(...ids.map((id) => framed({ id, name: `n${id}.example` })));
    // What does not begin with a length and a header is not taken for a message.
    const inside = [...new Set(cuts)].filter((cut) => cut >= 14 && cut < stream.length).sort((x, y) => x - y);
    const places = [0, ...inside, stream.length];
    const segments = places
      .slice(1)
      .map((end, i) => segment((start + places[i]) >>> 0, stream.subarray(places[i], end)));
    const sent = segments.flatMap((one, i) => {
      const before = Math.max(0, places[i] - 9);
      return again.includes(i) ? [one, segment((start + before) >>> 0, stream.subarray(before, places[i + 1]))] : [one];
    });
    return { ids, bytes: tlsCapture(sent) };
  });

test('messages in segments that are cut anywhere and sent again are told once, wherever the file is cut', () => {
  holds(
    fc.record({ stream: cutStream, share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    ({ stream: { ids, bytes }, share }) => {
      const { over_tcp, incomplete, names: rows } = dnsIn(bytes);
      expect({ over_tcp, incomplete }).toEqual({ over_tcp: ids.length, incomplete: 0 });
      expect(rows.rows.map(({ name }) => name).sort()).toEqual([...new Set(ids.map((id) => `n${id}.example`))].sort());
      const plans = plansAt(headerOf(bytes), [25 + Math.floor(share * (bytes.length - 26))]);
      const { report } = scanSplit(bytes, plans, names, undefined, everything);
      expect(toCanonicalJson(report)).toBe(toCanonicalJson(scanWhole(bytes, names, undefined, everything)));
    },
    200,
  );
});

describe('a message of which a part is missing', () => {
  test('is incomplete, and the next one that begins with a segment is told', () => {
    expect(dnsOf(segment(1, ask.subarray(0, 20)), segment(1000, more))).toMatchObject({
      ...{ queries: 1, over_tcp: 1, incomplete: 1 },
      names: { rows: [{ name: 'b.example' }] },
    });
  });

  test('because the packet was cut is told as far as it goes', () => {
    const { bytes } = tlsRecord(segment(1, answer));
    const cut = { bytes: bytes.subarray(0, bytes.length - 3), originalLength: bytes.length };
    expect(dnsIn(classicCapture([cut]))).toMatchObject({
      answers_without_query: 1,
      over_tcp: 1,
      cut: 1,
      incomplete: 0,
    });
  });
});

test('a length may come in a segment of its own', () => {
  expect(dnsOf(segment(1, ask.subarray(0, 2)), segment(3, ask.subarray(2)))).toMatchObject({ queries: 1, over_tcp: 1 });
});

test('of a long message 4,096 bytes are read, and what follows it is told', () => {
  const long = join(dnsMessage({ id: 9, name: 'long.example' }), zeros(6000));
  const stream = join(net.u16(long.length), long, more);
  const parts = [0, 1000, 5000].map((at, i, all) => segment(1 + at, stream.subarray(at, all[i + 1])));
  expect(dnsOf(...parts)).toMatchObject({ queries: 2, over_tcp: 2, incomplete: 0 });
});

test.each([
  ['no length of a message', Buffer.from('0005000102030405060708090a', 'hex')],
  ['no opcode', join(net.u16(100), net.u16(1), net.u16(0x3800), net.u16(1), zeros(90))],
  ['two questions', join(net.u16(100), net.u16(1), net.u16(0x0100), net.u16(2), zeros(90))],
])('a segment that begins with %s begins no message', (_what, data) => {
  expect(dnsOf(segment(1, data))).toMatchObject({ over_tcp: 0, incomplete: 0, malformed: 0 });
});

test('a segment less than 1 MiB back is sent again, and one further back begins anew', () => {
  const at = (seq: number): NamesFacts['dns'] => dnsOf(segment(5_000_000, more), segment(seq, ask));
  const next = 5_000_000 + more.length;
  expect(at(next - 2 ** 20 + 1).over_tcp).toBe(1);
  expect(at(next - 2 ** 20).over_tcp).toBe(2);
});

test('the first fragment of a datagram is cut', () => {
  const ends = { six: false, client: 1, port: 1024, server: 1, timeNs: 0n };
  const { bytes } = dnsRecord({
    ...ends,
    toServer: false,
    message: dnsMessage({ id: 1, name: 'a.example', response: true }),
  });
  const fragment = Buffer.from(bytes.subarray(0, bytes.length - 8));
  fragment.writeUInt16BE(fragment.readUInt16BE(16) - 8, 16);
  fragment.writeUInt16BE(0x2000, 20);
  expect(dnsIn(classicCapture([{ bytes: fragment }]))).toMatchObject({ malformed: 0, cut: 1 });
});
