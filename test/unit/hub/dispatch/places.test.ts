import { pino } from 'pino';

import { IsolatedRuns } from '../../../../src/hub/dispatch/isolated-runs.js';
import { Places } from '../../../../src/hub/dispatch/places.js';
import { nil } from '../../../../src/hub/jobs/job-list.js';
import { JobTable, queueAlone, queueAvoiding, queueOfKind, queueUrgent } from '../../../../src/hub/jobs/job-table.js';
import { WaitLines } from '../../../../src/hub/jobs/wait-lines.js';
import { WAIT, type Picker } from '../../../../src/hub/picking/picker.js';
import { noWorker } from '../../../../src/hub/port/job-sink.js';
import { AttachedWorker } from '../../../../src/hub/workers/attached-worker.js';
import { Hello } from '../../../../src/gen/trireme/v1/worker.js';
import { RecordingSink } from '../../../support/recording-sink.js';
import { filled } from '../../../support/filled.js';

const stream = { send: () => true, end: () => undefined, ended: false };

function attached(index: number): AttachedWorker {
  const hello = filled(Hello, { workerId: `w${index}`, name: `w${index}`, slots: 1 });
  const worker = new AttachedWorker(index, hello, stream as never, pino({ level: 'silent' }), 1000, 0, 0);
  worker.index = index;
  worker.setState('SERVING', 'it joined');
  return worker;
}

function bench() {
  const table = new JobTable();
  const lines = new WaitLines(table, () => undefined);
  const workers = [attached(0), attached(1)];
  const reserved: number[] = [];
  const said: string[] = [];
  let next = 0;
  const picker = {
    reserve: () => next,
    unreserve: (worker: number) => void reserved.push(worker),
  } as unknown as Picker;
  const isolated = new IsolatedRuns(workers, picker);
  const work = { begins: () => void said.push('begins'), rests: () => void said.push('rests') };
  const places = new Places(table, lines, workers, isolated, work, () => 0);
  const add = (change: (row: number) => void = () => undefined): number => {
    const row = table.add(1, 1, null, new RecordingSink(), 0, 0);
    change(row);
    return row;
  };
  return { table, lines, workers, isolated, places, add, said, reserved, reserves: (index: number) => (next = index) };
}

describe('where a job is', () => {
  test('a job that waits has no holder, and one that was given has', () => {
    const { table, places, workers, lines, add } = bench();
    const row = add();
    places.wait(row, false);
    expect([lines.count, places.holder(row)]).toEqual([1, undefined]);
    places.leave(row);
    places.assign(row, workers[1]);
    expect([lines.count, workers[1].jobs.head, table.workers[row]]).toEqual([0, row, 1]);
    expect(places.holder(row)).toBe(workers[1]);
    places.leave(row);
    expect([workers[1].jobs.length, table.workers[row], places.holder(row)]).toEqual([0, noWorker, undefined]);
  });

  test('only the worker that holds a job is found by its id', () => {
    const { table, places, workers, add } = bench();
    const row = add();
    places.assign(row, workers[1]);
    expect(places.heldBy(workers[1], table.ids[row])).toBe(row);
    expect(places.heldBy(workers[0], table.ids[row])).toBe(nil);
    expect(places.heldBy(workers[1], table.ids[row] + 1)).toBe(nil);
  });

  test('work begins with the first job that a worker has, and rests with the last', () => {
    const { places, workers, add, said } = bench();
    const rows = [add(), add()];
    places.assign(rows[0], workers[0]);
    places.assign(rows[1], workers[1]);
    expect(said).toEqual(['begins']);
    places.leave(rows[0]);
    expect(said).toEqual(['begins']);
    places.leave(rows[1]);
    expect(said).toEqual(['begins', 'rests']);
    places.assign(rows[0], workers[0]);
    expect(said).toEqual(['begins', 'rests', 'begins']);
  });

  test('a job leaves the list of a worker that is gone already', () => {
    const { table, places, workers, add } = bench();
    const [row, other] = [add(), add()];
    places.assign(row, workers[0]);
    places.assign(other, workers[0]);
    table.workers[row] = noWorker;
    places.leave(row, workers[0]);
    expect([workers[0].jobs.length, workers[0].jobs.head]).toEqual([1, other]);
  });

  test.each<[string, (table: JobTable, row: number) => void, number]>([
    ['none has happened to', () => undefined, queueOfKind],
    ['is urgent', (table, row) => (table.urgent[row] = 1), queueUrgent],
    ['one worker died with', (table, row) => (table.losses[row] = 1), queueOfKind],
    ['two workers died with', (table, row) => (table.losses[row] = 2), queueAlone],
    ['must not go to a worker', (table, row) => (table.avoids[row] = 0), queueAvoiding],
    ['another worker has too', (table, row) => (table.copies[row] = 1), queueAvoiding],
  ])('a job that %s waits in its line', (_what, change, queue) => {
    const { table, places, add } = bench();
    const row = add((added) => change(table, added));
    places.wait(row, false);
    expect(table.queues[row]).toBe(queue);
  });

  test('a job that is given back goes before those that came later', () => {
    const { places, lines, add } = bench();
    const [back, other] = [add(), add()];
    places.wait(other, false);
    places.wait(back, true);
    expect(lines.kind(1).queue.head).toBe(back);
  });
});

