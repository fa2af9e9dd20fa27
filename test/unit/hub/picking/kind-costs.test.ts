import { KindCosts } from '../../../../src/hub/picking/kind-costs.js';

const sized = (): KindCosts => {
  const costs = new KindCosts(1000, 4, 0.5);
  costs.offer(0, 0, true);
  return costs;
};

test('the usual size follows the mean of the first hundred jobs, and about the last hundred after them', () => {
  const costs = sized();
  for (let job = 0; job < 1000; job++) costs.given(0, 10);
  costs.given(0, 1010);
  expect(costs.typicalUnits).toBeCloseTo(20, 6);
});

test('where only size has cost so far, what jobs without size take is learned', () => {
  const costs = sized();
  costs.assume(0, 1e-3, 0);
  let at = 0;
  for (let job = 0; job < 200; job++) {
    // Four times the size takes sixteen times as long: the line that fits has nothing but size.
    const units = job % 2 === 0 ? 100 : 400;
    costs.given(0, units);
    costs.learn(0, units * units * 1e-7, units, at++);
  }
  expect(costs.usualSeconds(0, 0)).toBe(0);
  for (let job = 0; job < 100; job++) {
    costs.given(0, 0);
    costs.learn(0, 2e-3, 0, at++);
  }
  expect(costs.usualSeconds(0, 0)).toBeCloseTo(2e-3, 6);
});
