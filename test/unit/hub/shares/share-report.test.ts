import { Registry } from 'prom-client';
import { Shares } from '../../../../src/hub/shares/shares.js';
import { addShareMetrics } from '../../../../src/lb/share-metrics.js';
import { clientsToldMax, furtherName, shareReports } from '../../../../src/hub/shares/share-report.js';

const terms = (weight: number): { weight: number; secondsPerSecondMax: number } => ({
  weight,
  secondsPerSecondMax: Infinity,
});

/** Of clients with these weights, each of which had so many seconds at some time. */
function sharesOf(clients: readonly [weight: number, seconds: number, at: number][]): Shares {
  const shares = new Shares();
  for (const [at, [weight, seconds, when]] of clients.entries()) {
    const share = shares.add(`c${at}`, terms(weight), 0);
    shares.given(share, seconds, when);
    shares.settle(share, seconds, seconds, when);
  }
  return shares;
}

test('a share is due to those that had jobs in the last minute, and had in seconds of it', () => {
  const { all } = sharesOf([
    [3, 30, 100],
    [1, 10, 20],
    [1, 20, 110],
  ]);
  all[2].live = 5;
  all[2].running = 2;
  expect(shareReports(all, 120)).toEqual([
    { client: 'c0', weight: 3, waiting: 0, running: 0, seconds: 30, secondsTotal: 30, wanted: 3 / 4, had: 3 / 5 },
    { client: 'c1', weight: 1, waiting: 0, running: 0, seconds: 0, secondsTotal: 10, wanted: 0, had: 0 },
    { client: 'c2', weight: 1, waiting: 3, running: 2, seconds: 20, secondsTotal: 20, wanted: 1 / 4, had: 2 / 5 },
  ]);
  expect(shareReports(all, 1000).map(({ wanted, had }) => [wanted, had])).toEqual([
    [0, 0],
    [0, 0],
    [1, 0],
  ]);
});

test(`beyond ${clientsToldMax} clients the further ones are one line, and no sum is lost`, () => {
  const { all } = sharesOf(Array.from({ length: clientsToldMax + 20 }, () => [2, 1, 100]));
  const told = shareReports(all, 100);
  expect(told).toHaveLength(clientsToldMax);
  expect(told[told.length - 1]).toMatchObject({ client: furtherName, seconds: 21, weight: 42 });
  expect(told.reduce((sum, { seconds }) => sum + seconds, 0)).toBe(clientsToldMax + 20);
  expect(shareReports(all.slice(0, clientsToldMax), 100).some(({ client }) => client === furtherName)).toBe(false);
});

test('metrics tell of each client', async () => {
  const registry = new Registry();
  const { all } = sharesOf([[3, 30, 100]]);
  addShareMetrics(registry, () => shareReports(all, 100));
  const text = await registry.metrics();
  for (const line of ['weight{client="c0"} 3', 'seconds_total{client="c0"} 30', 'had{client="c0"} 1'])
    expect(text).toContain(`trireme_share_${line}`);
});
