import { checkOutcomes } from '../../../../src/captures/join/check-outcomes.js';

const state = {
  format: 'pcap',
  byteOrder: 'little',
  interfaces: [{ linkType: 1, snapLength: 0, timeResolution: 6, timeOffsetSeconds: '0' }],
  lengthsSwapped: false,
};
const facts = {
  packets: 3,
  capturedBytes: 300,
  firstNs: '-5',
  lastNs: '1700000000000000000',
  sections: 1,
  interfaces: 1,
  end: 400,
  endState: state,
  cut: null,
  damage: null,
  notACapture: null,
  zeroRecords: 0,
  inOrder: true,
  statistics: null,
};
const statistics = { ended: [null, null, null], last: [[3, ['5', null, '1']]] };
const inflated = { truncated: false, damage: null };
const good = { facts, inflated };

test('outcomes of a run are taken: counted, damaged, no capture, failed', () => {
  const all = [
    good,
    { facts: { ...facts, damage: { offset: 5, detail: 'why' }, cut: { claimed: null, held: 3 } }, inflated },
    { facts: { ...facts, endState: null, notACapture: 'empty file', firstNs: null, lastNs: null }, inflated },
    { facts: { ...facts, statistics }, inflated },
    { error: 'changed', error_detail: 'a: changed' },
  ];
  expect(checkOutcomes(all, 5)).toBe(all);
});

test.each<[string, unknown]>([
  ['none', undefined],
  ['too few', []],
  ['null', [null]],
  ['a count that is none', [{ ...good, facts: { ...facts, packets: -1 } }]],
  ['a time that is none', [{ ...good, facts: { ...facts, firstNs: '1e9' } }]],
  ['a state that is none', [{ ...good, facts: { ...facts, endState: { ...state, format: 'erf' } } }]],
  ['neither a state nor a reason', [{ ...good, facts: { ...facts, endState: null } }]],
  ['damage without words', [{ ...good, facts: { ...facts, damage: { offset: 1 } } }]],
  ['no word on the order of times', [{ ...good, facts: { ...facts, inOrder: undefined } }]],
  ['records of zeros that are no count', [{ ...good, facts: { ...facts, zeroRecords: '1' } }]],
  [
    'statistics that are none',
    [{ ...good, facts: { ...facts, statistics: { ...statistics, last: [[3, ['5', null, '-1']]] } } }],
  ],
  ['no word on the packed stream', [{ facts }]],
  ['an unknown failure', [{ error: 'not-a-capture', error_detail: 'x' }]],
  ['a failure with a book of words', [{ error: 'changed', error_detail: 'x'.repeat(20_000) }]],
])('a worker that says %s is refused', (_what, outcomes) => {
  expect(() => checkOutcomes(outcomes, 1)).toThrow(expect.objectContaining({ code: 'JOB_FAILED' }));
});
