import {
  adversarial,
  classicCapture,
  cut,
  gzipped,
  PcapngBuilder,
  zeros,
  zstdStored,
  type ByteOrder,
} from '../../support/capture-builder.js';
import { oracleReading, oracleResult, type OracleFacts } from '../../support/oracle/index.js';

const facts = (bytes: Uint8Array): OracleFacts => oracleResult(bytes) as OracleFacts;
const orders: ByteOrder[] = ['little', 'big'];
const three = [0, 1, 2].map((i) => ({ bytes: adversarial.segment(i, zeros(10 * i)), seconds: 1000 + i, fraction: 7 }));

describe('built classic captures', () => {
  for (const order of orders) {
    test(`${order} endian, microseconds`, () => {
      const { top: _, ...rest } = facts(classicCapture(three, { order }));
      expect(rest).toMatchObject({ format: 'pcap', byte_order: order, packets: 3, ipv4_tcp: 3, conversations: 3 });
      expect(rest).toMatchObject({ captured_bytes: 3 * 54 + 30, first_ns: '1000000007000', last_ns: '1002000007000' });
    });
    test(`${order} endian, nanoseconds`, () => {
      expect(facts(classicCapture(three, { order, nanoseconds: true }))).toMatchObject({
        format: 'pcap-nsec',
        byte_order: order,
        first_ns: '1000000000007',
      });
    });
  }

  test('before version 2.3 the lengths are the other way round', () => {
    const records = [{ bytes: zeros(20), originalLength: 999 }];
    const expected = { packets: 1, captured_bytes: 20, original_bytes: 999, error: null };
    expect(facts(classicCapture(records, { version: [2, 2] }))).toMatchObject(expected);
    expect(facts(classicCapture(records, { version: [2, 3] }))).toMatchObject(expected);
  });

  test('bits above the link type do not change it', () => {
    expect(facts(classicCapture(three, { upperBits: 0x2400 })).link_types).toEqual({ 1: 3 });
  });

  test('the snap length cuts what is kept and not what was on the wire', () => {
    expect(facts(classicCapture(three, { snapLength: 30 }))).toMatchObject({
      captured_bytes: 90,
      original_bytes: 192,
      ipv4_tcp: 3,
      conversations: 0,
    });
  });

  test('a cut capture is truncated and keeps its whole records', () => {
    const whole = classicCapture(three);
    expect(facts(cut(whole, whole.length - 1))).toMatchObject({ packets: 2, truncated: true, error: null });
    expect(facts(cut(whole, 24 + 70 + 8))).toMatchObject({ packets: 1, truncated: true });
    expect(facts(cut(whole, 24 + 70))).toMatchObject({ packets: 1, truncated: false });
    expect(oracleResult(cut(whole, 23))).toEqual({ error: 'not-a-capture' });
  });
});

describe('built pcapng captures', () => {
  test('sections of both orders are mixed, and every packet counts', () => {
    expect(facts(adversarial.restlessPcapng(3, 4))).toMatchObject({
      format: 'pcapng',
      byte_order: 'mixed',
      sections: 3,
      interfaces: 9,
      packets: 3 * (3 * 4 + 1),
      error: null,
    });
  });

  test('resolutions and offsets of interfaces give nanoseconds', () => {
    const times = [9, 0x80 + 10, 0, 12].map((timeResolution) => {
      const built = new PcapngBuilder().section().interface({ timeResolution, timeOffset: 5n });
      return facts(built.enhanced({ bytes: zeros(1), time: 1025n }).bytes()).first_ns;
    });
    expect(times).toEqual(['5000001025', '6000976562', '1030000000000', '5000000001']);
  });

  test('lengths that differ, an unknown interface and a packet over its block are damage', () => {
    const sound = (): PcapngBuilder =>
      new PcapngBuilder()
        .section()
        .interface()
        .enhanced({ bytes: zeros(8) });
    const broken = [
      sound().enhanced({ bytes: zeros(8) }, { lastLength: 44 }),
      sound().enhanced({ bytes: zeros(8) }, { firstLength: 41 }),
      sound().enhanced({ bytes: zeros(8), interfaceNumber: 1 }),
      sound().enhanced({ bytes: zeros(8), capturedLength: 9 }),
    ];
    for (const built of broken) expect(facts(built.bytes())).toMatchObject({ packets: 1, error: 'damaged' });
  });
});

test('gzip, gzip in members and stored zstd hold the same capture', () => {
  const plain = classicCapture(three);
  const { gzip: _, ...expected } = facts(plain);
  for (const wrapped of [gzipped(plain), gzipped(plain, 3), zstdStored(plain)]) {
    const { gzip: __, ...found } = facts(wrapped);
    expect(found).toEqual(expected);
  }
  expect(facts(cut(gzipped(plain), gzipped(plain).length - 20))).toMatchObject({ gzip: true, truncated: true });
});

test('a false chain runs through the whole adversarial capture', () => {
  const capture = adversarial.chainAcrossPackets(50, 300);
  const view = new DataView(capture.buffer, capture.byteOffset, capture.byteLength);
  let at = 24 + 16 + 54 + 20; // the first false record's header, in the first payload
  let chain = 0;
  while (at + 16 < capture.length) {
    const length = view.getUint32(at + 8, true);
    expect(length).toBe(view.getUint32(at + 12, true));
    at += 16 + length;
    chain++;
  }
  expect(chain).toBe(50);
  expect(facts(capture).packets).toBe(50);
});

test('boundaries begin behind the file header and end at the end of the file', () => {
  const capture = adversarial.plain(20);
  const reading = oracleReading(capture);
  expect(reading?.boundaries[0]).toBe(24);
  expect(reading?.boundaries.at(-1)).toBe(capture.length);
  expect(reading?.boundaries).toHaveLength(21);
});
