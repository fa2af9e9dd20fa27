import { aliveMs, Confirmation, fencedMsMax, sureMs } from '../../../../src/ledger/nats/lease-times.js';

test('a holder doubts its lease before another master may take it, until it is confirmed', () => {
  const confirmation = new Confirmation(1000);
  expect(confirmation.sure(1000 + sureMs - 1)).toBe(true);
  for (const sinceMs of [sureMs, aliveMs, fencedMsMax]) expect(confirmation.sure(1000 + sinceMs)).toBe(false);
  confirmation.confirmed(5000);
  expect(confirmation.sure(5001)).toBe(true);
});

test('a holder that could write nothing for longer goes on: NATS is away for everybody', () => {
  expect(new Confirmation(0).sure(fencedMsMax + 1)).toBe(true);
});
