import { KindUnits } from '../../../src/gen/trireme/v1/worker.js';
import { AskedKinds } from '../../../src/lb/asked-kinds.js';
import { PayloadBudget } from '../../../src/lb/payload-budget.js';
import { FakeHub } from '../../support/fake-hub.js';

const terms = {
  version: '',
  payloadBytesMax: 100,
  resultBytesMax: 1000,
  timeoutSeconds: 30,
  attempts: 1,
  mayCopy: false,
  text: false,
  units: KindUnits.BYTES,
};

function offering(names: readonly string[]): AskedKinds {
  const hub = new FakeHub();
  hub.kinds = [
    { number: 100, name: 'SCAN_CHUNK', workers: 1, terms: null },
    ...names.map((name, at) => ({ number: 300 + at, name, workers: 1, terms })),
  ];
  return new AskedKinds(hub, [{ number: 1, name: 'GET_TIME' }]);
}

test('a kind is asked for by its number or its name, whether it is of this build or of workers alone', () => {
  const asked = offering(['RESIZE']);
  expect(asked.indexOf(1, '')).toBe(1);
  expect(asked.indexOf(0, 'GET_TIME')).toBe(1);
  expect(asked.indexOf(300, '')).toBe(300);
  expect(asked.indexOf(0, 'RESIZE')).toBe(300);
  expect([asked.isText(1), asked.isText(300)]).toEqual([true, false]);
});

test.each([
  [7, '', 'unknown job 7; there are GET_TIME (1), RESIZE (300)'],
  [100, '', 'unknown job 100; there are GET_TIME (1), RESIZE (300)'],
  [0, 'SCAN_CHUNK', 'unknown job SCAN_CHUNK; there are GET_TIME (1), RESIZE (300)'],
  [0, 'THUMB', 'unknown job THUMB; there are GET_TIME (1), RESIZE (300)'],
  [-1, '', 'unknown job -1; there are GET_TIME (1), RESIZE (300)'],
])('kind %d %s is an error that lists what is offered', (kind, name, message) => {
  expect(() => offering(['RESIZE']).indexOf(kind, name)).toThrow(
    expect.objectContaining({ code: 'UNKNOWN_JOB', message }),
  );
});

test('a version is asked for in the name or beside it, and one that nobody offers is an error that lists those there are', () => {
  const hub = new FakeHub();
  hub.kinds = ['2', '1'].map((version, at) => ({
    ...{ number: 300 + at, name: 'RESIZE', workers: 1 },
    terms: { ...terms, version },
  }));
  const asked = new AskedKinds(hub, [{ number: 1, name: 'GET_TIME' }]);
  expect([asked.indexOf(0, 'RESIZE'), asked.indexOf(0, 'RESIZE@1'), asked.indexOf(0, 'RESIZE', '1')]).toEqual([
    300, 301, 301,
  ]);
  expect([asked.pins('RESIZE', ''), asked.pins('RESIZE@1', ''), asked.pins('', '1')]).toEqual([false, true, true]);
  const unknown = 'unknown job RESIZE@3; there are GET_TIME (1), RESIZE@2 (300), RESIZE@1 (301)';
  expect(() => asked.indexOf(0, 'RESIZE@3')).toThrow(expect.objectContaining({ message: unknown }));
  expect(() => asked.indexOf(0, 'RESIZE', '3')).toThrow(expect.objectContaining({ code: 'UNKNOWN_JOB' }));
  expect(() => asked.indexOf(0, 'GET_TIME@1')).toThrow(expect.objectContaining({ code: 'UNKNOWN_JOB' }));
});

test('of many kinds the error names twenty and counts the others', () => {
  const names = Array.from({ length: 30 }, (_, at) => `KIND_${at}`);
  expect(() => offering(names).indexOf(7, '')).toThrow(/KIND_18 \(318\) and 11 more$/);
});

test('a payload is no longer than its kind takes, and kinds of this build take none', () => {
  const asked = offering(['RESIZE']);
  asked.checkPayload(300, 100);
  asked.checkPayload(1, 0);
  expect(() => asked.checkPayload(300, 101)).toThrow(
    'the payload has 101 bytes, over 100 (payloadBytesMax of its kind)',
  );
  expect(() => asked.checkPayload(1, 1)).toThrow('the payload has 1 bytes, and this kind takes none');
});

test('payloads are bounded per client and in all, and one without a byte needs no room', () => {
  const budget = new PayloadBudget(10, 6);
  expect(budget.take(6, 0)).toBe(true);
  expect(budget.take(1, 6)).toBe(false);
  expect(budget.take(0, 6)).toBe(true);
  expect(budget.take(5, 0)).toBe(false);
  expect(budget.take(4, 0)).toBe(true);
  expect(budget.take(1, 0)).toBe(false);
  budget.release(6);
  expect([budget.used, budget.take(1, 4)]).toEqual([4, true]);
});
