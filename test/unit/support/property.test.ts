import fc from 'fast-check';
import { holds } from '../../support/property.js';

function wait(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('a property', () => {
  test('that the time limit stops before a quarter of its cases fails', () => {
    expect(() => holds(fc.nat(), () => wait(10), 10_000, 50)).toThrow(/^only \d+ of \d+ cases ran in 0\.05 s; \d+ are/);
  });

  test('that the time limit stops later than that holds for the cases that ran', () => {
    let cases = 0;
    const quickAtFirst = (): void => wait(++cases <= 60 ? 0 : 10);
    expect(() => holds(fc.nat(), quickAtFirst, 100, 200)).not.toThrow();
    expect(cases).toBeLessThan(100);
  });

  test('that fails names the seed and the case', () => {
    const small = (value: number): void => expect(value).toBeLessThan(1000);
    expect(() => holds(fc.nat(), small, 1000)).toThrow(/seed: \d+[^]*Counterexample: \[1000\]/);
  });
});
