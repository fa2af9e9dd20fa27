import { HedgeBudget, hedgeBurstSeconds } from '../../../../src/hub/dispatch/hedge-budget.js';

test('what was not spent in an hour of work is no more than one burst', () => {
  const budget = new HedgeBudget(0.5);
  budget.executed(3600);
  budget.settle(10, 0);
  budget.charge(hedgeBurstSeconds - 0.001);
  expect(budget.open).toBe(true);
  budget.charge(0.001);
  expect(budget.open).toBe(false);
  budget.executed(0.01);
  expect(budget.open).toBe(true);
});

test('a share of nothing copies nothing, however much was executed', () => {
  const budget = new HedgeBudget(0);
  budget.executed(3600);
  budget.settle(10, 0);
  expect(budget.open).toBe(false);
});
