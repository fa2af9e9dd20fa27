import { urgentInRowMax } from '../../../../src/common/limits.js';
import { nil } from '../../../../src/hub/jobs/job-list.js';
import {
  JobTable,
  queueAlone,
  queueAvoiding,
  queueHeld,
  queueNone,
  queueOfKind,
  queueUrgent,
} from '../../../../src/hub/jobs/job-table.js';
import { WaitLines } from '../../../../src/hub/jobs/wait-lines.js';
import { RecordingSink } from '../../../support/recording-sink.js';

interface Bench {
  readonly table: JobTable;
  readonly lines: WaitLines;
  /** Adds a job that was submitted at `at` and puts it into a line. */
  add(kind: number, queue: number, at: number, first?: boolean): number;
}

function bench(): Bench {
  const table = new JobTable();
  const lines = new WaitLines(table, (kind) => (kind === 1 ? 'GET_TIME' : undefined));
  const add = (kind: number, queue: number, at: number, first = false): number => {
    const row = table.add(kind, 1, null, new RecordingSink(), 0, at);
    if (queue === queueUrgent) table.urgent[row] = 1;
    lines.add(row, queue, first);
    return row;
  };
  return { table, lines, add };
}

describe('the lines of jobs that wait', () => {
  test('a kind is made when it is asked for first, by its name or its number', () => {
    const { lines } = bench();
    expect(lines.kind(1).counters.name).toBe('GET_TIME');
    expect(lines.kind(7).counters).toMatchObject({ kind: 7, name: 'KIND_7' });
    expect(lines.kind(7)).toBe(lines.kind(7));
    expect([...lines.kinds.keys()]).toEqual([1, 7]);
  });

  test.each([
    ['of its kind', queueOfKind, (lines: WaitLines) => lines.kind(3).queue, true],
    ['of the urgent ones of its kind', queueUrgent, (lines: WaitLines) => lines.kind(3).urgent, true],
    ['of those that avoid a worker', queueAvoiding, (lines: WaitLines) => lines.avoiding, true],
    ['of those that run alone', queueAlone, (lines: WaitLines) => lines.alone, true],
    ['of those that are audited, which wait for no worker', queueHeld, (lines: WaitLines) => lines.held, false],
  ])('a job stands in the line %s and can leave it', (_which, queue, listOf, waits) => {
    const { table, lines, add } = bench();
    const rows = [add(3, queue, 1), add(3, queue, 2)];
    const list = listOf(lines);
    expect([list.length, lines.count]).toEqual([2, waits ? 2 : 0]);
    expect(table.queues[rows[0]]).toBe(queue);
    const front = add(3, queue, 3, true);
    expect(list.head).toBe(front);
    expect(list.tail).toBe(rows[1]);
    for (const row of [...rows, front]) lines.remove(row);
    expect([list.length, lines.count, table.queues[front]]).toEqual([0, 0, queueNone]);
  });

  test('the oldest of all kinds is next', () => {
    const { lines, add } = bench();
    add(2, queueOfKind, 12);
    const oldest = add(1, queueOfKind, 11);
    add(3, queueOfKind, 13);
    expect(lines.next()).toBe(oldest);
  });

  test('nothing is next where nothing waits', () => {
    const { lines, add } = bench();
    lines.kind(1);
    expect(lines.next()).toBe(nil);
    add(1, queueAvoiding, 1);
    add(1, queueHeld, 1);
    expect(lines.next()).toBe(nil);
  });

  test('a kind that no worker may take now is left out', () => {
    const { lines, add } = bench();
    add(1, queueOfKind, 1);
    const other = add(2, queueOfKind, 2);
    lines.kind(1).blocked = true;
    expect(lines.next()).toBe(other);
    lines.kind(2).blocked = true;
    expect(lines.next()).toBe(nil);
  });

  test(`an urgent job goes before older ones, ${urgentInRowMax} times in a row`, () => {
    const { lines, add } = bench();
    const ordinary = add(1, queueOfKind, 1);
    const urgent = add(2, queueUrgent, 5);
    for (let given = 0; given < urgentInRowMax; given++) {
      expect(lines.urgentMayPass).toBe(true);
      expect(lines.next()).toBe(urgent);
      lines.given(urgent);
    }
    expect(lines.urgentMayPass).toBe(false);
    expect(lines.next()).toBe(ordinary);
    lines.given(ordinary);
    expect(lines.urgentMayPass).toBe(true);
    expect(lines.next()).toBe(urgent);
  });

  test('urgent jobs go on where no others wait', () => {
    const { lines, add } = bench();
    const urgent = add(2, queueUrgent, 5);
    for (let given = 0; given <= urgentInRowMax; given++) lines.given(urgent);
    expect(lines.urgentMayPass).toBe(true);
    expect(lines.next()).toBe(urgent);
    add(1, queueOfKind, 6);
    expect(lines.urgentMayPass).toBe(false);
  });

  test('the first job that passes is looked for in each line, and among its first 32 alone', () => {
    const { lines, add } = bench();
    const row = { urgent: 0, queue: 0, avoiding: 0, alone: 0 };
    row.queue = add(1, queueOfKind, 1);
    row.urgent = add(1, queueUrgent, 1);
    row.alone = add(1, queueAlone, 1);
    row.avoiding = add(1, queueAvoiding, 1);
    const asked: number[] = [];
    expect(lines.first((each) => asked.push(each) < 0)).toBe(nil);
    expect(asked).toEqual([row.avoiding, row.alone, row.urgent, row.queue]);
    for (const each of asked) expect(lines.first((other) => other === each)).toBe(each);
    add(1, queueHeld, 1);
    const behind = Array.from({ length: 32 }, (_, i) => add(1, queueOfKind, 2 + i));
    expect(lines.first((other) => other === behind[30])).toBe(behind[30]);
    expect(lines.first((other) => other === behind[31])).toBe(nil);
  });
});
