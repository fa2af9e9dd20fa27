import { idColumns } from '../../../../src/common/job-ids.js';
import { ShortIds, ShortIdSequence } from '../../../../src/hub/workers/short-ids.js';
import type { HubMessage } from '../../../../src/gen/trireme/v1/worker.js';
import { resultsOf } from '../../../support/scripted-worker.js';

const far = 2 ** 40;

function jobs(ids: readonly number[]): HubMessage {
  const columns = { kind: [1], payloadSize: [], payloads: Buffer.alloc(0), timeoutSeconds: [], urgent: [] };
  return { message: { $case: 'jobs', value: { ...idColumns(ids), ...columns } } };
}

const sent = (ids: ShortIds, given: readonly number[]): number[] => {
  const { message } = ids.outgoing(jobs(given));
  return message?.$case === 'jobs' ? message.value.job : [];
};

test('what a worker is sent is numbered anew, and its answers get the hub’s ids back', () => {
  const ids = new ShortIds(new ShortIdSequence(7));
  expect(sent(ids, [far + 1, far + 2])).toEqual([7, 8]);
  const cancels = ids.outgoing({ message: { $case: 'cancels', value: idColumns([far + 2, far + 3]) } });
  expect(cancels.message?.value).toEqual({ job: [8], jobHigh: [] });
  const batch = resultsOf([8, 7]);
  ids.results(batch);
  expect(batch.job).toEqual([far + 2, far + 1]);
});

test('an id answers once, and one that was never given is no job’s', () => {
  const ids = new ShortIds(new ShortIdSequence(7));
  sent(ids, [far]);
  const once = resultsOf([7]);
  ids.results(once);
  const again = resultsOf([7, 9]);
  ids.results(again);
  expect([once.job, again.job]).toEqual([[far], [-7, -9]]);
});

test('two streams of a hub never have the same id, and 0 is none', () => {
  const sequence = new ShortIdSequence(2 ** 32 - 2);
  const [one, two] = [new ShortIds(sequence), new ShortIds(sequence)];
  expect([sent(one, [1, 2]), sent(two, [1, 2])]).toEqual([
    [2 ** 32 - 2, 2 ** 32 - 1],
    [1, 2],
  ]);
});

test('a stream ends before its ids come round again, and when too many jobs are without an answer', () => {
  const sequence = new ShortIdSequence(1);
  const ids = new ShortIds(sequence, 3);
  expect(ids.exhausted).toBeNull();
  sent(ids, [1, 2, 3]);
  expect(ids.exhausted).toContain('3 jobs');
  ids.results(resultsOf([1]));
  expect(ids.exhausted).toBeNull();
  sequence.next += 2 ** 31;
  expect(ids.exhausted).toContain('32 bits are used up');
});
