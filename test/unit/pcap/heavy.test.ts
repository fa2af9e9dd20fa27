import { planChunks } from '../../../src/pcap/chunk-plans.js';
import { JoinScanner } from '../../../src/pcap/join-scanner.js';
import type {
  CaptureFacts,
  ConversationRow,
  ConversationsLimit,
  EndpointRow,
  EndpointsLimit,
} from '../../../src/pcap/report-types.js';
import { Kernel } from '../../../src/pcap/kernel.js';
import type { ReportOptions, ScanOptions } from '../../../src/pcap/types.js';
import { address4, address6, classicCapture, frame, ipv4, ipv6, tcp, udp } from '../../support/capture-builder.js';
import { expectSameBytes } from '../../support/compare.js';
import { headerOf, push, scanModule, scanSplit, scanWhole } from '../../support/engine.js';

interface Packet {
  readonly bytes: Uint8Array;
  readonly seconds: number;
  readonly originalLength: number;
}

const scannedHost = 1;
const server = 2;

/** A conversation of one packet; every third is IPv6. */
function mouse(number: number): Packet {
  const ports = { source: 1024 + (number % 60_000), target: 80 };
  const bytes =
    number % 3 === 0
      ? frame(
          1,
          6,
          ipv6({ source: address6(100 + number), target: address6(scannedHost), protocol: 6, payload: tcp(ports) }),
        )
      : frame(
          1,
          4,
          ipv4({ source: address4(100 + number), target: address4(scannedHost), protocol: 6, payload: tcp(ports) }),
        );
  return { bytes, seconds: number, originalLength: 60 };
}

/** One packet of an elephant; of the eight the last two are IPv6, and each answers one packet in four. */
function elephant(number: number, packet: number, originalLength: number): Packet {
  const back = packet % 4 === 3;
  const [near, far] = [50 + number, server];
  const [from, to] = back ? [far, near] : [near, far];
  const ports = back ? { source: 443, target: 5000 + number } : { source: 5000 + number, target: 443 };
  const bytes =
    number > 6
      ? frame(1, 6, ipv6({ source: address6(from), target: address6(to), protocol: 17, payload: udp(ports) }))
      : frame(1, 4, ipv4({ source: address4(from), target: address4(to), protocol: 17, payload: udp(ports) }));
  return { bytes, seconds: packet, originalLength };
}

const mice = 6000;
const elephants = 8;

/** Mice, and elephants among them that come at the end, at the front, or all the time. */
function captureOf(elephantBytes: number, packetsEach: number): Uint8Array {
  const packets: Packet[] = [];
  const come = (number: number, packet: number): void => void packets.push(elephant(number, packet, elephantBytes));
  for (let p = 0; p < packetsEach; p++) for (const number of [1, 7]) come(number, p);
  for (let i = 0; i < mice; i++) {
    packets.push(mouse(i));
    if (i % Math.floor(mice / packetsEach) === 0 && i < mice - packetsEach)
      for (const number of [2, 3, 8]) come(number, Math.floor(i / Math.floor(mice / packetsEach)));
  }
  for (let p = 0; p < packetsEach; p++) for (const number of [4, 5, 6]) come(number, p);
  return classicCapture(packets);
}

const file = captureOf(1400, 60);
const all = { top: 100_000, sort: 'bytes', compression: 'none' } as const;
const limited = (conversationsMax: number): ScanOptions => ({ intervalNs: null, conversationsMax, connection: null });
const scan = (max: number, told: ReportOptions = all, of = file): CaptureFacts =>
  scanWhole(of, limited(max), undefined, told) as CaptureFacts;

/** The file as a mergeable result, counted with another seed of the hash. */
function partialOf(max: number): Uint8Array {
  const part = new JoinScanner(scanModule, { ...limited(max), hashSeed: 5 });
  part.begin();
  push(part, file, 0);
  part.endPart();
  return part.partial();
}

const keyOf = ({ proto, a, b }: ConversationRow): string => `${proto} ${a} ${b}`;
const isElephant = ({ proto }: ConversationRow): boolean => proto === 'udp';

/** Fails unless every row's bounds hold what is true of it. */
function expectBounds(report: CaptureFacts, truth: CaptureFacts): void {
  const conversations = new Map([...truth.top].map((row) => [keyOf(row), row]));
  const wrong: unknown[] = [];
  for (const row of report.top) {
    const right = conversations.get(keyOf(row))!;
    conversations.delete(keyOf(row));
    const ways = row.bytes_a_to_b <= right.bytes_a_to_b && row.bytes_b_to_a <= right.bytes_b_to_a;
    if (!ways || !isWithin(row, right)) wrong.push([row, right]);
  }
  wrong.push(...[...conversations.values()].filter(isOver(report.conversations_limit!)));
  const endpoints = new Map([...truth.endpoints].map((row) => [row.address, row]));
  for (const row of report.endpoints) {
    const right = endpoints.get(row.address)!;
    endpoints.delete(row.address);
    if (!isWithin(row, right)) wrong.push([row, right]);
  }
  wrong.push(...[...endpoints.values()].filter(isOver(report.endpoints_limit!)));
  expect(wrong).toEqual([]);
}

