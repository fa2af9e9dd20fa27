import { pino } from 'pino';
import { createHub } from '../../src/hub/hub.js';
import { noWorker, type JobSink } from '../../src/hub/port/job-sink.js';
import { Shares } from '../../src/hub/shares/shares.js';
import type { ShareTerms } from '../../src/hub/shares/share.js';
import { seededRandom } from '../../src/hub/picking/seeded-random.js';
import { kindsOfSim, payloadOf } from './answers.js';
import { planOf } from './plan.js';
import { ProcessTime, SimTime } from './sim-time.js';
import { SimWorker } from './sim-worker.js';

/** A client that keeps so many jobs live, of so many seconds each; a job follows its answer after a pause. */
interface ClientPlan extends Partial<ShareTerms> {
  readonly live: number;
  readonly jobSeconds: number;
  readonly pauseSeconds?: number;
  readonly urgent?: boolean;
}

interface ClientOutcome {
  /** Measured by workers. */
  readonly seconds: number;
  readonly p99: number;
}

const simulatedSeconds = 60;
/** Units of a job of the kind whose jobs have a size: 30 us and 1 ns for each. */
const unitsOf = (seconds: number): number => Math.round((seconds - 30e-6) / 1e-9);

/** A minute of two workers of 4 slots, one of them slower. */
function minute(clients: readonly ClientPlan[], { shared = true, slower = 3 } = {}): ClientOutcome[] {
  const time = new SimTime();
  const random = seededRandom(1);
  const hubTime = new ProcessTime(time);
  const shares = new Shares();
  for (const [at, { weight = 1, secondsPerSecondMax = Infinity }] of clients.entries())
    shares.add(`c${at}`, { weight, secondsPerSecondMax }, time.now());
  const hub = createHub(
    pino({ level: 'silent' }),
    { shares: shared ? shares : null, auditSeed: 1, incarnation: 1, shortIdFirst: 1 },
    hubTime,
  );
  const units: number[] = [];
  const around = {
    ...{ time, random, heartbeatSeconds: 0.5, recent: [] },
    ...{ hub: () => hub, process: () => hubTime, units: (_kind: number, tag: number) => units[tag] },
  };
  const [honest] = planOf(1, 1).workers;
  for (const [at, factor] of [1, slower].entries())
    new SimWorker(around, at, { ...honest, name: `w${at}`, slots: 4, factor }).start();

  const outcomes = clients.map(({ live, jobSeconds, pauseSeconds = 0, urgent = false }, share) => {
    const outcome = { seconds: 0, times: [] as number[] };
    const sink: JobSink = {
      ...{ share: shared ? share : undefined, urgent },
      done: (_tag, _bytes, _start, _end, _worker, exec, _attempts, total) => {
        outcome.seconds += exec;
        outcome.times.push(total);
        time.after(pauseSeconds * (0.5 + random()), ask);
      },
      failed: (_tag, error) => {
        throw error;
      },
    };
    const ask = (): void => {
      const tag = units.push(unitsOf(jobSeconds)) - 1;
      hub.submit(kindsOfSim.sized, units[tag], payloadOf(kindsOfSim.sized, tag), 0, noWorker, sink, tag);
    };
    time.after(0.1, () => {
      for (let job = 0; job < live; job++) ask();
    });
    return outcome;
  });
  time.runUntil(() => false, simulatedSeconds);
  return outcomes.map(({ seconds, times }) => ({
    seconds,
    p99: times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? NaN,
  }));
}

const few: ClientPlan = { weight: 3, live: 64, jobSeconds: 40e-3 };
const many: ClientPlan = { weight: 1, live: 6400, jobSeconds: 400e-3 };
/** It asks for one job at a time, and for much less than its share. */
const small: ClientPlan = { live: 1, jobSeconds: 1.6, pauseSeconds: 1, urgent: true };
/** What both workers can do. */
const fleetSeconds = 8 * simulatedSeconds;

test('clients of weight 3 and 1 get seconds 3 to 1, though the other has 100 times as many jobs, ten times as long', () => {
  const [a, b] = minute([few, many]);
  expect(Math.abs(a.seconds / b.seconds / 3 - 1)).toBeLessThan(0.05);
  expect(a.seconds + b.seconds).toBeGreaterThan(0.9 * fleetSeconds);
  const [first] = minute([few, many], { shared: false });
  expect(first.seconds).toBeLessThan(0.02 * fleetSeconds);
});

test('a third client that asks for little waits no more than twice as long as alone, and the others share the rest', () => {
  const [alone] = minute([small], { slower: 1 });
  const [a, b, c] = minute([few, many, small], { slower: 1 });
  expect(c.p99).toBeLessThan(2 * alone.p99);
  expect(Math.abs(a.seconds / b.seconds / 3 - 1)).toBeLessThan(0.05);
});

test('a client that asks for as much as it gets has its share and no more, however urgent its jobs are', () => {
  const [a, b, c] = minute([few, many, { ...small, live: 64, pauseSeconds: 0 }]);
  for (const [client, part] of [
    [a, 3 / 5],
    [b, 1 / 5],
    [c, 1 / 5],
  ] as const)
    expect(client.seconds / (a.seconds + b.seconds + c.seconds)).toBeCloseTo(part, 1.5);
});

test('a bound of seconds holds where workers are free, and what is left goes to others', () => {
  const [a, b] = minute([few, { ...many, secondsPerSecondMax: 0.5 }]);
  expect(b.seconds).toBeGreaterThan(0.5 * simulatedSeconds * 0.9);
  expect(b.seconds).toBeLessThan(0.5 * (simulatedSeconds + 1) * 1.05);
  expect(a.seconds + b.seconds).toBeGreaterThan(0.9 * fleetSeconds);
  const [alone] = minute([{ ...few, secondsPerSecondMax: 0.5 }]);
  expect(alone.seconds).toBeLessThan(0.5 * (simulatedSeconds + 1) * 1.05);
  expect(alone.seconds).toBeGreaterThan(0.5 * simulatedSeconds * 0.9);
});
