import fc from 'fast-check';

import type { CaptureFacts } from '../../../src/pcap/report-types.js';
import { tunnelDepthMax, tunnelTypes } from '../../../src/pcap/tunnel-types.js';
import { arbitrary, classicCapture, etherFrame, frame, ipv4, linkTypes } from '../../support/capture-builder.js';
import { asFrame, conversationPacket, nestedFrame, tunnel, type Wrap } from '../../support/capture-builder/tunnels.js';
import { expectSameBytes } from '../../support/compare.js';
import { headerOf, plansAt, scanFacts, scanSplit, scanWhole } from '../../support/engine.js';
import { oracleReading } from '../../support/oracle/index.js';
import { insideOf } from '../../support/oracle/tunnels.js';
import { holds } from '../../support/property.js';

const packet = conversationPacket(4, 1, 2, 6);
const packet6 = conversationPacket(6, 1, 2, 17);

/** The layers of one packet behind a wrap, as `type` in the order of depth. */
function layersOf(bytes: Uint8Array, linkType: number = linkTypes.ethernet): string[] {
  return scanFacts(classicCapture([{ bytes }], { linkType })).tunnels.map(({ type }) => type);
}

const kinds: Record<string, readonly [wrap: Wrap, type: string]> = {
  'VXLAN on 4789': [tunnel.vxlan(5), 'vxlan'],
  'VXLAN on 8472': [tunnel.vxlan(5, 8472), 'vxlan'],
  'VXLAN over IPv6': [tunnel.vxlan(5, 4789, 6), 'vxlan'],
  'GENEVE with options': [tunnel.geneve(5, 3), 'geneve'],
  'plain GRE': [tunnel.gre(null), 'gre'],
  'GRE with sum, key and sequence': [tunnel.gre(7, 3), 'gre'],
  'ERSPAN I': [tunnel.erspan1(), 'erspan1'],
  'ERSPAN II': [tunnel.erspan2(9), 'erspan2'],
  'ERSPAN III with its subheader': [tunnel.erspan3(9, true), 'erspan3'],
  'IP in IP': [tunnel.ipInIp(4), 'ipip'],
  'IPv4 in IPv6': [tunnel.ipInIp(6), '4in6'],
  MPLS: [tunnel.mpls([16, 17, 18]), 'mpls'],
  'MPLS in IP': [tunnel.mplsInIp(16), 'mpls'],
  PPPoE: [tunnel.pppoe(3), 'pppoe'],
  'GTP-U': [tunnel.gtpu(1), 'gtpu'],
  'GTP-U with extension headers': [tunnel.gtpu(1, 2), 'gtpu'],
  'L2TPv3 over IP': [tunnel.l2tpv3(1, 0), 'l2tpv3'],
  'L2TPv3 over UDP with cookie and sublayer': [tunnel.l2tpv3(1, 12, true), 'l2tpv3'],
  'LLC and SNAP': [tunnel.snap(), 'snap'],
};

describe('a tunnel is counted and opened', () => {
  // What is opened is told by another tunnel inside.
  test.each(Object.entries(kinds))('%s', (_, [wrap, type]) => {
    expect(layersOf(asFrame(wrap(packet)))).toEqual([type]);
    expect(layersOf(asFrame(wrap(tunnel.gre(null)(packet))))).toEqual([type, 'gre']);
  });

  test('6in4 and 6in6', () => {
    expect(layersOf(asFrame(tunnel.ipInIp(4)(packet6)))).toEqual(['6in4']);
    expect(layersOf(asFrame(tunnel.ipInIp(6)(packet6)))).toEqual(['6in6']);
  });

  test('each type has a name', () => {
    const found = Object.values(kinds).map(([, type]) => type);
    expect(new Set([...found, '6in4', '6in6'])).toEqual(new Set(tunnelTypes));
  });

  test('Ethernet below labels, with and without a control word', () => {
    const inner = { kind: 'frame', bytes: asFrame(tunnel.gre(1)(packet)) } as const;
    for (const word of [true, false])
      expect(layersOf(asFrame(tunnel.mpls([16], word)(inner)))).toEqual(['mpls', 'gre']);
  });

  test('labels behind PPP', () => {
    const labelled = asFrame(tunnel.mpls([16])(packet)).subarray(14);
    const bytes = Uint8Array.from([0xff, 3, 2, 0x81, ...labelled]);
    expect(layersOf(bytes, linkTypes.ppp)).toEqual(['mpls']);
  });
});

test('a packet in two tunnels is in two rows, and its bytes are those on the wire', () => {
  const bytes = asFrame(tunnel.vxlan(1)(tunnel.gre(null)(packet)));
  const { tunnels, packets } = scanFacts(classicCapture([{ bytes, originalLength: 9000 }, { bytes: asFrame(packet) }]));
  expect(packets).toBe(2);
  expect(tunnels).toEqual([
    { type: 'vxlan', depth: 1, packets: 1, bytes: 9000 },
    { type: 'gre', depth: 2, packets: 1, bytes: 9000 },
  ]);
});

test('of one depth the tunnel with the most bytes comes first', () => {
  const one = (wrap: Wrap, originalLength: number) => ({ bytes: asFrame(wrap(packet)), originalLength });
  const capture = classicCapture([one(tunnel.gre(1), 500), one(tunnel.vxlan(1), 400), one(tunnel.snap(), 600)]);
  expect(scanFacts(capture).tunnels.map(({ type }) => type)).toEqual(['snap', 'gre', 'vxlan']);
});

