import { ScanChunkResult } from '../../../src/gen/trireme/v1/capture.js';
import { mustHeed, readAnswer } from '../../../src/master/chunk-answer.js';

const plan = { start: 24, end: 100, startCertain: true, state: null };
const answer = (facts: object): Uint8Array =>
  ScanChunkResult.encode({
    ...{ resultJson: JSON.stringify({ plan, ...facts }), partial: Buffer.from('partial') },
    ...{ inputTruncated: false, inputDamage: '' },
  }).finish();

test('what every worker knows needs no word of it', () => {
  const scan = { intervalNs: null, conversationsMax: 5, connection: null, hashSeed: 3 };
  expect(mustHeed({ ...scan, filter: undefined })).toEqual([]);
  expect(mustHeed({ ...scan, filter: 'tcp', filterTags: 'transparent', packetsMax: 3n })).toEqual([
    'filter',
    'filterTags',
  ]);
});

test('the answer of a worker that passes over an option is refused, in words that help', () => {
  const asked = ['filter', 'filterTags'];
  expect(readAnswer(answer({ heeds: ['filterTags', 'filter', 'more'] }), plan, asked).result.plan).toEqual(plan);
  for (const facts of [{}, { heeds: ['filter'] }, { heeds: 'filterTags' }])
    expect(() => readAnswer(answer(facts), plan, asked)).toThrow(
      /earlier version has passed over '\w+': update the workers/,
    );
  expect(() => readAnswer(answer({}), plan)).not.toThrow();
});

test('the answer to a range of a packed file tells what was found of it', () => {
  const packed = { from: 0, to: 5, position: 24, bytesMax: 76 };
  const range = { bytes: 20, inflated: 30, fits: true };
  expect(readAnswer(answer({ range }), { ...plan, packed }).result.range).toEqual(range);
  for (const wrong of [
    undefined,
    {},
    { ...range, bytes: -1 },
    { ...range, bytes: 0.5 },
    { ...range, inflated: 19 },
    { ...range, fits: 'yes' },
  ])
    expect(() => readAnswer(answer({ range: wrong }), { ...plan, packed })).toThrow('does not tell of its range');
});
