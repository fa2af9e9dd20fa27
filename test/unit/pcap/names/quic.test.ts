import { clientKeys, cryptoPieces, openInitial, readInitial } from '../../../../src/pcap/names/quic-packet.js';
import { quicPiecesMax } from '../../../../src/pcap/names/quic.js';
import type { NamesFacts } from '../../../../src/pcap/names-types.js';
import type { CaptureFacts } from '../../../../src/pcap/report-types.js';
import { toCanonicalJson } from '../../../../src/pcap/rows/json-pieces.js';
import { clientHello } from '../../../support/capture-builder/tls-traces.js';
import {
  cryptoFrame,
  initialPacket,
  padded,
  quic1,
  quic2,
  udpCapture,
  type InitialForm,
  type UdpForm,
} from '../../../support/capture-builder/quic-traces.js';
import { headerOf, plansAt, reportOptions, scanOptions, scanSplit, scanWhole } from '../../../support/engine.js';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
const id = hex('8394c8f03e515708');
/** The frame of CRYPTO of RFC 9001, A.2, whose ClientHello asks for example.com. */
const frame = hex(`060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868
  04fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017
  00180010000700050461 6c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce1
  5d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c00024001003900320408ffffff
  ffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff`);

describe('an Initial packet of a client', () => {
  test.each([
    [
      ...['of version 1 (RFC 9001, A.1, A.2)', quic1, '1f369613dd76d5467730efcbe3b1a22d', 'fa044b2f42a3fd3b46fb255c'],
      ...['9f50449e04a0e810283a1e9933adedd2', 'c000000001088394c8f03e5157080000449e7b9aec34'],
      'd1b1c98dd7689fb8ec11d242b123dc9b',
    ],
    [
      ...['of version 2 (RFC 9369, A.1, A.2)', quic2, '8b1a0bc121284290a29e0971b5cd045d', '91f73e2351d8fa91660e909f'],
      ...['45b95e15235d6f45a6b19cbcb0294ba9', 'd76b3343cf088394c8f03e5157080000449ea0c95e82'],
      'ffe67b6abcdb4298b485dd04de806071',
    ],
  ] as const)('%s is opened with the published keys', (_what, quic, key, iv, hp, header, sample) => {
    const keys = clientKeys({ version: quic.version, targetId: id });
    expect(Object.values(keys).map((value) => value.toString('hex'))).toEqual([key, iv, hp]);
    const packet = Buffer.from(initialPacket({ quic, id, number: 2, frames: padded(1162, frame) }));
    expect(packet.toString('hex', 0, 22)).toBe(header);
    expect(packet.toString('hex', 22, 38)).toBe(sample);
    const initial = readInitial(packet)!;
    const frames = openInitial(packet, initial, keys)!;
    expect(frames.subarray(0, frame.length)).toEqual(frame);
    expect(cryptoPieces(frames)).toEqual([[0, frame.subarray(4)]]);
    packet[500] ^= 1;
    expect(openInitial(packet, initial, keys)).toBeNull();
  });

  test('has its pieces told with what else may be in it, up to a frame that may not', () => {
    const ack = hex('02 4100 05 01 03 0001 03 05 01 02 03 04 05 03');
    expect(cryptoPieces(Buffer.concat([hex('0001'), cryptoFrame(5, hex('aabb'))]))).toEqual([[5, hex('aabb')]]);
    const ecn = Buffer.concat([
      hex('03 05 00 00 02 010203'),
      cryptoFrame(1, hex('cc')),
      hex('1c'),
      cryptoFrame(2, hex('dd')),
    ]);
    expect(cryptoPieces(ecn)).toEqual([[1, hex('cc')]]);
    expect(cryptoPieces(ack.subarray(0, 5))).toEqual([]);
    expect(cryptoPieces(hex('06 00 09 aabb'))).toEqual([]);
  });

  test.each([
    ['without an end of its header', 'c000000001 08 8394c8'],
    ['of an unknown version', 'c0ff00001d 08 8394c8f03e515708 00 00 449e'],
    ['with an ID that a server may have given', 'c000000001 07 8394c8f03e5157 00 00 449e'],
    ['with an ID of over 20 bytes', `c000000001 15 ${'00'.repeat(21)} 00 00 449e`],
    ['with a token that is longer than all of it', 'c000000001 08 8394c8f03e515708 00 ffffffffffffffff 00'],
  ])('%s is none', (_what, bytes) => {
    expect(readInitial(hex(bytes))).toBeNull();
  });
});

const names = { ...scanOptions, names: true };
const everything = { ...reportOptions, top: 100 };
const namesOf = (bytes: Uint8Array): NamesFacts =>
  (scanWhole(bytes, names, undefined, everything) as CaptureFacts).names!;
