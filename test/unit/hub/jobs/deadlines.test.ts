import { Deadlines } from '../../../../src/hub/jobs/deadlines.js';
import { DeadlineWheel, wheelTickSeconds } from '../../../../src/hub/jobs/deadline-wheel.js';
import { JobTable } from '../../../../src/hub/jobs/job-table.js';
import { FakeScheduler } from '../../../support/fake-scheduler.js';
import { RecordingSink } from '../../../support/recording-sink.js';

const sink = new RecordingSink();

interface Bench {
  readonly table: JobTable;
  readonly time: FakeScheduler;
  readonly deadlines: Deadlines;
  readonly expired: { ids: readonly number[]; now: number }[];
  add(seconds: number): number;
}

function bench(clears = true): Bench {
  const table = new JobTable();
  const time = new FakeScheduler();
  const expired: { ids: readonly number[]; now: number }[] = [];
  const deadlines: Deadlines = new Deadlines(table, time, (ids, now) => {
    expired.push({ ids: [...ids], now });
    if (clears) for (const id of ids) deadlines.clear(table.rowOf(id));
  });
  const add = (seconds: number): number => {
    const row = table.add(1, 1, null, sink, 0, time.now());
    deadlines.set(row, time.now() + seconds, time.now());
    return row;
  };
  return { table, time, deadlines, expired, add };
}

describe('deadlines', () => {
  test('stand in the table, and are counted as long as they are set', () => {
    const { table, time, deadlines, add } = bench();
    const row = add(5);
    expect(table.deadlines[row]).toBe(time.now() + 5);
    expect(deadlines.length).toBe(1);
    deadlines.clear(row);
    expect(deadlines.length).toBe(0);
    deadlines.clear(row);
    expect(deadlines.length).toBe(0);
  });

  test('are told once, those that have passed together, and no others', () => {
    const { table, time, expired, add, deadlines } = bench();
    const [early, alike, late] = [add(0.05), add(0.05), add(3)].map((row) => table.ids[row]);
    time.advance(0.04);
    expect(expired).toEqual([]);
    time.advance(1);
    expect(expired.map(({ ids }) => ids)).toEqual([[early, alike]]);
    expect(deadlines.length).toBe(1);
    time.advance(3);
    expect(expired.map(({ ids }) => ids)).toEqual([[early, alike], [late]]);
    expect(deadlines.length).toBe(0);
  });

  test('are looked at each tick while there are any, and never else', () => {
    const { time, add, deadlines } = bench();
    expect(time.pending).toBe(0);
    const row = add(1);
    add(1);
    expect(time.pending).toBe(1);
    time.advance(wheelTickSeconds);
    expect(time.pending).toBe(1);
    deadlines.clear(row);
    time.advance(2);
    expect(time.pending).toBe(0);
    add(1);
    expect(time.pending).toBe(1);
  });

  test('a look that finds none tells nothing', () => {
    const { time, expired, add } = bench();
    add(0.5);
    time.advance(0.4);
    expect(expired).toEqual([]);
  });
});

describe('the wheel of deadlines', () => {
  const wheelOf = (deadlines: readonly number[], now: number): { table: JobTable; wheel: DeadlineWheel } => {
    const table = new JobTable();
    const wheel = new DeadlineWheel(table);
    for (const deadline of deadlines) {
      const row = table.add(1, 1, null, sink, 0, now);
      table.deadlines[row] = deadline;
      wheel.set(row, deadline, now);
    }
    return { table, wheel };
  };
  const tagged = (wheel: DeadlineWheel, now: number): number => {
    const expired: number[] = [];
    wheel.advance(now, expired);
    return expired.length;
  };

  test('one that has passed already is noticed at the next tick', () => {
    const { wheel } = wheelOf([99], 100);
    expect(tagged(wheel, 100)).toBe(0);
    expect(tagged(wheel, 100.011)).toBe(1);
  });

  test('one that is a revolution and more away is not noticed a revolution early', () => {
    const { wheel } = wheelOf([112], 100);
    expect(tagged(wheel, 103)).toBe(0);
    expect(tagged(wheel, 111.99)).toBe(0);
    expect(tagged(wheel, 112.01)).toBe(1);
  });

  test('after a stop of many revolutions each bucket is met once', () => {
    const { wheel } = wheelOf([101, 105, 109], 100);
    expect(tagged(wheel, 10_000)).toBe(3);
  });

  test('time that goes back undoes nothing', () => {
    const { wheel } = wheelOf([101], 100);
    expect(tagged(wheel, 100.5)).toBe(0);
    expect(tagged(wheel, 99)).toBe(0);
    expect(tagged(wheel, 101.01)).toBe(1);
  });

  test('an empty one begins anew at the time of the next deadline', () => {
    const table = new JobTable();
    const wheel = new DeadlineWheel(table);
    const row = table.add(1, 1, null, sink, 0, 0);
    wheel.set(row, 1, 0);
    wheel.clear(row);
    expect(tagged(wheel, 500)).toBe(0);
    table.deadlines[row] = 1001;
    wheel.set(row, 1001, 1000);
    expect(tagged(wheel, 1000.99)).toBe(0);
    expect(tagged(wheel, 1001.01)).toBe(1);
  });
});
