import { LastMinute, minuteSeconds } from '../../../../src/hub/shares/last-minute.js';
import { burstSeconds, type Share } from '../../../../src/hub/shares/share.js';
import { owedSecondsMax, Shares } from '../../../../src/hub/shares/shares.js';
import { seededRandom } from '../../../../src/hub/picking/seeded-random.js';

const unbounded = Infinity;

function sharesOf(...weights: number[]): { shares: Shares; of: Share[] } {
  const shares = new Shares();
  const of = weights.map((weight, at) => shares.add(`c${at}`, { weight, secondsPerSecondMax: unbounded }, 0));
  return { shares, of };
}

const next = ({ waiting }: Shares): Share => waiting.reduce((a, b) => (b.virtual < a.virtual ? b : a));

/** Gives the next client a job and takes its answer. */
function serve(shares: Shares, predicted: (share: Share) => number, took: (share: Share) => number): Share {
  const share = next(shares);
  const seconds = predicted(share);
  shares.given(share, seconds, 0);
  shares.settle(share, seconds, took(share), 0);
  return share;
}

describe('shares of clients whose jobs wait', () => {
  test.each([
    ['as predicted', 1],
    ['three times as long as predicted', 3],
  ])('are in seconds by weight, whatever the length of their jobs, which take %s', (_how, factor) => {
    const { shares, of } = sharesOf(3, 1, 2);
    const lengths = [0.01, 0.1, 1];
    for (const share of of) shares.queued(share);
    for (let job = 0; job < 3_000; job++)
      serve(
        shares,
        ({ number }) => lengths[number],
        ({ number }) => lengths[number] * (number === 1 ? factor : 1),
      );
    const total = of.reduce((sum, { secondsTotal }) => sum + secondsTotal, 0);
    const parts = of.map(({ secondsTotal }) => secondsTotal / total);
    for (const [at, part] of [1 / 2, 1 / 6, 1 / 3].entries()) expect(Math.abs(parts[at] - part)).toBeLessThan(0.02);
  });

  test('hold with many jobs under way, of random lengths that nobody can predict', () => {
    const { shares, of } = sharesOf(3, 1);
    const random = seededRandom(5);
    for (const share of of) shares.queued(share);
    const running: Share[] = [];
    for (let job = 0; job < 20_000; job++) {
      if (running.length === 16) {
        const [share] = running.splice(Math.floor(random() * 16), 1);
        shares.settle(share, 1, -Math.log(1 - random()) * (share.number === 1 ? 10 : 1), 0);
      }
      const share = next(shares);
      shares.given(share, 1, 0);
      running.push(share);
    }
    expect(Math.abs(of[0].secondsTotal / of[1].secondsTotal / 3 - 1)).toBeLessThan(0.05);
  });

  test('a client that comes back is neither paid for the time that it was away nor made to pay for what it used alone', () => {
    const { shares, of } = sharesOf(1, 1);
    shares.queued(of[0]);
    for (let job = 0; job < 100; job++)
      serve(
        shares,
        () => 1,
        () => 1,
      );
    shares.queued(of[1]);
    const served = Array.from(
      { length: 10 },
      () =>
        serve(
          shares,
          () => 1,
          () => 1,
        ).number,
    );
    expect(served.filter((number) => number === 0)).toHaveLength(5);
  });

  test('what was predicted and did not come about leaves no trace for those that come later', () => {
    const { shares, of } = sharesOf(1, 1);
    shares.queued(of[0]);
    for (let job = 0; job < 64; job++) shares.given(of[0], 100, 0);
    for (let job = 0; job < 64; job++) shares.settle(of[0], 100, 0.01, 0);
    shares.given(of[0], 0.01, 0);
    shares.queued(of[1]);
    expect(of[1].virtual).toBeLessThan(1);
  });

  test('a client that comes back while its jobs run pays for them once', () => {
    const { shares, of } = sharesOf(1, 1);
    shares.queued(of[0]);
    shares.given(of[0], 5, 0);
    shares.left(of[0]);
    shares.queued(of[1]);
    serve(
      shares,
      () => 4,
      () => 4,
    );
    serve(
      shares,
      () => 4,
      () => 4,
    );
    shares.queued(of[0]);
    expect(of[0].virtual).toBe(5);
  });

  test(`a client whose workers were away is owed ${owedSecondsMax} seconds at most`, () => {
    const { shares, of } = sharesOf(2, 1);
    for (const share of of) shares.queued(share);
    // No worker takes jobs of the first one.
    for (let job = 0; job < 1000; job++) {
      shares.given(of[1], 1, 0);
      shares.settle(of[1], 1, 1, 0);
    }
    let owed = 0;
    while (next(shares) === of[0])
      owed +=
        serve(
          shares,
          () => 0.1,
          () => 0.1,
        ).secondsTotal > 0
          ? 0.1
          : 0;
    expect(owed).toBeGreaterThan(owedSecondsMax - 1);
    expect(owed).toBeLessThan(owedSecondsMax + 3);
  });

  test('a weight that is changed counts from then on', () => {
    const { shares, of } = sharesOf(1, 1);
    for (const share of of) shares.queued(share);
    for (let job = 0; job < 100; job++)
      serve(
        shares,
        () => 1,
        () => 1,
      );
    of[0].terms = { weight: 4, secondsPerSecondMax: unbounded };
    const before = of.map(({ secondsTotal }) => secondsTotal);
    for (let job = 0; job < 500; job++)
      serve(
        shares,
        () => 1,
        () => 1,
      );
    expect((of[0].secondsTotal - before[0]) / (of[1].secondsTotal - before[1])).toBeCloseTo(4, 0);
  });
});