const tlsOf = (datagrams: readonly UdpForm[], snap?: number): NamesFacts['tls'] =>
  namesOf(udpCapture(datagrams, snap)).tls;
const hello = clientHello({ name: 'a.quic.example', alpn: ['h3'], versions: [0x0304], padding: 900 }).subarray(5);
const sends = (form: Partial<InitialForm>, more: Partial<UdpForm> = {}): UdpForm => ({
  ...{ client: 0, data: initialPacket({ id, frames: padded(1162, cryptoFrame(0, hello)), ...form }) },
  ...more,
});
const part = (from: number, to: number): Uint8Array => cryptoFrame(from, hello.subarray(from, to));

describe('a ClientHello over QUIC', () => {
  test('is told by its name, ALPN and JA4, and calls the server', () => {
    const { tls, addresses } = namesOf(udpCapture([sends({}), sends({ quic: quic2 }, { client: 1 })]));
    expect(tls).toMatchObject({ hellos: 2, over_quic: 2, malformed: 0, incomplete: 0 });
    expect(tls.names.rows).toEqual([{ name: 'a.quic.example', hellos: 2 }]);
    expect(tls.protocols.rows).toEqual([{ name: 'h3', hellos: 2 }]);
    expect(tls.ja4.rows[0].name).toMatch(/^q13d/);
    expect(addresses.rows.map(({ name, source }) => [name, source])).toEqual(Array(2).fill(['a.quic.example', 'tls']));
  });

  test('is put together of pieces in any order, in several packets and datagrams, wherever the file is cut', () => {
    const two = [part(700, 800), part(0, 300)].map((frames, number) =>
      initialPacket({ id, number, frames: padded(600, frames) }),
    );
    const datagrams = [
      ...[{ client: 0, data: Buffer.concat(two) }, sends({}, { client: 2 })],
      sends({ number: 2, frames: padded(1162, part(800, hello.length), part(250, 700)) }),
    ];
    const bytes = udpCapture(datagrams);
    expect(namesOf(bytes).tls).toMatchObject({ hellos: 2, over_quic: 2, incomplete: 0 });
    const whole = toCanonicalJson(scanWhole(bytes, names, undefined, everything));
    for (const share of [0.2, 0.4, 0.6, 0.8]) {
      const plans = plansAt(headerOf(bytes), [Math.floor(share * bytes.length)]);
      expect(toCanonicalJson(scanSplit(bytes, plans, names, undefined, everything).report)).toBe(whole);
    }
  });

  test('is told once when it is sent again, and again behind a Retry', () => {
    const other = hex('0102030405060708');
    expect(tlsOf([sends({}), sends({ number: 1 }), sends({ id: other, token: hex('aa') })]).hellos).toBe(1);
    expect(tlsOf([sends({}), sends({ id: other })]).hellos).toBe(2);
  });

  test('of which a part is missing is incomplete, and one that was cut is told as cut', () => {
    expect(tlsOf([sends({ frames: padded(1162, part(0, 500)) })])).toMatchObject({ hellos: 0, incomplete: 1 });
    expect(tlsOf([sends({})], 1000)).toMatchObject({ hellos: 0, incomplete: 0, quic_cut: 1 });
  });

  test.each([
    ['of a server', sends({ side: 'server' }, { back: true })],
    ['of a client to a server that has answered', sends({ targetId: hex('0102030405060708') })],
    ['in a datagram of under 1,200 bytes', sends({ frames: padded(1100, part(0, hello.length)) })],
  ])('is not what a packet %s has', (_what, datagram) => {
    expect(tlsOf([datagram])).toMatchObject({ hellos: 0, incomplete: 0, malformed: 0 });
  });

  test('has a bounded number of pieces, and a bounded length', () => {
    const pieces = (count: number): Uint8Array[] => Array.from({ length: count }, (_, i) => part(i, i + 1));
    const rest = part(quicPiecesMax - 1, hello.length);
    expect(tlsOf([sends({ frames: padded(1162, ...pieces(quicPiecesMax - 1), rest) })])).toMatchObject({ hellos: 1 });
    expect(tlsOf([sends({ frames: padded(1162, ...pieces(quicPiecesMax), rest) })])).toMatchObject({ malformed: 1 });
    const again = Array.from({ length: 40 }, (_, number) => sends({ number, frames: padded(1162, part(0, 900)) }));
    expect(tlsOf(again)).toMatchObject({ malformed: 1, incomplete: 0 });
    const long = cryptoFrame(0, hex('01004000'));
    expect(tlsOf([sends({ frames: padded(1162, long) })])).toMatchObject({ malformed: 1 });
  });
});