describe('a worker that is kept free for a job that runs alone', () => {
  test('gets it once it holds nothing', () => {
    const { places, isolated, workers, add, table } = bench();
    const other = add();
    places.assign(other, workers[0]);
    expect(isolated.workerFor(7, 1, 0)).toBeUndefined();
    expect(workers[0].aloneJob).toBe(7);
    places.leave(other);
    expect(isolated.workerFor(7, 1, 0)).toBe(workers[0]);
    workers[0].lent.set(table.ids[other], {} as never);
    expect(isolated.workerFor(7, 1, 0)).toBeUndefined();
  });

  test('is the same one as long as the job waits, and none where none may be kept', () => {
    const { isolated, workers, reserves } = bench();
    reserves(WAIT);
    expect(isolated.workerFor(7, 1, 0)).toBeUndefined();
    expect(workers.map(({ aloneJob }) => aloneJob)).toEqual([0, 0]);
    reserves(1);
    expect(isolated.workerFor(7, 1, 0)).toBe(workers[1]);
    reserves(0);
    expect(isolated.workerFor(7, 1, 0)).toBe(workers[1]);
    expect(isolated.workerFor(8, 1, 0)).toBe(workers[0]);
  });

  test('does not get it while it is not serving', () => {
    const { isolated, workers } = bench();
    workers[0].setState('QUARANTINED', 'its answers differ');
    expect(isolated.workerFor(7, 1, 0)).toBeUndefined();
  });

  test('is free for all again when the job is answered or ends', () => {
    const { places, isolated, workers, add, table, reserved } = bench();
    const row = add((added) => (table.losses[added] = 2));
    const worker = isolated.workerFor(table.ids[row], 1, 0)!;
    places.assign(row, worker);
    places.leave(row);
    expect([worker.aloneJob, reserved]).toEqual([0, [0]]);
    // One that is cancelled while it waits for its worker.
    isolated.workerFor(table.ids[row], 1, 0);
    places.wait(row, false);
    places.leave(row);
    expect([workers[0].aloneJob, reserved]).toEqual([0, [0, 0]]);
    isolated.end(table.ids[row]);
    expect(reserved).toEqual([0, 0]);
  });

  test('stays kept when another job leaves it', () => {
    const { places, isolated, workers, add, reserved } = bench();
    const row = add();
    places.assign(row, workers[0]);
    isolated.workerFor(77, 1, 0);
    places.leave(row);
    expect([workers[0].aloneJob, reserved]).toEqual([77, []]);
  });
});
