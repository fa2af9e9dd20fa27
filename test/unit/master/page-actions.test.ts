import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { parseReport } from '../../../src/analyze/parse-report.js';
import { reportOf } from '../../../src/analyze/report-thread.js';
import { AnalyzeResult } from '../../../src/gen/trireme/v1/capture.js';
import { endedAnalyses } from '../../../src/master/live-analyses.js';
import { readAsked, safeName } from '../../../src/master/page-actions.js';
import { pageFields, pageRequest } from '../../../src/master/page-request.js';
import { ReportCalls, reportsMax } from '../../../src/master/report-calls.js';
import { scanIntervalNs, type AskedReport } from '../../../src/pcap/asked-report.js';
import { toCanonicalJson } from '../../../src/pcap/rows/json-pieces.js';
import type { ScanOptions } from '../../../src/pcap/types.js';
import { sampleEntry } from '../../support/sample-entry.js';

const { file: _file, ...facts } = sampleEntry();
const asked: AskedReport = {
  file: 'a.pcap',
  sort: 'bytes',
  scan: { intervalNs: null } as ScanOptions,
  result: AnalyzeResult.encode({ reportJson: toCanonicalJson(facts), counts: undefined }).finish(),
  form: 'json',
  table: 'conversations',
  top: null,
};

describe('reports of finished analyses', () => {
  test('no more are made at once than the bound; one that is left in the midst makes room', async () => {
    const calls = new ReportCalls('analyze/report-thread.js');
    const made = Array.from({ length: reportsMax }, () => calls.report(asked));
    for (const report of made) expect((await report.next()).done).toBe(false);
    await expect(calls.report(asked).next()).rejects.toMatchObject({
      code: 'QUEUE_FULL',
      facts: { value: reportsMax, bound: reportsMax, boundName: 'reportsMax' },
    });
    await Promise.all(made.map((report) => report.return(undefined)));
    const pieces: Uint8Array[] = [];
    for await (const piece of calls.report(asked)) pieces.push(piece);
    expect(JSON.parse(Buffer.concat(pieces).toString())).toMatchObject({ results: [{ file: 'a.pcap', packets: 3 }] });
  });

  test('a thread that cannot read its result says why, and is no more', async () => {
    const calls = new ReportCalls('analyze/report-thread.js');
    const broken = { ...asked, result: AnalyzeResult.encode({ reportJson: '{', counts: undefined }).finish() };
    await expect(calls.report(broken).next()).rejects.toMatchObject({ code: 'INTERNAL' });
    for (let i = 0; i < reportsMax; i++) await expect(calls.report(broken).next()).rejects.toThrow(/JSON/);
  });

  test('a series that was counted for the charts alone is not told as one that was asked for', () => {
    const series = {
      ...{ interval_ns: '1953125', interval_ns_asked: '1953125', coarsened: false, rows_max: 8, without_time: 0 },
      rows: [{ start_ns: '0', packets: 1, bytes: 1 }],
    };
    const told = (intervalNs: string): string => {
      const reportJson = toCanonicalJson({ ...facts, series });
      const result = AnalyzeResult.encode({ reportJson, counts: undefined }).finish();
      const pieces = [...reportOf({ ...asked, result, scan: { intervalNs } as ScanOptions })];
      return pieces.map((piece) => Buffer.from(piece as string).toString()).join('');
    };
    expect(parseReport(toCanonicalJson({ ...facts, series }))).toHaveProperty('series');
    expect(told(scanIntervalNs.toString())).not.toContain('"series"');
    expect(told('1953126')).toContain('"series"');
  });
});

describe('what the page asks', () => {
  test('is an analysis of the rows and the series that a report needs, which nobody waits for', () => {
    const fields = pageFields([
      ...Object.entries({ name: 'day.pcap', filter: 'udp', top: '5', sort: 'packets', tcp: true, names: 'false' }),
      ['after', '+1s'],
    ]);
    expect(pageRequest(fields, '/x', 7)).toMatchObject({
      ...{ name: 'day.pcap', path: '/x', detached: true, waitMs: 7, top: 20_000, sort: 'packets', identity: null },
      scan: { filter: 'udp', tcp: true, intervalNs: scanIntervalNs.toString(), span: { after: '+1000000000' } },
    });
    expect(pageRequest(pageFields([['top', 30_000]]), '/x', 7).top).toBe(30_000);
    expect(pageRequest(pageFields([['interval', '2s']]), '/x', 7).scan.intervalNs).toBe('2000000000');
  });

  test.each([
    ['/data/day 1.pcap.gz', 'day_1.pcap.gz'],
    ['https://store.example/a/b.pcap', 'b.pcap'],
    ['..', 'report'],
    ['"\r\nset-cookie: x', '_set-cookie_x'.slice(1)],
    ['é.pcap', 'pcap'],
    ['x'.repeat(300), 'x'.repeat(80)],
  ])('the report of %j is saved under the name %s', (capture, name) => {
    expect(safeName(capture)).toBe(name);
  });

  test('a request that does not come to its end is waited for no longer than its time', async () => {
    const request = new Readable({ read: () => undefined });
    request.push('{"path":');
    await expect(readAsked(request as IncomingMessage, 20)).rejects.toMatchObject({
      code: 'DEADLINE_PASSED',
      message: 'the request did not come within 0.02 s: send it faster',
    });
  });

  test('no more analyses that ended are shown than asked for, and none that runs', () => {
    const picture = (id: string, state: string): unknown => ({
      analysis: { id, state, name: 'a', filter: '', capture: { sizeBytes: 1 }, endedMs: 2, error: null },
      chunks: [],
    });
    const all = ['running', ...Array.from({ length: 30 }, () => 'done')].map((state, i) => picture(`${i}`, state));
    expect(endedAnalyses(all as never).map(({ id }) => id)).toEqual(
      Array.from({ length: 20 }, (_each, i) => `${i + 1}`),
    );
  });
});
