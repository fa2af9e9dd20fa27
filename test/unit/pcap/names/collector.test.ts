import { NamesCollector } from '../../../../src/pcap/names/collector.js';
import { NameEvents } from '../../../../src/pcap/names/events.js';
import { namesFacts } from '../../../../src/pcap/names/facts.js';
import { NamesMachine } from '../../../../src/pcap/names/machine.js';
import { ChunkScanner } from '../../../../src/pcap/chunk-scanner.js';
import { wholeFilePlan } from '../../../../src/pcap/chunk-plans.js';
import { classicCapture } from '../../../support/capture-builder.js';
import { dnsMessage, dnsRecord } from '../../../support/capture-builder/dns-traces.js';
import { clientHello, tlsCapture } from '../../../support/capture-builder/tls-traces.js';
import { push, reportOptions, scanChunk, scanModule, scanOptions, scanSplit } from '../../../support/engine.js';

const names = { ...scanOptions, names: true };
const ends = { six: false, client: 1, port: 1024, server: 1, timeNs: 0n };
const queries = (count: number, from = 0): Uint8Array =>
  classicCapture(
    Array.from({ length: count }, (_, i) =>
      dnsRecord({ ...ends, toServer: true, message: dnsMessage({ id: i, name: `n${from + i}.example` }) }),
    ),
  );

/** Events of a scan, from behind the head of its section of names. */
function logOf(capture: Uint8Array): Uint8Array {
  const log: Uint8Array[] = [];
  const take = jest.spyOn(NamesCollector.prototype, 'take').mockImplementation((bytes) => void log.push(bytes.slice()));
  scanChunk(capture, wholeFilePlan, names);
  take.mockRestore();
  return Buffer.concat(log);
}

const factsOf = (collector: NamesCollector): unknown => namesFacts(collector.machine, 1000);

describe('what a scan has met of names', () => {
  test('is the same added as packets, and as what was counted of them', () => {
    const first = new NamesCollector(true);
    first.take(logOf(queries(5)), 5);
    const counted = new NamesCollector(true);
    counted.take(logOf(queries(5)), 5);
    expect(counted.machine.dns.all.queries).toBe(5);
    const [log, state] = [first.section(), counted.section()];
    expect([log[0], state[0]]).toEqual([0, 1]);
    const sums = [log, state].map((section) => {
      const sum = new NamesCollector(true);
      sum.add(section);
      sum.take(logOf(queries(3, 9)), 3);
      return factsOf(sum);
    });
    expect(sums[0]).toEqual(sums[1]);
  });

  test('a scan from the start of a file counts what has come, so that it holds little', () => {
    const log = logOf(queries(1000));
    const [start, middle] = [new NamesCollector(true), new NamesCollector(false)];
    for (let i = 0; i * log.length <= 17 * 1024 * 1024; i++)
      for (const collector of [start, middle]) collector.take(log, i);
    expect([start.section()[0], middle.section()[0]]).toEqual([1, 0]);
    expect(start.section().length).toBeLessThan(1024 * 1024);
  });

  test('holds nothing of a log that was given to it: the bytes are of the scanner', () => {
    const hello = Buffer.from(clientHello({ name: 'a.example', padding: 200 }));
    const head = Buffer.from('GET / HTTP/1.1\r\nHost: b.example\r\n\r\n');
    const halves = [hello, head].map((bytes) => [bytes.subarray(0, 20), bytes.subarray(20)]);
    const segments = [0, 1].flatMap((part) =>
      halves.map((parts, i) => ({ client: 2 * i, port: 443, seq: 1 + 20 * part, data: parts[part] })),
    );
    const log = logOf(tlsCapture(segments));
    const events = new NameEvents(log);
    for (let i = 0; i < 3; i++) events.advance();
    const second = events.payload - 48;
    const machine = new NamesMachine();
    for (const part of [log.slice(0, second), log.slice(second)]) {
      machine.feed(part);
      part.fill(0);
    }
    expect([machine.tls.names.size, machine.http.hosts.size]).toEqual([1, 1]);

    const [held, kept] = [new NamesCollector(false), new NamesCollector(false)];
    const lent = log.slice();
    held.take(lent, 4);
    lent.fill(0);
    kept.take(log, 4);
    expect(held.section()).toEqual(kept.section());
  });

  test.each([
    ['no bytes', Buffer.alloc(0)],
    ['an unknown form', Buffer.alloc(16, 7)],
    ['a state that is no JSON', Buffer.concat([Buffer.from([1]), Buffer.alloc(15), Buffer.from('{')])],
    ['a state of something else', Buffer.concat([Buffer.from([1]), Buffer.alloc(15), Buffer.from('{"dns":5}')])],
    ['a log that ends in a packet', Buffer.concat([Buffer.alloc(16), Buffer.alloc(39)])],
    ['a log of an unknown kind', Buffer.concat([Buffer.alloc(16), Buffer.alloc(48)])],
  ])('%s are refused', (_what, section) => {
    expect(() => new NamesCollector(true).add(section)).toThrow(/^a chunk's result is not valid: /);
  });

  test('a log whose payload would reach behind its end is refused', () => {
    const log = Buffer.from(logOf(queries(1)));
    log.writeUInt32LE(5000, 0);
    log.writeUInt32LE(5000, 4);
    expect(() => new NamesCollector(true).add(Buffer.concat([Buffer.alloc(16), log]))).toThrow(/payload that is cut/);
  });

  test('a result with names where none were asked for, and one without where they were, are refused', () => {
    const capture = queries(3);
    const withNames = scanChunk(capture, wholeFilePlan, names);
    const without = scanChunk(capture, wholeFilePlan, scanOptions);
    const merged = (options: typeof scanOptions, result: typeof withNames) => () =>
      scanSplit(capture, [wholeFilePlan], options, () => [result]);
    expect(merged(scanOptions, withNames)).toThrow(/names or not/);
    expect(merged(names, without)).toThrow(/names or not/);
  });

  test('what has come so far is told while the scan goes on', () => {
    const capture = queries(6);
    const scanner = new ChunkScanner(scanModule, wholeFilePlan, names);
    push(scanner, capture.subarray(0, capture.length - 200), 0);
    const { report } = scanSplit(capture, [wholeFilePlan], names, () => [scanner.soFar()!]);
    expect(report).toMatchObject({ names: { dns: { queries: 3 } } });
    push(scanner, capture, capture.length - 200);
    expect(scanner.report(reportOptions)).toMatchObject({ names: { dns: { queries: 6 } } });
  });
});
