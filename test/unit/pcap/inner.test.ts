import fc from 'fast-check';

import { JoinScanner } from '../../../src/pcap/join-scanner.js';
import { Kernel } from '../../../src/pcap/kernel.js';
import { pathsBytesMax } from '../../../src/pcap/partial-layout.js';
import type { CaptureFacts } from '../../../src/pcap/report-types.js';
import { toCanonicalJson } from '../../../src/pcap/rows/json-pieces.js';
import type { ReportOptions, ScanOptions } from '../../../src/pcap/types.js';
import { tunnelText } from '../../../src/pcap/tunnel-paths.js';
import { arbitrary, classicCapture } from '../../support/capture-builder.js';
import { asFrame, conversationPacket, nestedFrame, tunnel, type Wrap } from '../../support/capture-builder/tunnels.js';
import { expectSameBytes } from '../../support/compare.js';
import {
  headerOf,
  plansAt,
  push,
  reportOptions,
  scanChunk,
  scanFacts,
  scanModule,
  scanOptions,
  scanSplit,
  scanWhole,
} from '../../support/engine.js';
import { oracleReading } from '../../support/oracle/index.js';
import { innerConversations, innerEndpoints } from '../../support/oracle/inner-conversations.js';
import { holds, sized } from '../../support/property.js';

const inner: ScanOptions = { ...scanOptions, inner: true };
const everything: ReportOptions = { ...reportOptions, top: 100_000 };

const to = conversationPacket(4, 1, 2, 6);
const fro = conversationPacket(4, 2, 1, 6);
const captureOf = (...frames: readonly Uint8Array[]): Uint8Array => classicCapture(frames.map((bytes) => ({ bytes })));
const wrapped = (...all: readonly (readonly [Wrap, typeof to])[]): Uint8Array =>
  captureOf(...all.map(([wrap, packet]) => asFrame(wrap(packet))));

/** Each conversation as its packets there and back, and its tunnels. */
const rowsOf = (bytes: Uint8Array): string[] =>
  scanFacts(bytes, inner).top.map(
    (row) =>
      `${row.packets_a_to_b}+${row.packets_b_to_a} ${tunnelText(row.tunnel_a_to_b)} | ${tunnelText(row.tunnel_b_to_a)}` +
      (row.tunnels_vary === true ? ' and others' : ''),
  );

