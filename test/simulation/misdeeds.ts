import { idColumns } from '../../src/common/job-ids.js';
import type { ResultBatch } from '../../src/gen/trireme/v1/worker.js';
import { answerBytes } from './answers.js';
import { jobsLiveMax } from '../../src/hub/jobs/job-table.js';
import type { Held } from './held.js';

/** Columns that a worker must not send. */
export function malformed(random: () => number): Partial<ResultBatch> {
  const wrongs: readonly Partial<ResultBatch>[] = [
    { payloadSize: [1_000_000] },
    { status: [9 as never] },
    { execSeconds: [1, 2, 3, 4, 5, 6, 7] },
    { jobHigh: [1, 2, 3, 4, 5, 6, 7] },
    { kind: [77] },
    { job: [] },
    { payloads: Buffer.alloc(3) },
  ];
  return wrongs[Math.floor(random() * wrongs.length)];
}

/**
 * Gives two jobs of different kinds each the kind and the answer of the other. False: there are none. The id
 * alone is then right.
 */
export function mixedUp(held: Held, random: () => number): boolean {
  const first = Math.floor(random() * held.ids.length);
  const other = held.kinds.findIndex((kind) => kind !== held.kinds[first]);
  if (other < 0) return false;
  [held.kinds[first], held.kinds[other]] = [held.kinds[other], held.kinds[first]];
  const answer = (at: number): Buffer => held.payloads.subarray(at * answerBytes, (at + 1) * answerBytes);
  const kept = Buffer.from(answer(first));
  answer(first).set(answer(other));
  answer(other).set(kept);
  return true;
}

/** Ids of 32 bits so far back were given out long ago. */
const longAgo = 5_000;

/**
 * A result of a job that only other workers were given, marked as a lie, since this one may be given the job
 * too meanwhile; or, made up, of one that had its row before it or came long before. Null: there is none.
 */
export function alienResult(
  recent: readonly Held[],
  own: ReadonlySet<number>,
  protocol: number,
  random: () => number,
): ResultBatch | null {
  const of = recent[Math.floor(random() * recent.length)] as Held | undefined;
  if (of === undefined || of.ids.length === 0) return null;
  const back = Math.floor(random() * 4);
  const id = of.ids[0] - back * (protocol === 0 ? longAgo : jobsLiveMax);
  // That would be a lie, which only an audit can find.
  if (own.has(id) || id < 1) return null;
  const payloads = back === 0 ? Buffer.from(of.payloads.subarray(0, answerBytes)) : Buffer.alloc(answerBytes);
  payloads[0] = of.kinds[0];
  payloads[answerBytes - 1] = 255;
  return {
    ...idColumns([id]),
    kind: protocol === 0 ? [] : [of.kinds[0]],
    incarnation: protocol === 0 ? 0 : of.stream.incarnation,
    status: [],
    execSeconds: [1e-6],
    heldSeconds: [1e-6],
    payloadSize: [answerBytes],
    payloads,
  };
}
