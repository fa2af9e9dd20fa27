import type { AttachedWorker } from '../../src/hub/workers/attached-worker.js';
import { Audits } from '../../src/hub/audit/audits.js';
import { AuditGate, type AnswerBytes } from '../../src/hub/dispatch/audit-gate.js';
import { Deadlines } from '../../src/hub/jobs/deadlines.js';
import { Dispatcher } from '../../src/hub/dispatch/dispatcher.js';
import { Endings } from '../../src/hub/dispatch/endings.js';
import { Returns } from '../../src/hub/dispatch/returns.js';
import { ShareLines } from '../../src/hub/jobs/share-lines.js';
import { JobTable, jobsLiveMax } from '../../src/hub/jobs/job-table.js';
import { Picker } from '../../src/hub/picking/picker.js';
import { Answers } from '../../src/hub/dispatch/answers.js';
import { ResultParts } from '../../src/hub/workers/result-parts.js';
import { Roster } from '../../src/hub/attach/roster.js';
import { Turn } from '../../src/hub/workers/turn.js';

/** A fault that is put into the hub so that the simulation shows that it finds it. */
export interface Planted {
  readonly name: string;
  /** Words of the violation that it ends in. */
  readonly shows: RegExp;
  /** A seed whose run shows it, to save the runs before it; 1 where it is left out. */
  readonly seed?: number;
  /** Puts it in; the return value takes it out. */
  plant(): () => void;
}

type Method = (...args: never[]) => unknown;

/** Replaces a method by what `wrap` makes of it. */
function patch(
  of: object,
  name: string,
  wrap: (original: Method) => (this: never, ...args: never[]) => unknown,
): () => void {
  const methods = of as Record<string, Method>;
  const original = methods[name];
  if (typeof original !== 'function') throw new Error(`there is no method ${name} to plant a fault in`);
  methods[name] = wrap(original) as Method;
  return () => (methods[name] = original);
}

/** Every n-th call is left out. */
function leftOut(of: object, name: string, every: number): () => void {
  let calls = 0;
  return patch(
    of,
    name,
    (original) =>
      function (this: never, ...args: never[]): unknown {
        return ++calls % every === 0 ? undefined : original.apply(this, args);
      },
  );
}

const misled = /was told the answer of job|heard .* after its end|was answered with/;
const stuck = /not ended|left when no job lives/;

export const planted: readonly Planted[] = [
  {
    name: 'ids come round again after so many uses of a row',
    shows: misled,
    plant: () =>
      patch(
        JobTable.prototype,
        'free',
        (original) =>
          function (this: never, row: number): void {
            const table = this as unknown as Pick<JobTable, 'ids'> & { readonly idsEnd: number };
            // As it was: the count of a row begins anew.
            if (table.ids[row] + jobsLiveMax >= table.idsEnd) table.ids[row] = row;
            original.call(this, row as never);
          },
      ),
  },
  {
    name: 'answers for an earlier hub are taken',
    shows: misled,
    seed: 7,
    plant: () => patch(Roster.prototype, 'forAnother', () => () => false),
  },
  {
    name: 'a kind that is not the job’s is taken',
    shows: misled,
    seed: 22,
    plant: () =>
      patch(
        Answers.prototype,
        'take',
        (original) =>
          function (this: never, worker: AttachedWorker, batch: { kind: number[]; job: number[] }) {
            const { table } = (this as unknown as { readonly dispatcher: Dispatcher }).dispatcher;
            const trueKinds = batch.job.map((low, at) => {
              const row = low & (jobsLiveMax - 1);
              return row < table.kinds.length ? table.kinds[row] : (batch.kind[at] ?? 0);
            });
            const forgiving = batch.kind.length === 0 ? batch : { ...batch, kind: trueKinds };
            return original.call(this, worker as never, forgiving as never);
          },
      ),
  },
  { name: 'an answer is dropped', shows: stuck, plant: () => leftOut(Endings.prototype, 'deliver', 500) },
  {
    name: 'an answer is given twice',
    shows: /after its end/,
    plant: () =>
      patch(
        Endings.prototype,
        'deliver',
        (original) =>
          function (this: never, ...args: never[]): void {
            const { table } = this as unknown as Pick<Dispatcher, 'table'>;
            const [row, answer, worker, exec] = args as unknown as [number, AnswerBytes, number, number];
            const [sink, tag] = [table.sinks[row], table.tags[row]];
            original.apply(this, args);
            if (tag % 100 === 0) sink?.done(tag, answer.bytes, answer.start, answer.end, worker, exec, 1, 0);
          },
      ),
  },
  {
    name: 'the jobs of a lost worker are never given to another',
    shows: stuck,
    plant: () => leftOut(Returns.prototype, 'orphan', 1),
  },
  {
    name: 'a row is not freed',
    shows: stuck,
    plant: () => leftOut(JobTable.prototype, 'free', 1000),
  },
  {
    name: 'deadlines are not looked at',
    shows: /after its deadline|not ended/,
    plant: () => leftOut(Dispatcher.prototype, 'expire', 1),
  },
  { name: 'a deadline is not cleared', shows: stuck, plant: () => leftOut(Deadlines.prototype, 'clear', 300) },
  {
    name: 'a worker’s answer leaves its books open',
    shows: stuck,
    plant: () => leftOut(Picker.prototype, 'ended', 1000),
  },
  { name: 'a message to a worker is lost', shows: stuck, plant: () => leftOut(Turn.prototype, 'drained', 3) },
  {
    name: 'parts of an answer are kept',
    shows: /was answered with|left when/,
    plant: () => leftOut(ResultParts.prototype, 'take', 2),
  },
  { name: 'an audit is forgotten', shows: stuck, plant: () => leftOut(Audits.prototype, 'start', 20) },
  {
    name: 'a liar is believed',
    shows: /lie that an audit/,
    seed: 6,
    plant: () => patch(AuditGate.prototype, 'begin', () => () => 0),
  },
  {
    name: 'a job of a client is never counted as ended',
    shows: stuck,
    seed: 5,
    plant: () => leftOut(ShareLines.prototype, 'ended', 500),
  },
  { name: 'a cancel is not heard', shows: /cancel/, plant: () => leftOut(Dispatcher.prototype, 'cancel', 20) },
];