describe('with --inner', () => {
  test('conversations and endpoints are those of the innermost header', () => {
    const bytes = wrapped([tunnel.vxlan(7), to], [tunnel.vxlan(7), fro]);
    const facts = scanFacts(bytes, inner);
    expect(facts.top).toMatchObject([
      { proto: 'tcp', a: '10.0.0.1:40000', b: '10.0.0.2:443', packets_a_to_b: 1, packets_b_to_a: 1 },
    ]);
    expect(facts.endpoints.map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(facts.inner).toBe(true);
    expect(scanFacts(bytes).top).toMatchObject([{ proto: 'udp', b: '10.0.240.2:4789' }]);
  });

  test('a packet that holds no IP counts by its outer header', () => {
    const arp = tunnel.vxlan(7)({ kind: 'frame', bytes: asFrame(to).map((byte, i) => (i === 13 ? 6 : byte)) });
    expect(rowsOf(captureOf(asFrame(arp)))).toEqual(['1+0  | ']);
  });

  test('the tunnels told are those around the innermost header, not those behind it', () => {
    const arp = tunnel.vxlan(7)({ kind: 'frame', bytes: asFrame(to).map((byte, i) => (i === 13 ? 6 : byte)) });
    expect(rowsOf(captureOf(asFrame(tunnel.gre(5)(arp))))).toEqual(['1+0 gre 5 | ']);
  });

  test.each<[string, Wrap, Wrap]>([
    ['VNI of VXLAN', tunnel.vxlan(1), tunnel.vxlan(2)],
    ['VNI of GENEVE', tunnel.geneve(1), tunnel.geneve(2)],
    ['key of GRE', tunnel.gre(1), tunnel.gre(2)],
    ['key of GRE, there and not', tunnel.gre(1), tunnel.gre(null)],
    ['session of PPPoE', tunnel.pppoe(1), tunnel.pppoe(2)],
  ])('the same five-tuple in two networks is two conversations: %s', (_, one, other) => {
    expect(rowsOf(wrapped([one, to], [other, to], [one, fro]))).toHaveLength(2);
  });

  test.each<[string, Wrap, Wrap, string]>([
    ['TEID', tunnel.gtpu(2), tunnel.gtpu(1), 'gtpu 2 | gtpu 1'],
    ['labels', tunnel.mpls([16, 17]), tunnel.mpls([20]), 'mpls 16/17 | mpls 20'],
    ['session of L2TPv3', tunnel.l2tpv3(3, 4), tunnel.l2tpv3(4, 4), 'l2tpv3 3 | l2tpv3 4'],
    ['session of ERSPAN', tunnel.erspan2(5), tunnel.erspan3(6), 'erspan2 5 | erspan3 6'],
    ['labels on one way alone', tunnel.mpls([16]), (packet) => packet, 'mpls 16 | '],
  ])('what each end chooses for itself is told by direction: %s', (_, there, back, text) => {
    expect(rowsOf(wrapped([there, to], [back, fro]))).toEqual([`1+1 ${text}`]);
  });

  test('of several paths of one direction the first in order is told, and that there are others', () => {
    for (const teids of [
      [9, 3, 5],
      [3, 9, 9],
    ])
      expect(rowsOf(wrapped(...teids.map((teid) => [tunnel.gtpu(teid), to] as const)))).toEqual([
        '3+0 gtpu 3 |  and others',
      ]);
  });

  test('conversations that are equal but for their network come in the order of these', () => {
    const bytes = wrapped(
      [tunnel.vxlan(300), to],
      [tunnel.vxlan(2), to],
      [tunnel.gre(1), to],
      [tunnel.vxlan(70_000), to],
    );
    const padded = { ...scanOptions, inner: true };
    expect(scanFacts(bytes, padded).top.map(({ tunnel_a_to_b }) => tunnelText(tunnel_a_to_b))).toEqual(
      [...['vxlan 2', 'vxlan 300', 'vxlan 70000'], 'gre 1'].sort(
        (x, y) => Number(y.startsWith('vxlan')) - Number(x.startsWith('vxlan')),
      ),
    );
  });

  test('a few of many come in the same order as all of them', () => {
    const vnis = Array.from({ length: 64 }, (_, i) => (i * 37) % 64);
    const six = conversationPacket(6, 1, 2, 17) as typeof to;
    for (const packet of [to, six]) {
      const bytes = wrapped(...vnis.map((vni) => [tunnel.vxlan(vni), packet] as const));
      const first = (top: number): string[] =>
        (scanWhole(bytes, inner, undefined, { ...reportOptions, top }) as CaptureFacts).top.map(
          ({ tunnel_a_to_b: way }) => tunnelText(way),
        );
      expect(first(3)).toEqual(['vxlan 0', 'vxlan 1', 'vxlan 2']);
      expect(first(3)).toEqual(first(64).slice(0, 3));
    }
  });

  test('the counts of packets and of the connection stay those of the packets themselves', () => {
    const connection = { client: '10.0.0.1:40000', server: '10.0.0.2:443' };
    const bytes = captureOf(asFrame(to), asFrame(tunnel.gtpu(1)(to)), asFrame(fro), asFrame(tunnel.mpls([16])(fro)));
    const numbers = ({ packets, ipv4, ipv4_tcp, ipv4_udp, other, connection: counts }: CaptureFacts): object => ({
      ...{ packets, ipv4, ipv4_tcp, ipv4_udp, other, counts },
    });
    for (const conversationsMax of [1_000_000, 1]) {
      const asked = { ...scanOptions, conversationsMax, connection };
      const outer = scanFacts(bytes, asked);
      expect(outer.connection).toMatchObject({ packets: 2, packets_client_to_server: 1 });
      expect(numbers(scanFacts(bytes, { ...asked, inner: true }))).toEqual(numbers(outer));
    }
  });

  test('chunks of which one looked inside and one did not are not merged', () => {
    const bytes = wrapped([tunnel.gre(1), to]);
    const [plan] = plansAt(headerOf(bytes), []);
    const scanner = new JoinScanner(scanModule, scanOptions);
    expect(() => scanner.add(scanChunk(bytes, plan, inner).partial)).toThrow('not those that were asked for');
  });
});

const frames = fc.array(nestedFrame, { minLength: 1, maxLength: 40 });
const cutFrames = fc
  .array(fc.tuple(nestedFrame, fc.noBias(fc.nat(200))), { minLength: 1, maxLength: 40 })
  .map((all) => all.map(([bytes, kept]) => bytes.subarray(0, 14 + kept)));

test('conversations and endpoints inside of random tunnels are those that a plain dissector finds', () => {
  holds(
    fc.oneof(frames, cutFrames),
    (all) => {
      const bytes = captureOf(...all);
      const facts = scanWhole(bytes, inner, undefined, everything) as CaptureFacts;
      const reading = oracleReading(bytes)!;
      const rows = innerConversations(reading);
      expect(facts.top.map((row) => ({ ...row, bytes: Number(row.bytes) }))).toMatchObject(rows);
      expect(facts.top).toHaveLength(rows.length);
      expect(new Map(facts.endpoints.map(({ address, packets }) => [address, packets]))).toEqual(
        innerEndpoints(reading),
      );
    },
    300,
  );
});

test('however a capture of tunnels is cut, joined, seeded and bounded, the report with --inner is the same', () => {
  const places = fc.array(arbitrary.share, { minLength: 1, maxLength: 6 });
  const bound = fc.constantFrom(1_000_000, 1, 3);
  holds(
    fc.tuple(frames, places, bound, fc.nat()),
    ([all, shares, conversationsMax, hashSeed]) => {
      const bytes = captureOf(...all);
      const connection = { client: '10.0.0.1:40000', server: '10.0.0.2:443' };
      const options = { ...inner, conversationsMax, connection };
      const whole = scanWhole(bytes, options, undefined, everything);
      const cuts = [...new Set(shares.map((share) => Math.floor(share * bytes.length)))].filter((cut) => cut > 0);
      const plans = plansAt(
        headerOf(bytes),
        cuts.sort((x, y) => x - y),
      );
      const backwards = <T>(results: T[]): T[] => results.reverse();
      expectSameBytes(scanSplit(bytes, plans, { ...options, hashSeed }, backwards, everything).report, whole);
      const half = Math.floor(all.length / 2);
      const joined = new JoinScanner(scanModule, options);
      for (const share of [all.slice(half), all.slice(0, half)]) {
        const other = new JoinScanner(scanModule, options);
        other.begin();
        push(other, captureOf(...share), 0);
        other.endPart();
        joined.add(other.partial());
      }
      const told = ({ top, endpoints, tunnels, connection: counts }: CaptureFacts): string =>
        toCanonicalJson({
          top: top.map(({ a, b, packets, tunnel_a_to_b: out }) => ({ a, b, packets, out })),
          endpoints,
          tunnels,
          counts,
        });
      expect(told(joined.report(everything))).toBe(told(whole as CaptureFacts));
    },
    200,
  );
});

describe('the paths of a chunk', () => {
  const bytes = wrapped([tunnel.vxlan(1), to], [tunnel.mpls([16, 17, 18]), fro], [tunnel.gtpu(1), to]);
  const [plan] = plansAt(headerOf(bytes), []);
  const good = scanChunk(bytes, plan, inner).partial;
  const merge = (partial: Uint8Array): void => {
    const kernel = new JoinScanner(scanModule, inner);
    kernel.add(partial);
    kernel.report(reportOptions);
  };

  test('are refused or merged, and never break the merger, whatever bytes a worker sends', () => {
    merge(good);
    const from = good.length - 500;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(499), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const partial = good.slice();
        for (const [at, value] of changes) partial[from + at] = value;
        try {
          merge(partial);
        } catch (caught) {
          expect(caught).toMatchObject({ code: 'JOB_FAILED' });
        }
      }),
      sized(300),
    );
  });

  /**
   * Behind the paths stand the two entries, of 88 bytes each: ports and networks 40 bytes from their start.
   */
  const changed = (fromEnd: number, value: number): Uint8Array => {
    const partial = good.slice();
    new DataView(partial.buffer).setUint32(partial.length - fromEnd, value, true);
    return partial;
  };
  const pathsEnd = 2 * 88;

  test.each<[string, Uint8Array]>([
    ['networks that are the middle of a path', changed(2 * 88 - 40 - 4, 3 << 10)],
    ['networks that are behind all paths', changed(2 * 88 - 40 - 4, 9000 << 10)],
    ['tunnels of one way that are no path', changed(8, 3)],
    ['a mark of several paths and no path', changed(4, 0x8000_0000)],
    ['a path of a type that is not known', changed(pathsEnd + 4, 0x1000_0001)],
    ['a path with bits that mean nothing', changed(pathsEnd + 4, 0x0d00_0005)],
    ['a path that begins with a further label', changed(pathsEnd + 4, 0x0d00_0003)],
  ])('are refused with %s', (_, partial) => {
    expect(() => merge(partial)).toThrow(expect.objectContaining({ code: 'JOB_FAILED' }));
  });

  test('that no option asked for are refused', () => {
    const bare = scanChunk(bytes, plan, scanOptions).partial.slice();
    // The last entry, of 80 bytes.
    new DataView(bare.buffer).setUint32(bare.length - 80 + 44, 1 << 10, true);
    const scanner = new JoinScanner(scanModule, scanOptions);
    expect(() => scanner.add(bare)).toThrow('an entry of its table is none');
  });

  test('beyond their bound end the scan with words that say what to do', () => {
    // Paths of 1 KiB each, half of what fits and no two alike; the first 16 bytes are nobody's.
    const half = pathsBytesMax / 2;
    const paths = new Uint32Array(4 + half / 4);
    const kernel = Kernel.acquire(scanModule, inner);
    const take = (region: number): void => {
      for (let path = 0; path < half / 1024; path++) {
        const at = 4 + path * 256;
        paths.fill(0, at, at + 256);
        paths[at] = 127;
        for (let word = 0; word < 127; word++) paths[at + 3 + 2 * word] = 0x0100_0001;
        paths[at + 2] = region * half + path;
      }
      const room = kernel.call((exports) => exports.importRoom(paths.byteLength));
      kernel.bytes(room, paths.byteLength).set(new Uint8Array(paths.buffer));
      expect(kernel.call((exports) => exports.importPaths())).toBeTruthy();
      kernel.exports.endImport();
    };
    take(0);
    expect(() => take(1)).toThrow(/more paths of tunnels than the 67108864 bytes .*: leave out --inner/);
  });
});
