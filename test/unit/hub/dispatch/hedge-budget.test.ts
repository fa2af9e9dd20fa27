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

test('a share of what was executed may be done twice, and what a copy did not spend is given back', () => {
  const budget = new HedgeBudget(0.5);
  budget.charge(hedgeBurstSeconds);
  budget.executed(2);
  budget.charge(0.75);
  expect(budget.open).toBe(true);
  budget.charge(0.25);
  expect(budget.open).toBe(false);
  budget.settle(3, 2);
  budget.charge(0.75);
  expect(budget.open).toBe(true);
  budget.charge(0.25);
  expect(budget.open).toBe(false);
});

test('less than no time executed takes nothing away', () => {
  const budget = new HedgeBudget(0.5);
  budget.charge(hedgeBurstSeconds - 0.001);
  budget.executed(-3600);
  expect(budget.open).toBe(true);
});
