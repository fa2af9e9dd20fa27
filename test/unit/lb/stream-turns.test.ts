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

const limits = {
  streamJobsPerTurnMax: 512,
  streamPauseMs: 1,
  streamTurnMs: 0.2,
  streamColdJobs: 0,
  streamColdPauseMs: 5,
};
const takers = (count: number, left: number, share: number): Taker[] => {
  const turns = new StreamTurns(limits, () => false);
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

describe('while clients are there that ask for few jobs', () => {
  let nowMs = 0;
  let msPerJob = 0;
  let turns: StreamTurns;
  let one: Taker;

  beforeEach(() => {
    jest.useFakeTimers();
    msPerJob = 0;
    turns = new StreamTurns(
      limits,
      () => true,
      () => nowMs,
    );
    one = new Taker(turns, 1_000_000, 16);
    const takeShare = one.takeShare.bind(one);
    one.takeShare = () => {
      const count = takeShare();
      nowMs += count * msPerJob;
      return count;
    };
  });
  afterEach(() => jest.useRealTimers());

  /** Jobs taken in the next turn. */
  const nextTurnTakes = (): number => {
    const before = one.taken;
    jest.advanceTimersByTime(limits.streamPauseMs);
    return one.taken - before;
  };
  const turnsTake = (count: number): number[] => Array.from({ length: count }, nextTurnTakes);

  test('turns leave time in between', () => {
    jest.advanceTimersByTime(0.5);
    expect(one.taken).toBe(0);
    expect(turnsTake(5).every((jobs) => jobs > 0)).toBe(true);
  });

  test('pauses are longer until so many jobs were taken', () => {
    turns = new StreamTurns(
      { ...limits, streamColdJobs: 40 },
      () => true,
      () => nowMs,
    );
    one = new Taker(turns, 1_000_000, 16);
    const after = (ms: number): number => {
      jest.advanceTimersByTime(ms);
      return one.taken;
    };
    expect([after(4), after(1)]).toEqual([0, 16]);
    expect([after(4), after(1)]).toEqual([16, 48]);
    expect(after(1)).toBeGreaterThan(48);
  });

  test('the first turns take few jobs, and later ones the bound where they are fast', () => {
    msPerJob = limits.streamTurnMs / limits.streamJobsPerTurnMax / 2;
    const jobs = turnsTake(30);
    expect(jobs[0]).toBe(16);
    expect(jobs[29]).toBe(limits.streamJobsPerTurnMax);
    jobs.slice(1).forEach((each, at) => expect(each).toBeLessThanOrEqual(jobs[at] * 1.25 + 16));
  });

  test('turns take as many jobs as fit their time', () => {
    msPerJob = limits.streamTurnMs / 128;
    turnsTake(30);
    expect(Math.max(...turnsTake(10))).toBeLessThanOrEqual(128 + 16);
    expect(Math.min(...turnsTake(10))).toBeGreaterThanOrEqual(128 - 16);
  });

  test('turns that take too long are short at once, and take some jobs however long', () => {
    msPerJob = limits.streamTurnMs / 512;
    turnsTake(30);
    msPerJob = 10;
    expect(nextTurnTakes()).toBeGreaterThan(400);
    expect(turnsTake(5)).toEqual([16, 16, 16, 16, 16]);
  });

  test('a stream takes no more in its share than its turn has', () => {
    expect(turns.jobsPerShare).toBe(16);
    turnsTake(30);
    expect(turns.jobsPerShare).toBe(64);
  });
});
