import { ReceiveBudget, type ReceiveLimits } from '../../../src/common/receive-budget.js';

const limits: ReceiveLimits = {
  freeBytes: 10,
  messageGraceMs: 1000,
  messageBytesPerSecondMin: 1000,
  lanes: [
    { messageBytesMax: 100, bytesMax: 300, connectionBytesMax: 200 },
    { messageBytesMax: Infinity, bytesMax: 1000, connectionBytesMax: 1000 },
  ],
};

/** A budget, and a list of the messages that were let in, by name. */
function bench(): { budget: ReceiveBudget; admitted: string[]; ask: (name: string, bytes: number) => () => void } {
  const budget = new ReceiveBudget(limits);
  const admitted: string[] = [];
  const ask = (name: string, bytes: number): (() => void) => {
    const reservation = budget.reserve(bytes, name[0], () => admitted.push(name));
    return () => reservation.release();
  };
  return { budget, admitted, ask };
}

test('messages are let in as far as there is room, and the next one when one is given back', () => {
  const { budget, admitted, ask } = bench();
  const first = ask('a', 100);
  for (const name of ['b', 'c', 'd', 'e']) ask(name, 100);
  expect(admitted).toEqual(['a', 'b', 'c']);
  expect(budget).toMatchObject({ bytesHeld: 300, callsWaiting: 2 });
  first();
  first();
  expect(admitted).toEqual(['a', 'b', 'c', 'd']);
  expect(budget).toMatchObject({ bytesHeld: 300, callsWaiting: 1 });
});

test('a connection that has used up its share lets others pass', () => {
  const { admitted, ask } = bench();
  const first = ask('a1', 100);
  ask('a2', 100);
  ask('a3', 100);
  ask('b1', 100);
  expect(admitted).toEqual(['a1', 'a2', 'b1']);
  first();
  expect(admitted).toEqual(['a1', 'a2', 'b1', 'a3']);
});

test('large messages do not keep smaller ones waiting', () => {
  const { admitted, ask } = bench();
  ask('a', 1000);
  ask('b', 1000);
  ask('c', 90);
  expect(admitted).toEqual(['a', 'c']);
});

test('a message over every bound is let in alone, and nobody starves behind it', () => {
  const { budget, admitted, ask } = bench();
  const small = ask('a', 200);
  const large = ask('b', 5000);
  ask('c', 200);
  expect(admitted).toEqual(['a']);
  small();
  expect(admitted).toEqual(['a', 'b']);
  large();
  expect(admitted).toEqual(['a', 'b', 'c']);
  expect(budget.bytesHeld).toBe(200);
});

test('who stops waiting lets the next one in, and a message that turns out smaller makes room', () => {
  const { budget, admitted, ask } = bench();
  const held = budget.reserve(1000, 'a', () => admitted.push('a'));
  const waiting = ask('b', 900);
  ask('c', 500);
  expect(admitted).toEqual(['a']);
  waiting();
  held.shrink(300);
  expect(admitted).toEqual(['a', 'c']);
  held.release();
  expect(budget).toMatchObject({ bytesHeld: 500, callsWaiting: 0 });
});

test('a message has its grace time and the time for its bytes', () => {
  expect(new ReceiveBudget(limits).messageTimeoutMs(500)).toBe(1500);
});
