import { ScanChunkResult } from '../../../src/gen/trireme/v1/capture.js';
import { readExtractAnswer } from '../../../src/master/extract-answer.js';
import type { ExtractTask } from '../../../src/pcap/extract-order.js';

const plan = { start: 24, end: 100, startCertain: true, state: null };
const task: ExtractTask = { number: 0, plan, packetsMax: null };
const outcome = {
  ...{ plan, start: 24, end: 104, endState: null, cut: null, damage: null, notACapture: null, endOfInput: false },
  ...{ bytes: 80, plain: true, packets: '2', ofPackets: '3' },
};
const answer = (facts: unknown): Uint8Array =>
  ScanChunkResult.encode({
    ...{ resultJson: typeof facts === 'string' ? facts : JSON.stringify(facts), partial: Buffer.from('packets') },
    ...{ inputTruncated: false, inputDamage: '', inputRestBytes: 0n },
  }).finish();

test('an answer is read with its counts and packets', () => {
  const piece = readExtractAnswer(answer({ plan, start: 24, outcome }), task);
  expect(piece.outcome).toMatchObject({ packets: 2n, ofPackets: 3n, end: 104 });
  expect(Buffer.from(piece.bytes).toString()).toBe('packets');
});

test('a failure keeps its code; one that we do not know is internal', () => {
  const failed = (code: string) =>
    readExtractAnswer(answer({ plan, start: 24, outcome: { failure: { code, message: 'm' } } }), task).outcome;
  expect(failed('FILTER_UNFIT')).toEqual({ failure: { code: 'FILTER_UNFIT', message: 'm' } });
  expect(failed('toString')).toEqual({ failure: { code: 'INTERNAL', message: 'm' } });
});

test.each([
  ['no JSON', '{'],
  ['another chunk', { plan: { ...plan, start: 25 }, start: 25, outcome }],
  ['no outcome', { plan, start: 24 }],
  ['a start that is no position', { plan, start: -1, outcome }],
  ['an end before its start', { plan, start: 24, outcome: { ...outcome, end: 3 } }],
  ['counts that are none', { plan, start: 24, outcome: { ...outcome, packets: 'many' } }],
])('an answer with %s is refused', (_, facts) => {
  expect(() => readExtractAnswer(answer(facts), task)).toThrow(/a worker/);
});
