import fc from 'fast-check';
import { DeadlineWheel } from '../../../../src/hub/jobs/deadline-wheel.js';
import { JobList, nil } from '../../../../src/hub/jobs/job-list.js';
import { JobTable, jobsLiveMax } from '../../../../src/hub/jobs/job-table.js';
import { noWorker } from '../../../../src/hub/port/job-sink.js';
import { holds } from '../../../support/property.js';
import { RecordingSink } from '../../../support/recording-sink.js';

const sink = new RecordingSink();
const add = (table: JobTable, tag: number): number => table.add(1, 1, null, sink, tag, 0);

describe('job table', () => {
  test('an id names its job until it ends, and never a later one in the same row', () => {
    const table = new JobTable();
    const row = add(table, 1);
    const id = table.ids[row];
    expect(id).not.toBe(0);
    expect(table.rowOf(id)).toBe(row);
    table.free(row);
    expect(table.rowOf(id)).toBe(nil);
    const seen = new Set([id]);
    for (let use = 0; use < 20_000; use++) {
      const next = add(table, use);
      expect(table.rowOf(table.ids[next])).toBe(next);
      expect(table.rowOf(id)).toBe(nil);
      seen.add(table.ids[next]);
      table.free(next);
    }
    expect(seen.size).toBe(20_001);
  });

  test('a row whose ids are used up is used no more', () => {
    const table = new JobTable(3);
    const seen = new Set<number>();
    for (let use = 0; use < 70; use++) {
      const row = add(table, use);
      seen.add(table.ids[row]);
      table.free(row);
      expect(table.live).toBe(0);
    }
    // The use 0 of a row is left out: it would make the id 0.
    expect([seen.size, table.usedUp]).toEqual([70, 10]);
  });

  test('ids are whole numbers to the last bit', () => {
    const table = new JobTable();
    const row = add(table, 1);
    table.ids[row] = Number.MAX_SAFE_INTEGER - 2 ** 20 + 1 + row;
    expect(table.rowOf(table.ids[row])).toBe(row);
    table.free(row);
    expect(table.usedUp).toBe(1);
    expect(add(table, 2)).not.toBe(row);
  });

  test('a freed row is used again last', () => {
    const table = new JobTable();
    const rows = [add(table, 1), add(table, 2), add(table, 3)];
    for (const row of rows) table.free(row);
    expect([add(table, 4), add(table, 5), add(table, 6)]).toEqual(rows);
  });

  test('no more jobs are live than the bound, and the next one is when one has ended', () => {
    const table = new JobTable();
    for (let live = 0; live < jobsLiveMax; live++) if (add(table, live) === nil) throw new Error(`none after ${live}`);
    expect([add(table, 0), table.live]).toEqual([nil, jobsLiveMax]);
    table.free(5);
    expect([add(table, 0), table.live]).toEqual([5, jobsLiveMax]);
  });

  test('a job begins with no worker, no deadline and no history, whoever had its row', () => {
    const table = new JobTable();
    const row = table.add(7, 2, null, { ...sink, urgent: true } as unknown as RecordingSink, 3, 5);
    expect([table.urgent[row], table.workers[row], table.deadlines[row]]).toEqual([1, noWorker, Infinity]);
    for (const column of ['workers', 'avoids', 'deadlines', 'timerBuckets'] as const) table[column][row] = 4;
    for (const column of ['attempts', 'losses', 'notRuns', 'copies', 'hedges', 'queues'] as const)
      table[column][row] = 4;
    table.free(row);
    expect(table.add(8, 1, null, sink, 0, 6)).toBe(row);
    expect([table.urgent[row], table.workers[row], table.avoids[row]]).toEqual([0, noWorker, noWorker]);
    expect([table.deadlines[row], table.timerBuckets[row], table.queues[row]]).toEqual([Infinity, nil, 0]);
    for (const column of ['attempts', 'losses', 'notRuns', 'copies', 'hedges'] as const)
      expect(table[column][row]).toBe(0);
  });

  test('the kind that last had a row is told of any id that names it, and of no row that was never used', () => {
    const table = new JobTable();
    const row = table.add(7, 1, null, sink, 0, 0);
    const id = table.ids[row];
    table.free(row);
    expect([table.lastKind(id), table.rowOf(id)]).toEqual([7, nil]);
    expect(table.lastKind(id + 1)).toBeNull();
    expect(table.rowOf(id + 1)).toBe(nil);
  });

  test('lists behave as arrays under any sequence of appends, prepends and removals', () => {
    const step = fc.tuple(fc.constantFrom('append', 'prepend', 'remove'), fc.nat(1000));
    holds(
      fc.array(step, { maxLength: 200 }),
      (steps) => {
        const table = new JobTable();
        const list = new JobList();
        const model: number[] = [];
        for (const [what, number] of steps) {
          if (what === 'remove') {
            if (model.length === 0) continue;
            const [row] = model.splice(number % model.length, 1);
            table.links.remove(list, row);
            table.free(row);
          } else {
            const row = add(table, number);
            table.links[what as 'append' | 'prepend'](list, row);
            if (what === 'append') model.push(row);
            else model.unshift(row);
          }
        }
        const held: number[] = [];
        for (let row = list.head; row !== nil; row = table.links.next[row]) held.push(row);
        expect(held).toEqual(model);
        expect(list.length).toBe(model.length);
        expect(table.live).toBe(model.length);
        const back: number[] = [];
        for (let row = list.tail; row !== nil; row = table.links.previous[row]) back.push(row);
        expect(back.reverse()).toEqual(model);
      },
      200,
    );
  });
});

describe('deadline wheel', () => {
  test('every deadline is noticed once, not before it and at most a tick and a look later', () => {
    const job = fc.record({ after: fc.double({ min: 0.001, max: 40, noNaN: true }), cleared: fc.boolean() });
    holds(
      fc.tuple(fc.array(job, { maxLength: 60 }), fc.double({ min: 0.005, max: 3, noNaN: true })),
      ([jobs, lookSeconds]) => {
        const table = new JobTable();
        const wheel = new DeadlineWheel(table);
        const start = 1234.567;
        const rows = jobs.map(({ after }, tag) => {
          const row = add(table, tag);
          table.deadlines[row] = start + after;
          wheel.set(row, start + after, start);
          return row;
        });
        jobs.forEach(({ cleared }, at) => cleared && wheel.clear(rows[at]));
        const noticed = new Map<number, number>();
        for (let now = start; now < start + 45; now += lookSeconds) {
          const expired: number[] = [];
          wheel.advance(now, expired);
          for (const id of expired) {
            const row = table.rowOf(id);
            expect(noticed.has(row)).toBe(false);
            noticed.set(row, now);
            wheel.clear(row);
          }
        }
        jobs.forEach(({ after, cleared }, at) => {
          const when = noticed.get(rows[at]);
          if (cleared) return expect(when).toBeUndefined();
          expect(when).toBeGreaterThanOrEqual(start + after);
          expect(when).toBeLessThanOrEqual(start + after + lookSeconds + 0.03);
        });
        expect(wheel.length).toBe(0);
      },
      60,
    );
  });
});