test('tunnels are opened to a depth of 8, and no deeper', () => {
  const nested = (layers: number): Uint8Array => {
    let content = packet;
    for (let i = 0; i < layers; i++) content = tunnel.ipInIp(4)(content) as typeof content;
    return asFrame(content);
  };
  expect(layersOf(nested(tunnelDepthMax))).toHaveLength(8);
  expect(layersOf(nested(tunnelDepthMax + 1))).toHaveLength(8);
});

test('16 labels are read of one stack; one with more is counted and not opened', () => {
  const labels = (count: number) => Array.from({ length: count }, () => 16);
  const inner = tunnel.gre(null)(packet);
  expect(layersOf(asFrame(tunnel.mpls(labels(16))(inner)))).toEqual(['mpls', 'gre']);
  expect(layersOf(asFrame(tunnel.mpls(labels(17))(inner)))).toEqual(['mpls']);
});

describe('no tunnel is seen in', () => {
  const gre = (flags: number, type: number) => Uint8Array.of(flags >> 8, flags & 255, type >> 8, type & 255, 0x45);
  const overGre = (payload: Uint8Array): Uint8Array =>
    frame(1, 4, ipv4({ source: Uint8Array.of(1, 1, 1, 1), target: Uint8Array.of(2, 2, 2, 2), protocol: 47, payload }));
  const vxlan = asFrame(tunnel.vxlan(1)(packet));
  const changed = (at: number, value: number): Uint8Array => vxlan.map((byte, i) => (i === at ? value : byte));

  test.each<[string, Uint8Array]>([
    ['a VXLAN header without the flag I', changed(14 + 20 + 8, 0)],
    ['UDP to another port', changed(14 + 20 + 3, 0xb6)],
    ['a later fragment', changed(14 + 7, 1)],
    ['a later fragment of GRE', asFrame(tunnel.gre(1)(packet)).map((byte, i) => (i === 14 + 7 ? 1 : byte))],
    ['GRE of version 1', overGre(gre(1, 0x880b))],
    ['LLC that is no SNAP', etherFrame(40, Uint8Array.of(0x42, 0x42, 3, 0, 0, 0, 0, 0, 0, 0))],
    ['PPPoE discovery', etherFrame(0x8863, Uint8Array.of(0x11, 9, 0, 0, 0, 0))],
    ['a GTP echo request', asFrame(tunnel.gtpu(1)(packet)).map((byte, i) => (i === 14 + 20 + 8 + 1 ? 1 : byte))],
    ['L2TP control', asFrame(tunnel.l2tpv3(0, 0)(packet))],
    ['TCP to a port of a tunnel', changed(14 + 9, 6)],
  ])('%s', (_, bytes) => {
    expect(layersOf(bytes)).toEqual([]);
  });
});

/** The oracle's rows of a capture, by depth and type. */
function rowsOf(bytes: Uint8Array): Map<string, { packets: number; bytes: number }> {
  const rows = new Map<string, { packets: number; bytes: number }>();
  for (const each of oracleReading(bytes)!.packets)
    for (const [i, { type }] of insideOf(each).layers.entries()) {
      const row = rows.get(`${i + 1} ${type}`) ?? { packets: 0, bytes: 0 };
      rows.set(`${i + 1} ${type}`, { packets: row.packets + 1, bytes: row.bytes + each.originalLength });
    }
  return rows;
}

const told = ({ tunnels }: CaptureFacts) =>
  new Map(tunnels.map((row) => [`${row.depth} ${row.type}`, { packets: row.packets, bytes: Number(row.bytes) }]));

test('random tunnels in tunnels, cut at every length, are counted as a plain dissector counts them', () => {
  holds(
    nestedFrame,
    (bytes) => {
      const cut = Array.from({ length: bytes.length }, (_, kept) => ({ bytes: bytes.subarray(0, kept + 1) }));
      const capture = classicCapture(cut);
      expect(told(scanWhole(capture) as CaptureFacts)).toEqual(rowsOf(capture));
    },
    150,
  );
});

test('random bytes behind the headers of tunnels, and any link layer, are counted as a plain dissector counts them', () => {
  const byte = fc.tuple(fc.noBias(fc.nat(10_000)), fc.nat(255));
  const harmed = fc.tuple(nestedFrame, fc.array(byte, { minLength: 1, maxLength: 4 })).map(([bytes, changes]) => {
    const copy = Uint8Array.from(bytes);
    for (const [at, value] of changes) copy[at % copy.length] = value;
    return copy;
  });
  const capture = fc.oneof(
    fc.array(harmed, { minLength: 1, maxLength: 20 }).map((all) => classicCapture(all.map((bytes) => ({ bytes })))),
    arbitrary.classic().map(({ bytes }) => bytes),
  );
  holds(capture, (bytes) => expect(told(scanWhole(bytes) as CaptureFacts)).toEqual(rowsOf(bytes)), 300);
});

test('however a capture of tunnels is cut into chunks, the report is the same', () => {
  const places = fc.array(arbitrary.share, { minLength: 1, maxLength: 6 });
  holds(
    fc.tuple(fc.array(nestedFrame, { minLength: 1, maxLength: 30 }), places),
    ([frames, shares]) => {
      const bytes = classicCapture(frames.map((each) => ({ bytes: each })));
      const cuts = [...new Set(shares.map((share) => Math.floor(share * bytes.length)))].filter((cut) => cut > 0);
      const plans = plansAt(
        headerOf(bytes),
        cuts.sort((x, y) => x - y),
      );
      expectSameBytes(scanSplit(bytes, plans).report, scanWhole(bytes));
    },
    100,
  );
});
