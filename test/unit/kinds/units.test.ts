import { KindUnits } from '../../../src/gen/trireme/v1/worker.js';
import { unitsName, unitsOfPayload } from '../../../src/kinds/units.js';

test.each([
  [KindUnits.BYTES, 'four', 4],
  [KindUnits.UNSPECIFIED, 'four', 4],
  [KindUnits.JOBS, 'any', 1],
  [KindUnits.LINES, 'a\nb\nc', 3],
  [KindUnits.LINES, 'a\nb\n', 2],
  [KindUnits.LINES, '', 0],
  [KindUnits.NUMBER, '{"rounds": 1200}', 1200],
  [KindUnits.NUMBER, '2.5', 2.5],
  [KindUnits.NUMBER, 'none', 0],
  [KindUnits.NUMBER, '9'.repeat(40), 1e12],
  [KindUnits.NUMBER, `${' '.repeat(300)}7`, 0],
])('by rule %s the size of %j is %d', (rule, payload, units) => {
  expect(unitsOfPayload(rule, Buffer.from(payload))).toBe(units);
});

test('a job without payload has no size, unless all are alike', () => {
  expect([KindUnits.BYTES, KindUnits.LINES, KindUnits.NUMBER].map((rule) => unitsOfPayload(rule, null))).toEqual([
    0, 0, 0,
  ]);
  expect(unitsOfPayload(KindUnits.JOBS, null)).toBe(1);
});

test('a rule of a later version counts bytes', () => {
  expect([unitsOfPayload(99 as KindUnits, Buffer.from('abc')), unitsName(99 as KindUnits)]).toEqual([3, 'bytes']);
});
