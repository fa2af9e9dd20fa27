import { knowingFirst } from '../../../src/pcap/first-time.js';
import { JoinScanner } from '../../../src/pcap/join-scanner.js';
import type { CaptureFacts, CaptureReport } from '../../../src/pcap/report-types.js';
import { classicCapture, PcapngBuilder } from '../../support/capture-builder.js';
import { segment } from '../../support/capture-builder/adversarial.js';
import { expectSameBytes } from '../../support/compare.js';
import { headerOf, plansAt, push, scanModule, scanOptions, scanSplit, scanWhole } from '../../support/engine.js';

const packet = segment(0, new Uint8Array(10));
const second = 1_000_000_000n;

/** A pcapng capture with a packet at each of these times, in ns since 1970 less the offset. */
function at(timesNs: readonly bigint[], offsetSeconds = 0n): Uint8Array {
  const builder = new PcapngBuilder().section().interface({ timeResolution: 9, timeOffset: offsetSeconds });
  for (const time of timesNs) builder.enhanced({ bytes: packet, time: BigInt.asUintN(64, time) });
  return builder.bytes();
}

/** Also checks that every cut into two and a cut at every block give the same. */
function factsOf(bytes: Uint8Array, options = scanOptions): CaptureFacts {
  const whole = scanWhole(bytes, options);
  const header = headerOf(bytes);
  const step = 4 * Math.ceil(bytes.length / 240);
  for (let cut = 4; cut < bytes.length; cut += step)
    expectSameBytes(scanSplit(bytes, plansAt(header, [cut]), options).report, whole);
  const every = Array.from({ length: Math.floor(bytes.length / 400) }, (_, i) => 400 * (i + 1));
  expectSameBytes(scanSplit(bytes, plansAt(header, every), options).report, whole);
  return facts(whole);
}

function facts(report: CaptureReport): CaptureFacts {
  if (report.error === 'not-a-capture') throw new Error(report.error_detail);
  return report;
}

describe('the order of times', () => {
  test.each<[string, bigint[], boolean]>([
    ['equal and rising times are in order', [5n, 5n, 6n, 9n], true],
    ['one step back is not', [5n, 6n, 5n, 9n], false],
    ['nor is one right behind a cut', [1n, 2n, 3n, 4n, 3n, 5n, 6n, 7n], false],
    ['nor is one of years', [400n * second, 2n * second, 500n * second], false],
    ['a capture without packets is in order', [], true],
  ])('%s', (_what, times, inOrder) => expect(factsOf(at(times)).times_in_order).toBe(inOrder));

  test('times beyond int64 ns are compared with all others', () => {
    const far = 1n << 62n;
    // 300 years after 1970, told by an offset, then a packet of an interface without one.
    const mixed = (first: number, then: number): Uint8Array =>
      new PcapngBuilder()
        .section()
        .interface({ timeResolution: 9 })
        .interface({ timeResolution: 9, timeOffset: 9_000_000_000n })
        .enhanced({ bytes: packet, time: 1n })
        .enhanced({ bytes: packet, time: far, interfaceNumber: first })
        .enhanced({ bytes: packet, time: far, interfaceNumber: then })
        .bytes();
    expect(factsOf(mixed(0, 1)).times_in_order).toBe(true);
    expect(factsOf(mixed(1, 0))).toMatchObject({ times_in_order: false, packets_time_saturated: 1 });
  });
});

describe('rates', () => {
  test('are told over all the time and over that which has traffic', () => {
    const burst = (from: bigint): bigint[] => [0n, 1n, 2n, 4n].map((s) => from + s * second);
    const { rates } = factsOf(at([...burst(0n), ...burst(315_576_000n * second)]));
    expect(rates).toMatchObject({
      duration_ns: (315_576_004n * second).toString(),
      bytes_per_packet: packet.length,
      packets_per_second: 0,
      pauses: 1,
      active_ns: (8n * second).toString(),
      packets_per_active_second: 1,
      bits_per_active_second: packet.length * 8,
    });
    // Ten years in 8,192 parts of a minute, doubled.
    expect(BigInt(rates.pause_ns_min)).toBe(60n * second * 1024n);
  });

  test('a pause counts from over a minute, whatever the order of the packets', () => {
    const seconds = (...all: number[]) => at(all.map((s) => BigInt(s) * second));
    expect(factsOf(seconds(0, 60, 120)).rates).toMatchObject({ pauses: 0, active_ns: (120n * second).toString() });
    expect(factsOf(seconds(0, 61, 122)).rates).toMatchObject({
      pauses: 2,
      active_ns: '0',
      bits_per_active_second: null,
    });
    expect(factsOf(seconds(122, 0, 61, 30, 90)).rates).toMatchObject({
      pauses: 0,
      active_ns: (122n * second).toString(),
    });
  });

  test('many pauses are bounded by a longer gap, the same at every cut', () => {
    const times = Array.from({ length: 300 }, (_, i) => BigInt((i * 7919) % 300) * 7_200n * second);
    const { rates } = factsOf(at(times));
    expect(rates).toMatchObject({ pauses: 299, active_ns: '0' });
    expect(BigInt(rates.pause_ns_min)).toBe(60n * second * 8n);
  });

  test('a capture without packets, or of one, has none', () => {
    expect(factsOf(at([])).rates).toMatchObject({ duration_ns: null, bytes_per_packet: null, bits_per_second: null });
    expect(factsOf(at([7n])).rates).toMatchObject({ duration_ns: '0', packets_per_second: null, pauses: 0 });
  });
});

