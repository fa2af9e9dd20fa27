import { JobStatus, type WorkerMessage } from '../../../src/gen/trireme/v1/worker.js';
import { Outbox } from '../../../src/worker/outbox.js';
import { resultsOf } from '../../support/scripted-worker.js';

/** An outbox on a stream that takes so many messages before it asks to hold back. */
function bench(partBytesMax = 1000) {
  const sent: WorkerMessage[] = [];
  const stream = { room: Infinity };
  const turn: (() => void)[] = [];
  const outbox = new Outbox(
    (message) => {
      sent.push(message);
      return --stream.room > 0;
    },
    partBytesMax,
    77,
    (run) => turn.push(run),
  );
  const endTurn = (): void => turn.splice(0).forEach((run) => run());
  const jobs = (): number[][] =>
    sent.flatMap(({ message }) => (message?.$case === 'results' ? [message.value.job] : []));
  return { sent, stream, outbox, endTurn, jobs };
}

test('results of one turn leave in one message', () => {
  const { outbox, endTurn, jobs } = bench();
  outbox.add(resultsOf([1, 2]));
  outbox.add(resultsOf([3]));
  expect(jobs()).toEqual([]);
  endTurn();
  expect(jobs()).toEqual([[1, 2, 3]]);
});

test('columns that one batch left empty are filled in when another one has them', () => {
  const { outbox, endTurn, sent } = bench();
  outbox.add(resultsOf([1, 2]));
  outbox.add(resultsOf([3], { status: [JobStatus.FAILED], payloadSize: [], payloads: Buffer.alloc(0) }));
  endTurn();
  expect(sent[0].message?.value).toMatchObject({
    job: [1, 2, 3],
    status: [JobStatus.DONE, JobStatus.DONE, JobStatus.FAILED],
    payloadSize: [1, 1, 0],
    payloads: Buffer.from('12'),
  });
});

test('a full stream is sent nothing until it has drained, and then in order', () => {
  const { outbox, endTurn, stream, jobs } = bench();
  stream.room = 1;
  outbox.add(resultsOf([1]));
  endTurn();
  outbox.add(resultsOf([2]));
  outbox.add(resultsOf([3]));
  endTurn();
  expect(jobs()).toEqual([[1]]);
  stream.room = Infinity;
  outbox.drained();
  expect(jobs()).toEqual([[1], [2, 3]]);
});

test.each([1, 999, 1000, 1001, 2000, 2001, 5555])('a result of %d bytes arrives whole', async (size) => {
  const { outbox, endTurn, stream, sent } = bench();
  const payload = Buffer.from(Array.from({ length: size }, (_, at) => at % 251));
  stream.room = 2;
  outbox.add(resultsOf([7], { payloadSize: [size], payloads: payload }));
  outbox.add(resultsOf([8]));
  endTurn();
  for (let drain = 0; drain < 10; drain++) {
    stream.room = 2;
    outbox.drained();
  }
  await outbox.empty();
  const pieces: Buffer[] = [];
  for (const { message } of sent) {
    if (message?.$case === 'part') {
      expect(message.value.data.length).toBeLessThanOrEqual(1000);
      pieces.push(message.value.data);
    }
    if (message?.$case === 'results' && message.value.job[0] === 7) {
      pieces.push(message.value.payloads.subarray(0, message.value.payloadSize[0]));
    }
  }
  expect(Buffer.concat(pieces).equals(payload)).toBe(true);
  expect(sent.at(-1)?.message).toMatchObject({ $case: 'results' });
});
