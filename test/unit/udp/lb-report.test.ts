import { addsUp, camelCase, lbReport, type LbTable } from '../../../src/udp/lb-report.js';
import { addCounters } from '../../../src/udp/bpf-maps.js';

const empty = { busy: 0, sent: 0 };

interface Server {
  readonly threads: number;
  readonly busy: number;
  readonly seenMs: number;
  readonly suspended?: number;
}

function table(servers: readonly Server[], queued = 0): LbTable {
  return {
    next_handle: 0,
    queue_jobs: queued,
    key: [...servers.map((_, i) => i + 1), 0],
    seen_ns: [...servers.map(({ seenMs }) => seenMs * 1e6), 0],
    load: [...servers.map(({ busy }) => ({ parts: { busy, sent: 9 } })), { parts: empty }],
    threads: [...servers.map(({ threads }) => threads), 0],
    suspended: [...servers.map(({ suspended }) => suspended ?? 0), 0],
    server: [...servers, null].map(() => ({ peer: { ip: 0x0100090a, port: 0x581b }, done: 4 })),
  };
}

describe('report of the balancer', () => {
  test('a server is live, suspended, leaving or dead by its silence, its answers and its pool; unused entries are not shown', () => {
    const servers = [
      { threads: 4, busy: 2, seenMs: 9_900 },
      { threads: 0, busy: 1, seenMs: 9_500 },
      { threads: 8, busy: 0, seenMs: 9_000, suspended: 1 },
      { threads: 8, busy: 1, seenMs: 9_999, suspended: 1 },
    ];
    const report = lbReport(table(servers), {}, 10_000, 1000);
    expect(report.servers.map(({ state, lastSeenMs }) => [state, lastSeenMs])).toEqual([
      ['live', 100],
      ['leaving', 500],
      ['dead', 1000],
      ['suspended', 1],
    ]);
    expect(report.servers[0]).toMatchObject({ address: '10.9.0.1:7000', threads: 4, busy: 2, sent: 9, done: 4 });
    expect(report.running).toBe(4);
  });

  test('counters are sorted into packets, drops and events by their names', () => {
    const counters = { jobs: 10, result_forwarded: 4, dropped_queue_full: 3, pass_other: 2, requeued_late: 1 };
    const report = lbReport(table([{ threads: 4, busy: 2, seenMs: 1 }], 1), counters, 0, 1000);
    expect(report).toMatchObject({
      jobs: 10,
      results: 4,
      queued: 1,
      running: 2,
      dropped: { queueFull: 3 },
      packets: { resultForwarded: 4, passOther: 2 },
      events: { requeuedLate: 1 },
    });
    expect(addsUp(report)).toBe(true);
    expect(addsUp({ ...report, queued: 2 })).toBe(false);
  });

  test('counters of all CPUs are added by name', () => {
    expect(addCounters([{ odd: 1, even: 2 }, { odd: 10 }, {}])).toEqual({ odd: 11, even: 2 });
    expect(camelCase('dropped_queue_full')).toBe('droppedQueueFull');
  });
});