describe('times that do not fit int64 ns', () => {
  const offset = 1_354_226_882_082n;

  test('are right relative to the start, at every cut', () => {
    const told = factsOf(at([0n, 70_345_000_000n], offset), { ...scanOptions, intervalNs: '3600000000000' });
    const [row] = told.top;
    expect(row.first_ns).toBe(told.first_ns);
    expect(row.last_ns).toBe(told.last_ns);
    expect(BigInt(row.last_ns!) - BigInt(row.first_ns!)).toBe(70_345_000_000n);
    expect(BigInt(told.first_ns!)).toBe(offset * second);
    expect(told.packets_time_saturated).toBeUndefined();
    // Rows begin at full hours, as those of other times.
    expect(BigInt(told.series!.rows[0].start_ns) % 3_600_000_000_000n).toBe(0n);
    expect(told.series!.rows).toHaveLength(1);
  });

  test('also long before 1970, and with a span that is asked for', () => {
    const told = factsOf(at([0n, 10n * second, 20n * second], -offset), {
      ...scanOptions,
      span: { after: (-offset * second + 5n * second).toString().slice(0, 19), before: null },
    });
    expect(told.packets).toBe(0);
    const early = factsOf(at([0n, 10n * second], -offset));
    expect(early.top.at(0)).toMatchObject({ first_ns: (-offset * second).toString() });
  });

  test('a relative span is counted from the first packet', () => {
    const span = { after: '+5000000000', before: null };
    const told = facts(scanWhole(at([0n, 10n * second, 20n * second], offset), { ...scanOptions, span }));
    expect(told).toMatchObject({ packets: 2, first_ns: (offset * second + 10n * second).toString() });
  });

  test('files that are joined count from one base', () => {
    const files = [at([0n, second], offset), at([2n * second], offset), classicCapture([{ bytes: packet }])];
    const options = knowingFirst(scanOptions, (offset * second).toString());
    const scanner = new JoinScanner(scanModule, options);
    for (const bytes of files) {
      scanner.begin();
      scanner.space().set(bytes);
      scanner.filled(bytes.length);
      scanner.endPart();
    }
    const told = scanner.report({ top: 10, sort: 'bytes', compression: 'none' });
    expect(told).toMatchObject({
      packets: 4,
      packets_time_saturated: 1,
      last_ns: (offset * second + 2n * second).toString(),
    });
    expect(told.top.at(0)).toMatchObject({ last_ns: (offset * second + 2n * second).toString() });
  });
});

describe('interface statistics', () => {
  test('of an interface the highest counts, interfaces and sections add up, at every cut', () => {
    const bytes = new PcapngBuilder()
      .section()
      .interface()
      .interface()
      .enhanced({ bytes: packet, time: 1n })
      .statistics({ 4: 10n, 5: 1n })
      .enhanced({ bytes: packet, time: 2n })
      .statistics({ 4: 30n, 5: 3n }, 1)
      .statistics({ 4: 20n, 5: 2n })
      .interface()
      .enhanced({ bytes: packet, time: 3n })
      .statistics({ 5: 4n }, 2)
      .section('big')
      .interface()
      .statistics({ 4: 100n, 7: 7n })
      .enhanced({ bytes: packet, time: 3n })
      .statistics({ 4: 50n }, 9)
      .bytes();
    expect(factsOf(bytes).capture_statistics).toEqual({
      packets_received: 200,
      packets_dropped: 9,
      packets_dropped_by_system: 7,
    });
  });

  test('of a file that still grows they are told again and again, and of the next file anew', () => {
    const built = new PcapngBuilder().section().interface().enhanced({ bytes: packet, time: 1n });
    const head = built.bytes().length;
    const first = built.statistics({ 4: 10n }).bytes();
    const all = built.statistics({ 4: 20n }).bytes();
    const scanner = new JoinScanner(scanModule, scanOptions);
    const told = (received: string) => ({ ended: [null, null, null], last: [[0, [received, null, null]]] });
    for (const _file of [1, 2]) {
      scanner.begin();
      push(scanner, first, 0);
      for (const _time of [1, 2]) expect(scanner.soFar().facts?.statistics).toEqual(told('10'));
      push(scanner, all, first.length);
      expect(scanner.endPart().statistics).toEqual(told('20'));
    }
    scanner.begin();
    push(scanner, all.subarray(0, head), 0);
    expect(scanner.endPart().statistics).toBeNull();
    scanner.cancel();
  });

  test('a capture without them says nothing', () => {
    expect(factsOf(new PcapngBuilder().section().interface().statistics().bytes())).not.toHaveProperty(
      'capture_statistics',
    );
  });
});

test('records of nothing but zeros are told, at every cut', () => {
  const sound = classicCapture([{ bytes: packet }, { bytes: packet }, { bytes: packet }]);
  const bytes = new Uint8Array(sound.length + 48);
  bytes.set(sound);
  const told = factsOf(bytes);
  expect(told).toMatchObject({ packets: 6, zero_records: 3, times_in_order: false });
  expect(factsOf(sound)).not.toHaveProperty('zero_records');
});
