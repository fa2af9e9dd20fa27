import type { WorkerInfo } from '../../../src/gen/trireme/v1/worker.js';
import { seconds, shortName, sortRows, tableLines } from '../../../src/top/columns.js';
import { notDoneLine, onceJson, onceText } from '../../../src/top/once.js';
import { Rates } from '../../../src/top/rates.js';
import { sampleKind } from '../../support/sample-kind.js';

const worker = (name: string, changes: Partial<WorkerInfo> = {}): WorkerInfo => ({
  id: name,
  name,
  version: '1',
  address: '127.0.0.1:1',
  state: 'SERVING',
  slots: 1,
  busy: 0,
  queued: 0,
  load: 0,
  outstanding: 0,
  backlogSeconds: 0,
  windowSeconds: 0.006,
  roundTripSeconds: 0.0002,
  lastHeartbeat: '2026-01-01T00:00:00.000Z',
  kinds: [{ ...sampleKind, done: 10n, failed: 1n }],
  cpuModel: '',
  memoryBytes: 0n,
  host: '',
  ...changes,
});
const answered = (done: number): Partial<WorkerInfo> => ({
  kinds: [{ ...sampleKind, done: BigInt(done), failed: 0n }],
});
const rowsOf = (...workers: WorkerInfo[]) => new Rates().take({ workers, jobsWaiting: 0, kinds: [] }, 0).rows;

test('a rate is what was answered between two lists', () => {
  const rates = new Rates();
  expect(
    rates.take({ workers: [worker('a', answered(10))], jobsWaiting: 3, kinds: [] }, 1000).jobsPerSecond,
  ).toBeNull();
  const { rows, jobsPerSecond } = rates.take(
    { workers: [worker('a', answered(60)), worker('b', answered(500))], jobsWaiting: 0, kinds: [] },
    1500,
  );
  expect(rows.map((row) => row.jobsPerSecond)).toEqual([100, null]);
  expect(jobsPerSecond).toBe(100);
});

test('a worker that attached anew has no negative rate', () => {
  const rates = new Rates();
  rates.take({ workers: [worker('a', answered(60))], jobsWaiting: 0, kinds: [] }, 0);
  expect(
    rates.take({ workers: [worker('a', answered(1))], jobsWaiting: 0, kinds: [] }, 1000).rows[0].jobsPerSecond,
  ).toBe(0);
});

test('numbers are ordered with the largest first, names from a to z, equals by name', () => {
  const rows = rowsOf(worker('b', { slots: 2 }), worker('c', { slots: 8 }), worker('a', { slots: 2 }));
  expect(sortRows(rows, 'slots').map((row) => row.worker.name)).toEqual(['c', 'a', 'b']);
  expect(sortRows(rows, 'name').map((row) => row.worker.name)).toEqual(['a', 'b', 'c']);
});

test.each([200, 100, 60, 30, 10])('no line is longer than %d characters, and the name is always there', (width) => {
  const lines = tableLines(rowsOf(worker('alpha'), worker('beta')), width, 0).map(({ text }) => text);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
  expect(lines[1]).toMatch(/^alpha/);
});

test('a name cannot steer the terminal or fill it', () => {
  expect(shortName('\x1b[2Jevil\n')).toBe('\\u001b[2Jevil\\n');
  expect(shortName('x'.repeat(500))).toHaveLength(40);
});

test.each([
  [0, '0'],
  [0.0000123, '12.3us'],
  [0.0061, '6.10ms'],
  [1.2, '1.20s'],
  [200, '3m20s'],
])('%d s is written %s', (value, text) => {
  expect(seconds(value)).toBe(text);
});

describe('jobs that were not answered', () => {
  const totals = {
    name: 'GET_TIME',
    submitted: 3020n,
    done: 1000n,
    notDone: { queueFull: 2000n, expired: 20n, newReason: 1n },
  };
  const list = new Rates().take(
    { workers: [], jobsWaiting: 0, kinds: [totals, { ...totals, name: 'MINE', notDone: {} }] },
    0,
  );

  test('are told by kind and reason, below the summary', () => {
    const line = 'not answered: GET_TIME 2,021 (2,000 queue full, 20 too late, 1 newReason)';
    expect(notDoneLine(list)).toBe(line);
    expect(onceText('lb', list, 'name', 0).split('\n')[1]).toBe(line);
  });

  test('are no line where there is none, and counts in JSON', () => {
    expect(notDoneLine(new Rates().take({ workers: [], jobsWaiting: 0, kinds: [] }, 0))).toBeNull();
    expect(JSON.parse(onceJson('lb', list, 'name'))).toMatchObject({
      kinds: [{ name: 'GET_TIME', submitted: 3020, notDone: { expired: 20 } }, { name: 'MINE' }],
    });
  });
});
