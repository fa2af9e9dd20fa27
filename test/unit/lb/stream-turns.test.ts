import { StreamTurns, type TurnTaker } from '../../../src/lb/stream-turns.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Has so many jobs and takes so many of them at once. */
class Taker implements TurnTaker {
  taken = 0;

  constructor(
    private readonly turns: StreamTurns,
    private left: number,
    private readonly share: number,
  ) {
    turns.ask(this);
  }

  takeShare(): number {
    const count = Math.min(this.share, this.left);
    this.left -= count;
    this.taken += count;
    if (this.left > 0) this.turns.ask(this);
    return count;
  }
}

const takers = (count: number, left: number, share: number, sparing = false): Taker[] => {
  const turns = new StreamTurns({ streamJobsPerTurnMax: 512, streamPauseMs: 1 }, () => sparing);
  return Array.from({ length: count }, () => new Taker(turns, left, share));
};
const taken = (all: readonly Taker[]): number => all.reduce((sum, one) => sum + one.taken, 0);

test('all streams together take no more than the bound and a share of it in a turn', async () => {
  const all = takers(30, 1_000_000, 64);
  for (let turn = 1; turn <= 20; turn++) {
    const before = taken(all);
    await nextTurn();
    expect(taken(all) - before).toBe(512);
  }
});

test('streams take their shares one after another, whoever has more', async () => {
  const all = takers(30, 1_000_000, 64);
  while (taken(all) < 30 * 64 * 10) await nextTurn();
  const each = all.map((one) => one.taken);
  expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(64);
});

test('a stream alone has all shares of a turn, and ends', async () => {
  const [one] = takers(1, 1_000, 64);
  await nextTurn();
  expect(one.taken).toBe(512);
  await nextTurn();
  expect(one.taken).toBe(1_000);
});

test('shares that take nothing end a turn too', async () => {
  const all = takers(1_000, 1_000, 0);
  let shares = 0;
  for (const one of all) one.takeShare = () => shares++ * 0;
  await nextTurn();
  expect(shares).toBe(512 / 16);
});

test('turns leave time in between while clients are there that ask for few jobs', () => {
  jest.useFakeTimers();
  try {
    const [one] = takers(1, 1_000_000, 64, true);
    for (let turn = 1; turn <= 5; turn++) {
      jest.advanceTimersByTime(1);
      expect(one.taken).toBe(turn * 512);
    }
  } finally {
    jest.useRealTimers();
  }
});
