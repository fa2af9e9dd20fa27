import { ResultBatch, ResultPart, WorkerMessage } from '../../../../src/gen/trireme/v1/worker.js';
import { columnBytesMax, decodeWorkerMessage, helloBytesMax } from '../../../../src/hub/attach/worker-message.js';
import { helloOf } from '../../../support/scripted-worker.js';
import { filled } from '../../../support/filled.js';

const encode = (message: WorkerMessage['message']): Uint8Array => WorkerMessage.encode({ message }).finish();
const results = (jobs: number, answerBytes: number): WorkerMessage['message'] => ({
  $case: 'results',
  value: filled(ResultBatch, { job: Array<number>(jobs).fill(1), payloads: Buffer.alloc(answerBytes) }),
});

test('as many results as a worker may hold are taken, however large their answers are', () => {
  const message = decodeWorkerMessage(encode(results(16_384, 6 * 2 ** 20)));
  expect(message).not.toHaveProperty('refused');
  expect((message as WorkerMessage).message?.value).toMatchObject({ payloads: { length: 6 * 2 ** 20 } });
});

test('a part of a large result is taken', () => {
  const value = filled(ResultPart, { job: 1, data: Buffer.alloc(4 * 2 ** 20) });
  expect(decodeWorkerMessage(encode({ $case: 'part', value }))).not.toHaveProperty('refused');
});

test('columns of millions of numbers are refused before they are decoded', () => {
  // Field 3 of WorkerMessage with field 1 of ResultBatch in it: 4,194,304 jobs of one byte each.
  const head = Buffer.from([0x1a, 0x85, 0x80, 0x80, 0x02, 0x0a, 0x80, 0x80, 0x80, 0x02]);
  const bytes = Buffer.concat([head, Buffer.alloc(2 ** 22, 1)]);
  expect(WorkerMessage.decode(bytes).message).toMatchObject({ $case: 'results', value: { job: { length: 2 ** 22 } } });
  const before = process.memoryUsage().heapUsed;
  expect(decodeWorkerMessage(bytes)).toEqual({
    refused: `its message has ${2 ** 22 + 5} bytes beside answers, over ${columnBytesMax}`,
  });
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(8 * 2 ** 20);
});

test('a Hello of a million kinds is refused', () => {
  const hello = Buffer.from(encode({ $case: 'hello', value: helloOf() }));
  // Field 1 of WorkerMessage, whose field 5, an empty KindOffer, stands there again and again.
  const inner = Buffer.alloc(100_000, Buffer.from([0x2a, 0]));
  const bytes = Buffer.concat([hello, Buffer.from([0x0a, 0xa0, 0x8d, 0x06]), inner]);
  expect(decodeWorkerMessage(bytes)).toEqual({ refused: `its Hello has 100000 bytes, over ${helloBytesMax}` });
});

test('a large message that is none is refused in words', () => {
  expect(decodeWorkerMessage(new Uint8Array(100_000).fill(0xff))).toEqual({
    refused: 'its message is malformed: a number has more than 10 bytes',
  });
});
