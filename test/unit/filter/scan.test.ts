import { adversarial, classicCapture } from '../../support/capture-builder.js';
import { expectSameBytes } from '../../support/compare.js';
import { headerOf, plansAt, scanChunk, scanModule, scanOptions, scanSplit, scanWhole } from '../../support/engine.js';
import { ChunkScanner } from '../../../src/pcap/chunk-scanner.js';
import type { CaptureFacts, CaptureReport } from '../../../src/pcap/report-types.js';
import type { ScanOptions } from '../../../src/pcap/types.js';
import { fivePackets, smallCapture } from '../../support/small-capture.js';

const facts = (report: CaptureReport): CaptureFacts => {
  if (report.error === 'not-a-capture') throw new Error(report.error_detail);
  return report;
};
const five = smallCapture(fivePackets);
const scan = (options: Partial<ScanOptions>, bytes = five): CaptureFacts =>
  facts(scanWhole(bytes, { ...scanOptions, ...options }));

test('the report is of the packets that match, and tells of how many', () => {
  const report = scan({ filter: 'tcp and host 10.0.0.1' });
  expect(report).toMatchObject({
    filter: { expression: 'tcp and host 10.0.0.1', of_packets: 5 },
    packets: 3,
    ipv4_tcp: 3,
    ipv4_udp: 0,
    conversations: 1,
    endpoints_total: 2,
    link_types: { 1: 3 },
  });
  expect(Object.keys(report)[0]).toBe('filter');
});

test('without a filter the report has no word of one, also on an instance that has filtered before', () => {
  const before = scanWhole(five);
  scan({ filter: 'udp', span: { after: '+0', before: '+1' } });
  expectSameBytes(scanWhole(five), before);
  expect(before).not.toHaveProperty('filter');
});

const times = [10, 20, 30, 20, 40];
const timed = classicCapture(times.map((seconds) => ({ seconds, bytes: new Uint8Array(60) })));

test.each<[string, ScanOptions['span'], number]>([
  ['from a time on, which is included', { after: '20000000000', before: null }, 4],
  ['before a time, which is not included', { after: null, before: '20000000000' }, 1],
  ['between two times', { after: '20000000000', before: '40000000000' }, 3],
  ['from the first packet on', { after: '+10000000000', before: '+20000000000' }, 2],
  ['beside a filter', { after: '20000000000', before: null }, 4],
  ['nothing', { after: '50000000000', before: null }, 0],
  ['up to the end of time', { after: '+0', before: '+9223372036854775807' }, 5],
])('packets %s are counted', (_, span, packets) => {
  expect(scan({ span }, timed)).toMatchObject({ packets, filter: { expression: null, of_packets: 5 } });
  expect(scan({ span, filter: 'len = 60' }, timed).packets).toBe(packets);
  expect(scan({ span, filter: 'len = 61' }, timed).packets).toBe(0);
});

const captures = {
  'plain classic': adversarial.plain(300),
  'captures inside packets': adversarial.capturesInside(5, 60),
  'damage in the middle': adversarial.damageInTheMiddle(200),
  'pcapng whose state changes': adversarial.restlessPcapng(6, 20),
};

test.each(Object.entries(captures))('%s: chunks give what one scan gives', (_, bytes) => {
  for (const filter of ['tcp', 'not tcp', 'len > 100 or udp', 'link[0] & 1 = 0']) {
    const options = { ...scanOptions, filter, intervalNs: '1000000000' };
    const reference = scanWhole(bytes, options);
    const header = headerOf(bytes);
    for (let i = 1; i < 6; i++) {
      const cuts = [1, 2, 3].map((part) => Math.floor((bytes.length * part) / (3 + i)) + i);
      expectSameBytes(scanSplit(bytes, plansAt(header, cuts), options).report, reference);
    }
  }
});

test('a chunk refuses a time from the first packet, which it does not have', () => {
  const header = headerOf(five);
  const [, second] = plansAt(header, [200]);
  const open = { ...scanOptions, span: { after: '+1', before: null } };
  expect(() => new ChunkScanner(scanModule, second, open)).toThrow('counted from the first packet');
  const fixed = { ...scanOptions, span: { after: '+1', before: null, first: '0' } };
  expect(() => new ChunkScanner(scanModule, second, fixed).cancel()).not.toThrow();
});

