import fc from 'fast-check';
import { RunJobsResponse, type TaggedResult } from '../../../src/gen/trireme/v1/job.js';
import { AnswerWriter } from '../../../src/lb/answer-writer.js';
import { holds } from '../../support/property.js';

const halves = (tag: bigint): { low: number; high: number } => ({
  low: Number(tag & 0xffffffffn),
  high: Number(tag >> 32n),
});

/** As the hub hands an answer over: in the midst of others. */
function write(
  writer: AnswerWriter,
  { tag, result, error, worker, execSeconds, attempts, resultBytes }: TaggedResult,
): void {
  const job = { ...halves(tag), text: resultBytes === undefined };
  if (error !== '') return writer.addError(job, error);
  const answer = resultBytes ?? Buffer.from(result);
  const bytes = Buffer.concat([Buffer.from('before'), answer, Buffer.from('after')]);
  writer.add(job, bytes, 6, 6 + answer.length, worker, execSeconds, attempts);
}

test('a message is that of the generated encoder, whatever the answers are', () => {
  const wide = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  // Numbers of every length.
  const tag = fc.oneof(
    wide,
    fc.tuple(wide, fc.nat(63)).map(([all, bits]) => all >> BigInt(bits)),
  );
  const told = {
    tag,
    worker: fc.constantFrom('w0', 'w1', 'Größe', 'w'.repeat(128)),
    execSeconds: fc.double().map((seconds) => seconds + 0),
    attempts: fc.nat(300),
  };
  const text = fc.record({ ...told, result: fc.string({ unit: 'grapheme', maxLength: 200 }), error: fc.constant('') });
  const resultBytes = fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes));
  const bytes = fc.record({ ...told, result: fc.constant(''), error: fc.constant(''), resultBytes });
  const nothing = {
    result: fc.constant(''),
    worker: fc.constant(''),
    execSeconds: fc.constant(0),
    attempts: fc.constant(0),
  };
  const failure = fc.record({ ...nothing, tag, error: fc.string({ minLength: 1 }) });
  const check = (messages: TaggedResult[][]): void => {
    const writer = new AnswerWriter();
    for (const results of messages) {
      for (const result of results) write(writer, result);
      expect(writer.count).toBe(results.length);
      const { length } = writer;
      const message = writer.take();
      expect(message.length).toBe(length);
      expect(RunJobsResponse.decode(message)).toEqual({ results });
    }
  };
  holds(fc.array(fc.array(fc.oneof(text, bytes, failure)), { maxLength: 3 }), check, 200);
});

test('a text that is no UTF-8 becomes one', () => {
  const writer = new AnswerWriter();
  writer.add({ low: 1, high: 0, text: true }, Buffer.from([0x61, 0xff, 0x62]), 0, 3, 'w', 1, 1);
  expect(RunJobsResponse.decode(writer.take()).results[0].result).toBe('a\ufffdb');
});

test('one that would be over 64 MiB as text is an error of its job alone', () => {
  const writer = new AnswerWriter();
  const job = { low: 1, high: 0, text: true };
  const bytes = Buffer.alloc(23 * 2 ** 20, 0xff);
  writer.add(job, bytes, 0, bytes.length, 'w', 1, 1);
  writer.add({ ...job, low: 2 }, Buffer.from('fine'), 0, 4, 'w', 1, 1);
  const { results } = RunJobsResponse.decode(writer.take());
  expect(results[0]).toMatchObject({ tag: 1n, error: expect.stringContaining('answers: bytes') as string });
  expect(results[1]).toMatchObject({ tag: 2n, result: 'fine' });
});

test('a message stays as it is while the next is written, and keeps no more than twice its bytes', () => {
  const writer = new AnswerWriter();
  const job = { low: 1, high: 0, text: false };
  const taken: Buffer[] = [];
  for (const bytes of [1, 700, 100_000, 1, 3]) {
    writer.add(job, Buffer.alloc(bytes, bytes), 0, bytes, 'w', 1, 1);
    taken.push(writer.take());
  }
  const lengths = taken.map((message) => RunJobsResponse.decode(message).results[0].resultBytes);
  expect(lengths).toEqual([1, 700, 100_000, 1, 3].map((bytes) => Buffer.alloc(bytes, bytes)));
  // Small buffers of Node share a pool, of 8 KiB or, in newer versions, 64 KiB and a little.
  for (const { length, buffer } of taken)
    expect(buffer.byteLength).toBeLessThanOrEqual(Math.max(2 * length, Buffer.poolSize + 64));
});
