import fc from 'fast-check';
import type { HttpFacts } from '../../../../src/pcap/names-types.js';
import { nameOfHost, readRequest } from '../../../../src/pcap/names/http-head.js';
import type { CaptureFacts } from '../../../../src/pcap/report-types.js';
import { toCanonicalJson } from '../../../../src/pcap/rows/json-pieces.js';
import { httpTrace } from '../../../support/capture-builder/http-traces.js';
import { tlsCapture, type TlsSegment } from '../../../support/capture-builder/tls-traces.js';
import { headerOf, plansAt, reportOptions, scanOptions, scanSplit, scanWhole } from '../../../support/engine.js';
import { oracleReading } from '../../../support/oracle/index.js';
import { httpOf } from '../../../support/oracle/http.js';
import { holds } from '../../../support/property.js';

const names = { ...scanOptions, names: true };
const everything = { ...reportOptions, top: 1000 };
const factsOf = (bytes: Uint8Array): CaptureFacts => scanWhole(bytes, names, undefined, everything) as CaptureFacts;
const httpFactsOf = (...segments: TlsSegment[]): HttpFacts => factsOf(tlsCapture(segments)).names!.http;
const says = (text: string, more: Partial<TlsSegment> = {}): TlsSegment => ({
  ...{ client: 0, seq: 1, data: Buffer.from(text, 'latin1'), port: 80 },
  ...more,
});

function countsOf<Row extends object>(rows: readonly Row[], key: keyof Row, count: keyof Row): Record<string, number> {
  return Object.fromEntries(rows.map((row) => [String(row[key]), Number(row[count])]));
}

test('requests and responses are those of a plain machine which reads segment by segment', () => {
  holds(
    httpTrace.filter((segments) => segments.every(({ data }) => data[0] !== 22)),
    (segments) => {
      const bytes = tlsCapture(segments);
      const { hosts, methods, statuses, requests, ...facts } = factsOf(bytes).names!.http;
      const oracle = httpOf(oracleReading(bytes)!);
      expect(countsOf(methods.rows, 'method', 'requests')).toEqual(oracle.methods);
      expect(countsOf(hosts.rows, 'host', 'requests')).toEqual(oracle.hosts);
      expect(countsOf(statuses.rows, 'status', 'responses')).toEqual(oracle.statuses);
      const responses = countsOf(hosts.rows, 'host', 'responses');
      for (const [host, count] of Object.entries(responses)) expect(count).toBe(oracle.responses[host] ?? 0);
      expect(requests).toBe(Object.values(oracle.methods).reduce((sum, count) => sum + count, 0));
      expect([facts.without_host, facts.incomplete]).toEqual([oracle.withoutHost, oracle.incomplete]);
    },
    400,
  );
});

test('cut anywhere into 1 to 8 chunks, a capture of HTTP and TLS tells the same', () => {
  holds(
    fc.record({
      segments: httpTrace,
      cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 7 }),
    }),
    ({ segments, cuts }) => {
      const bytes = tlsCapture(segments);
      const places = [...new Set(cuts.map((share) => 25 + Math.floor(share * (bytes.length - 26))))].sort(
        (x, y) => x - y,
      );
      const { report } = scanSplit(bytes, plansAt(headerOf(bytes), places), names, (all) => all.reverse(), everything);
      expect(toCanonicalJson(report)).toBe(toCanonicalJson(factsOf(bytes)));
    },
    400,
  );
});

describe('a request', () => {
  test.each([
    ['GET / HTTP/1.1\r\nHost: A.example:8080\r\n\r\n', 'a.example:8080', true],
    ['GET / HTTP/1.1\r\nhost:a.example\r\n', 'a.example', true],
    ['GET / HTTP/1.1\r\nX-Host: a.example\r\n\r\n', null, true],
    ['GET / HTTP/1.1\r\n\r\nHost: behind.example\r\n', null, true],
    ['GET / HTTP/1.1\r\nHost: a.exam', null, false],
    ['GET / HTTP/1.1\r\nHost: a\x1b[2J.example\r\n', 'a\\027[2j.example', true],
    [`GET / HTTP/1.1\r\nHost: ${'a'.repeat(262)}\r\n`, null, true],
  ])('%j is for %j', (head, host, isRead) => {
    expect(readRequest(Buffer.from(head, 'latin1'))).toMatchObject({ host, isRead });
  });

  test.each([
    ['a.example:8080', 'a.example'],
    ['a.example.', 'a.example'],
    ['10.0.0.1:80', null],
    ['[2001:db8::1]:80', null],
  ])('to host %j calls its server %j', (host, name) => {
    expect(nameOfHost(host)).toBe(name);
  });

  test('to a proxy calls no address by the name of another server', () => {
    const heads = ['GET http://a.example/ HTTP/1.1', 'CONNECT a.example:443 HTTP/1.1', 'GET / HTTP/1.1'];
    const called = heads.map(
      (head) => factsOf(tlsCapture([says(`${head}\r\nHost: a.example\r\n\r\n`)])).names!.addresses.total,
    );
    expect(called).toEqual([0, 0, 1]);
  });

  test.each([
    [8190, 1, 0],
    [8192, 0, 1],
  ])('with a Host that ends at byte %d of its head has it %d times', (end, hosts, incomplete) => {
    const last = 'Host: a.example\r\n';
    const first = 'GET / HTTP/1.1\r\nX: ';
    const head = `${first}${'x'.repeat(end - first.length - 2 - last.length + 1)}\r\n${last}\r\n`;
    const parts = [0, 4000, 8000].map((at) => says(head.slice(at, at + 4000), { seq: 1 + at }));
    expect(httpFactsOf(...parts)).toMatchObject({ requests: 1, incomplete, hosts: { total: hosts } });
  });

  test('that begins less than 1 MiB before the last one of its direction is that one, sent again', () => {
    const head = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n';
    const both = (seq: number): HttpFacts => httpFactsOf(says(head, { seq: 5_000_000 }), says(head, { seq }));
    expect(both(5_000_000 - 2 ** 20 + 1).requests).toBe(1);
    expect(both(5_000_000 - 2 ** 20).requests).toBe(2);
    expect(both(5_000_001).requests).toBe(2);
  });
});

test('a response counts under the host that its connection asked for last', () => {
  const { hosts, client_errors, server_errors } = httpFactsOf(
    says('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'),
    says('HTTP/1.1 404 Not Found\r\n\r\n', { back: true }),
    says('GET / HTTP/1.1\r\nHost: b.example\r\n\r\n', { seq: 100 }),
    says('HTTP/1.1 500 Error\r\n\r\n', { back: true, seq: 100 }),
    says('HTTP/1.1 500 Error\r\n\r\n', { back: true, client: 2 }),
  );
  expect([client_errors, server_errors]).toEqual([1, 2]);
  expect(hosts.rows).toMatchObject([
    { host: 'a.example', responses: 1, client_errors: 1 },
    { host: 'b.example', responses: 1, server_errors: 1 },
  ]);
});