/** A pcapng capture with an interface of each link type, and a packet of each. */
function interfaces(linkTypes: readonly number[], packet: Uint8Array): Uint8Array {
  const block = (type: number, body: Uint8Array): Uint8Array => {
    const padded = Math.ceil(body.length / 4) * 4;
    const bytes = Buffer.alloc(12 + padded);
    bytes.writeUInt32LE(type, 0);
    bytes.writeUInt32LE(bytes.length, 4);
    bytes.set(body, 8);
    bytes.writeUInt32LE(bytes.length, bytes.length - 4);
    return bytes;
  };
  const words = (...values: number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer);
  const head = block(0x0a0d0d0a, words(0x1a2b3c4d, 1, 0xffff_ffff, 0xffff_ffff));
  const described = linkTypes.map((link) => block(1, words(link, 262_144)));
  const packets = linkTypes.map((_, i) =>
    block(6, Buffer.concat([words(i, 0, 1_000_000, packet.length, packet.length), packet])),
  );
  return Buffer.concat([head, ...described, ...packets]);
}

const ip = Uint8Array.from([
  0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 53, 0, 53, 0, 8, 0, 0,
]);

test('each interface of a pcapng has a filter for its link type', () => {
  const bytes = interfaces([101, 1, 228, 229, 101], ip);
  // Ethernet finds no IP there, and raw IPv6 no IPv4.
  expect(scan({ filter: 'udp port 53' }, bytes).packets).toBe(3);
  expect(scan({ filter: 'not udp' }, bytes).packets).toBe(2);
});

test('a packet of a link type that the filter cannot be asked of ends the scan in words', () => {
  expect(() => scan({ filter: 'ether host 1:2:3:4:5:6' }, interfaces([1, 101], ip))).toThrow(
    "filter, at character 1, 'ether host 1:2:3:4:5:6': raw IP has no Ethernet addresses here",
  );
  expect(scan({ filter: 'ether host 1:2:3:4:5:6' }, interfaces([1], ip)).packets).toBe(0);
});

test('what a filter cannot be asked of matters only where a scan of the whole file comes to it', () => {
  const options = { ...scanOptions, filter: 'tcp port 80' };
  const unfit = interfaces(Array<number>(40).fill(105), ip);
  const before = adversarial.plainPcapng(100);
  const damaged = Buffer.concat([before, Buffer.alloc(64, 255), unfit]);
  const plans = plansAt(headerOf(damaged), [before.length + 64]);
  expect(scanChunk(damaged, plans[1], options)).toMatchObject({ start: null, damage: null });
  expectSameBytes(scanSplit(damaged, plans, options).report, scanWhole(damaged, options));
  const sound = Buffer.concat([before, unfit]);
  expect(() => scanSplit(sound, plansAt(headerOf(sound), [before.length]), options)).toThrow('link type 105');
});

test('a capture may have 200 link types that are filtered, and no more', () => {
  const types = (count: number): number[] => Array.from({ length: count }, (_, i) => 300 + i);
  expect(scan({ filter: 'len = 28' }, interfaces(types(200), ip)).packets).toBe(200);
  expect(() => scan({ filter: 'len = 28' }, interfaces(types(201), ip))).toThrow('200 link types');
});

test.each<[Partial<ScanOptions>, string]>([
  [{ filter: 'tcp port' }, 'expected a port number'],
  [{ span: { after: 'noon', before: null } }, 'no time in 64 bits of nanoseconds'],
  [{ span: { after: '9223372036854775808', before: null } }, 'no time in 64 bits'],
])('a scan refuses %j', (options, message) => {
  expect(() => scan(options)).toThrow(message);
});

test('a scan for numbers alone counts the same packets and looks into none', () => {
  const { packets, filter, link_types } = scan({ filter: 'tcp' });
  const told = scan({ filter: 'tcp', onlyNumbers: true });
  expect(told).toMatchObject({ packets, filter, link_types, conversations: 0, ipv4: 0 });
  expect(packets).toBe(4);
});
