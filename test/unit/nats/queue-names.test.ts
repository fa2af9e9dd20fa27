import { answerOf, decodeRecord, encodeRecord, type DoneRecord } from '../../../src/nats/job-record.js';
import { queueHead } from '../../../src/nats/job-store.js';
import { mayReply, queueNames, queuePrefix, recordKey, unnamedId } from '../../../src/nats/queue-names.js';

test('names begin with the prefix, which is no subject of its own', () => {
  const names = queueNames('night');
  expect([names.jobsStream, names.deadStream, names.records]).toEqual(['night-jobs', 'night-dead', 'night-records']);
  expect([names.jobs('UPPER'), names.dead('UPPER', 'a'), names.holder('b')]).toEqual([
    ...['night.jobs.UPPER', 'night.dead.UPPER.a', 'night.lb.b'],
  ]);
  expect(queuePrefix('night-1_x')).toBe('night-1_x');
  for (const wrong of ['', 'a.b', 'a b', '>', '*', 'x'.repeat(33)]) expect(() => queuePrefix(wrong)).toThrow(wrong);
});

test('an id is the key of its record, or a hash of it where it cannot be one; no two ids have one key', () => {
  expect(recordKey('order-17_b')).toBe('order-17_b');
  const others = ['', 'a b', 'a.b', 'a>', '=x', 'ü', 'x'.repeat(65), 'a\nb'];
  const keys = others.map(recordKey);
  for (const key of keys) expect(key).toMatch(/^=[\w-]{43}$/);
  expect(new Set(keys).size).toBe(others.length);
  expect(unnamedId(7, 1_700_000_000_000_000_000n)).not.toBe(unnamedId(7, 1_700_000_000_000_000_001n));
  expect(recordKey(unnamedId(7, 1n))).toBe(unnamedId(7, 1n));
});

test('answers go where clients listen for them, and nowhere else', () => {
  for (const may of ['_INBOX.abc', '_INBOX.abc.1', 'trireme.replies.mine'])
    expect([may, mayReply('trireme', may)]).toEqual([may, true]);
  for (const not of [
    ...['$JS.API.STREAM.DELETE.x', 'trireme.jobs.UPPER', 'trireme.dead.X.y', '$KV.trireme-records.job1', '', '_INBOX'],
    ...['_INBOX.a.>', '_INBOX.*', '_INBOX.a b', '_INBOX..a', '_INBOX.', 'other.replies.a', '_INBOX.a\r\nPUB x'],
  ])
    expect([not, mayReply('trireme', not)]).toEqual([not, false]);
});

test('a record is read as it was written, text and bytes alike; what is none is that of a dead letter', () => {
  const stamp = { kind: 'PACK', attempts: 1, atMs: 5, mark: 'x', worker: 'w', execSeconds: 0.5 };
  const text: DoneRecord = { ...stamp, state: 'done', result: 'grün' };
  expect(decodeRecord(Buffer.from(encodeRecord(text)), 'k')).toEqual(text);
  expect(answerOf(text).toString()).toBe('grün');
  expect(answerOf({ ...stamp, state: 'done', resultBase64: 'AP8=' })).toEqual(Buffer.from([0, 255]));
  for (const wrong of [
    '',
    '{',
    'null',
    '{"state":"done"}',
    '{"state":"new","attempts":1}',
    '{"state":"dead","attempts":1}',
    '{"state":"dead","attempts":1,"error":{"code":"NO","message":""}}',
    '{"state":"waiting","attempts":1,"error":{"code":"JOB_FAILED","message":5}}',
  ])
    expect(decodeRecord(Buffer.from(wrong), 'job7')).toMatchObject({
      state: 'dead',
      error: { code: 'STATE_FAILED', message: 'the record of job job7 at NATS is damaged' },
    });
});

test('a header has no line breaks, whatever an error says', () => {
  expect(queueHead({ 'Trireme-Error': 'a\r\nNats-Msg-Id: b', other: undefined }).get('Trireme-Error')).toBe(
    'a Nats-Msg-Id: b',
  );
});
