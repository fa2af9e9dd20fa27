import fc from 'fast-check';
import type { NamesFacts } from '../../../../src/pcap/names-types.js';
import type { CaptureFacts } from '../../../../src/pcap/report-types.js';
import { toCanonicalJson } from '../../../../src/pcap/rows/json-pieces.js';
import { clientHello, tlsCapture, tlsTrace, type TlsSegment } from '../../../support/capture-builder/tls-traces.js';
import { headerOf, plansAt, reportOptions, scanOptions, scanSplit, scanWhole } from '../../../support/engine.js';
import { oracleReading } from '../../../support/oracle/index.js';
import { tlsNames } from '../../../support/oracle/tls.js';
import { holds } from '../../../support/property.js';

const names = { ...scanOptions, names: true };
const everything = { ...reportOptions, top: 1000 };
const tlsOf = (bytes: Uint8Array): NamesFacts['tls'] =>
  (scanWhole(bytes, names, undefined, everything) as CaptureFacts).names!.tls;

test('hellos are those of a plain machine which reads segment by segment', () => {
  holds(
    tlsTrace,
    (segments) => {
      const bytes = tlsCapture(segments);
      const { hellos, malformed, incomplete, names: rows } = tlsOf(bytes);
      const oracle = tlsNames(oracleReading(bytes)!);
      expect(Object.fromEntries(rows.rows.map(({ name, hellos: count }) => [name, count]))).toEqual(oracle.names);
      expect({ malformed, incomplete }).toEqual({ malformed: 0, incomplete: oracle.incomplete });
      expect(hellos).toBe(Object.values(oracle.names).reduce((sum, count) => sum + count, 0));
    },
    400,
  );
});

test('cut anywhere into 1 to 8 chunks, a capture tells the same hellos', () => {
  holds(
    fc.record({
      segments: tlsTrace,
      cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 7 }),
    }),
    ({ segments, cuts }) => {
      const bytes = tlsCapture(segments);
      const places = [...new Set(cuts.map((share) => 25 + Math.floor(share * (bytes.length - 26))))].sort(
        (x, y) => x - y,
      );
      const whole = toCanonicalJson(scanWhole(bytes, names, undefined, everything));
      const { report } = scanSplit(bytes, plansAt(headerOf(bytes), places), names, (all) => all.reverse(), everything);
      expect(toCanonicalJson(report)).toBe(whole);
    },
    300,
  );
});

describe('the rest of a hello', () => {
  const hello = clientHello({ name: 'n1.tls.example', padding: 200 });
  const half = hello.length >> 1;
  const first: TlsSegment = { client: 0, seq: 9, data: hello.subarray(0, half) };
  const rest: TlsSegment = { client: 0, seq: 9 + half, data: hello.subarray(half) };
  const others = (count: number): TlsSegment[] =>
    Array.from({ length: count }, (_, i) => ({ client: 2 + 2 * (i % 50), seq: i * 3, data: Buffer.from('any') }));

  test.each([
    [4095, 1],
    [4096, 0],
  ])('behind %d other packets is told of %d, wherever the file is cut', (count, hellos) => {
    const bytes = tlsCapture([...others(20), first, ...others(count), rest]);
    const whole = toCanonicalJson(scanWhole(bytes, names, undefined, everything));
    expect(tlsOf(bytes)).toMatchObject({ hellos, incomplete: 1 - hellos });
    for (const cuts of [[0.004], [0.5], [0.999], [0.1, 0.2, 0.6, 0.9]]) {
      const places = cuts.map((share) => Math.floor(share * bytes.length));
      const { report } = scanSplit(bytes, plansAt(headerOf(bytes), places), names, undefined, everything);
      expect(toCanonicalJson(report)).toBe(whole);
    }
  });

  test('is followed beside more directions than the table holds at once', () => {
    const began = (count: number): TlsSegment[] =>
      Array.from({ length: count }, (_, i) => ({ ...first, client: 2 * (i % 120) + 2, seq: 20_000 * i }));
    const bytes = tlsCapture([...began(30_000), first, ...began(100), rest]);
    expect(tlsOf(bytes)).toMatchObject({ hellos: 1, incomplete: 30_100 });
  });
});

test('a hello whose segments come again and again is given up at twice the bytes of a stream', () => {
  const first = Buffer.from('160301400001003e80', 'hex');
  const behindGap = Buffer.alloc(12_000);
  const told = (times: number): object => {
    const rest = Array.from({ length: times }, () => ({ client: 0, seq: 1001, data: behindGap }));
    const { malformed, incomplete } = tlsOf(tlsCapture([{ client: 0, seq: 1, data: first }, ...rest]));
    return { malformed, incomplete };
  };
  expect(told(2)).toEqual({ malformed: 0, incomplete: 1 });
  expect(told(3)).toEqual({ malformed: 1, incomplete: 0 });
});