type Row = ConversationRow | EndpointRow;

const isWithin = (row: Row, right: Row): boolean =>
  row.packets <= right.packets &&
  row.bytes <= right.bytes &&
  row.packets_max! >= right.packets &&
  row.bytes_max! >= right.bytes;

/** Whether a row that is not listed has more than what is said of such ones. */
const isOver =
  ({ unlisted_bytes_max: bytes, unlisted_packets_max: packets }: ConversationsLimit | EndpointsLimit) =>
  (row: Row): boolean =>
    row.bytes > bytes || row.packets > packets;

describe('heavy conversations of a full table', () => {
  const truth = scan(1_000_000);

  test.each([1, 100, 3000])('of %d lead it, within bounds that hold', (max) => {
    const report = scan(max);
    expect([...report.top].slice(0, elephants).every(isElephant)).toBe(true);
    expectBounds(report, truth);
    for (const row of [...report.top].slice(0, elephants)) expect(Number(row.bytes)).toBeGreaterThan(0.9 * 60 * 1400);
  });

  test('lead by packets where that is the order, though they have few bytes', () => {
    const light = captureOf(1, 60);
    const report = scan(500, { ...all, sort: 'packets' }, light);
    expect([...report.top].slice(0, elephants).every(isElephant)).toBe(true);
    expectBounds(report, scan(1_000_000, { ...all, sort: 'packets' }, light));
  });

  test('are told beyond 2^40 bytes, where cells overflow into the large ones', () => {
    const huge = captureOf(2 ** 32 - 1, 600);
    const report = scan(100, all, huge);
    expect([...report.top].slice(0, elephants).every(isElephant)).toBe(true);
    expectBounds(report, scan(1_000_000, all, huge));
    const plans = planChunks(headerOf(huge), { chunkCount: 5 });
    expectSameBytes(scanSplit(huge, plans, limited(100), undefined, all).report, report);
  });

  test('are told beyond 2^24 packets, when chunks are added up', () => {
    const rounds = 14;
    let partial = partialOf(100);
    for (let round = 0; round < rounds; round++) {
      const thrice = new JoinScanner(scanModule, limited(100));
      for (let i = 0; i < 3; i++) thrice.add(partial);
      partial = thrice.partial();
    }
    const whole = new JoinScanner(scanModule, limited(100));
    whole.add(partial);
    const report = whole.report(all);
    expect([...report.top].slice(0, elephants).every(isElephant)).toBe(true);
    const times = <T>(row: T): T =>
      Object.fromEntries(
        Object.entries(row as object).map(([name, value]) => [
          name,
          typeof value === 'number' ? value * 3 ** rounds : (value as unknown),
        ]),
      ) as T;
    expectBounds(report, { ...truth, top: truth.top.map(times), endpoints: truth.endpoints.map(times) });
  });

  test.each([1, 500])('of %d are the same however the file is cut, in whatever order and files it comes', (max) => {
    for (const [chunkCount, arrival] of [
      [2, undefined],
      [13, (results: never[]) => results.reverse()],
    ] as const) {
      const plans = planChunks(headerOf(file), { chunkCount });
      expectSameBytes(scanSplit(file, plans, limited(max), arrival as undefined, all).report, scan(max));
    }
    const whole = new JoinScanner(scanModule, limited(max));
    whole.add(partialOf(max));
    const joined = whole.report(all);
    expect(joined.top).toEqual(scan(max).top);
    expect(joined.endpoints).toEqual(scan(max).endpoints);
  });
});

describe('talkers of a full table', () => {
  const truth = scan(1_000_000);
  const plain = ({ packets_max, bytes_max, ...row }: EndpointRow): EndpointRow => {
    expect([packets_max, bytes_max]).toEqual([row.packets, row.bytes]);
    return row;
  };

  test('are exact as long as their own table is not full', () => {
    const few = classicCapture(
      Array.from({ length: 6000 }, (_, i) => ({
        bytes: frame(
          1,
          4,
          ipv4({
            source: address4(2 + (i % 3)),
            target: address4(1),
            protocol: 6,
            payload: tcp({ source: i, target: 80 }),
          }),
        ),
        seconds: i,
        originalLength: 100 + (i % 7),
      })),
    );
    const report = scan(50, all, few);
    expect(report.conversations_limit).toBeDefined();
    expect(report.endpoints_limit).toBeUndefined();
    expect([...report.endpoints].map(plain)).toEqual([...scan(1_000_000, all, few).endpoints]);
  });

  test('of more than 1,048,576 addresses are not held, whatever the table of conversations holds', () => {
    const most = [1000, 4_194_304].map((max) => Kernel.acquire(scanModule, limited(max)).exports.leftAddressesMax());
    expect(most).toEqual([1000, 1_048_576]);
  });

  test('lead it within bounds when it is full: one with many light conversations, and one with heavy ones', () => {
    const report = scan(300);
    expect(report.endpoints_limit).toMatchObject({ limit: 300 });
    const leading = (rows: CaptureFacts): string[] => [...rows.endpoints].slice(0, 2).map(({ address }) => address);
    expect(leading(report)).toEqual(leading(truth));
    expect(report.endpoints_limit!.share_kept).toBeLessThan(1);
  });
});