describe('a bound of seconds', () => {
  const bounded = (rate: number): { shares: Shares; share: Share } => {
    const shares = new Shares();
    return { shares, share: shares.add('c', { weight: 1, secondsPerSecondMax: rate }, 100) };
  };

  test('lets a client use what it has not used of late at once, and no more', () => {
    const { shares, share } = bounded(2);
    shares.queued(share);
    shares.given(share, 2 * burstSeconds - 0.1, 100);
    expect(share.throttled).toBe(false);
    shares.given(share, 0.3, 100);
    expect(share.throttled).toBe(true);
    expect(shares.waitSeconds(100)).toBeCloseTo(0.1);
    expect(shares.waitSeconds(100.2)).toBe(Infinity);
    expect(share.throttled).toBe(false);
    // However long it was away.
    share.refresh(10_000);
    shares.given(share, 2 * burstSeconds, 10_000);
    expect(share.throttled).toBe(true);
  });

  test('is put right by what was measured', () => {
    const { shares, share } = bounded(1);
    shares.queued(share);
    shares.given(share, 5, 100);
    expect(share.waitSeconds(100)).toBeCloseTo(4);
    shares.settle(share, 5, 0.5, 100);
    expect(share.waitSeconds(100)).toBe(0);
    shares.given(share, 0.1, 100);
    shares.settle(share, 0.1, 3, 100);
    expect(share.waitSeconds(100)).toBeCloseTo(2.5);
  });

  test('that is taken away or set holds no grudge', () => {
    const { shares, share } = bounded(1);
    shares.queued(share);
    shares.given(share, 50, 100);
    share.terms = { weight: 1, secondsPerSecondMax: Infinity };
    expect(share.waitSeconds(100)).toBe(0);
    share.terms = { weight: 1, secondsPerSecondMax: 1 };
    expect(share.waitSeconds(200)).toBe(0);
  });

  test('of one client that has nothing to do wakes nobody', () => {
    const { shares, share } = bounded(1);
    shares.queued(share);
    shares.given(share, 50, 100);
    shares.left(share);
    expect(shares.waitSeconds(100)).toBe(Infinity);
  });
});

test(`the sum of the last minute forgets what is older than ${minuteSeconds} seconds`, () => {
  const minute = new LastMinute();
  minute.add(1, 1000.5);
  minute.add(2, 1001.2);
  minute.add(4, 1001.9);
  expect(minute.sum(1002)).toBe(7);
  expect(minute.sum(1059.9)).toBe(7);
  expect(minute.sum(1060)).toBe(6);
  minute.add(8, 1060.1);
  expect(minute.sum(1061)).toBe(8);
  expect(minute.sum(9000)).toBe(0);
});

test('a weight that is put right counts at once: a client stays ahead by seconds of work, not by those of its old weight', () => {
  const { shares, of } = sharesOf(0.001, 1);
  for (const share of of) shares.queued(share);
  shares.given(of[0], 10, 0);
  shares.settle(of[0], 10, 10, 0);
  shares.change(of[0], { weight: 1, secondsPerSecondMax: unbounded });
  let before = 0;
  while (next(shares) === of[1] && before < 1_000)
    serve(
      shares,
      () => 1,
      () => ++before && 1,
    );
  expect(before).toBe(10);
});
