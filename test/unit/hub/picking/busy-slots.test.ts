import { measureBusySlots } from '../../../../src/hub/picking/busy-slots.js';
import { WorkerColumns } from '../../../../src/hub/picking/worker-columns.js';

/** The slots of a worker that declares 8, after two reports of a queue `seconds` apart in which two slots were busy. */
function measured(seconds: number, longestJobSeconds = 1e-3): number {
  const columns = new WorkerColumns();
  const worker = columns.take();
  columns.slotsDeclared[worker] = columns.slots[worker] = 8;
  columns.queuedBefore[worker] = 1;
  columns.longest[worker] = longestJobSeconds;
  columns.executed[worker] = 2 * seconds;
  columns.executedJobs[worker] = (2 * seconds) / 1e-3;
  measureBusySlots(columns, worker, 5, 0, seconds);
  return columns.slots[worker];
}

test('slots are measured between reports that are 0.2 s apart or more', () => {
  expect(measured(0.2)).toBe(5);
  expect(measured(0.199)).toBe(8);
});

test('and that are more than ten times as far apart as the longest job outstanding takes', () => {
  expect(measured(1, 0.0999)).toBe(5);
  expect(measured(1, 0.1)).toBe(8);
});
