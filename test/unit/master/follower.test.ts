import { EventEmitter } from 'node:events';
import { submitted, taken } from '../../../src/ledger/transitions.js';
import { noProgress, type AnalysisRecord, type Ledger } from '../../../src/ledger/types.js';
import { follow, followMs, followTroubledMsMax, followUnknownMax } from '../../../src/master/follower.js';
import { newAnalysis } from '../../support/ledger-conformance.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const running = taken(submitted(newAnalysis(), 0), 'm', 0);

/** Somebody who follows an analysis of a shared ledger that never tells of a change. */
function followed(
  get: () => AnalysisRecord | null,
  trouble: string | null = null,
): { readonly told: string[]; readonly end: Promise<string> } {
  const told: string[] = [];
  const call = Object.assign(new EventEmitter(), {
    write: ({ event }: { event: { $case: string } }) => told.push(event.$case),
    end: () => undefined,
  });
  const ledger = {
    ...{ shared: true, durable: true, trouble, place: 'nats://nats', watch: () => () => undefined },
    ...{ get: () => Promise.resolve(get()), result: () => Promise.resolve(new Uint8Array()) },
  };
  const end = follow(
    ledger as unknown as Ledger,
    running,
    call as unknown as Parameters<typeof follow>[2],
    new AbortController().signal,
  );
  return {
    told,
    end: end.then(
      () => 'answered',
      (error: Error) => error.message,
    ),
  };
}

test('an end of which a shared ledger did not tell is heard of by asking', async () => {
  let now: AnalysisRecord = running;
  const { told, end } = followed(() => now);
  await jest.advanceTimersByTimeAsync(followMs);
  now = { ...running, progress: { ...noProgress, chunksDone: 1 } };
  await jest.advanceTimersByTimeAsync(followMs);
  expect(told).toEqual(['accepted', 'progress']);
  now = { ...running, state: 'done' };
  await jest.advanceTimersByTimeAsync(followMs);
  expect(await end).toBe('answered');
  expect(told).toEqual(['accepted', 'progress', 'result']);
});

test('an analysis that a shared ledger has lost ends with an error that says so, but not one that is known again in time', async () => {
  let now: AnalysisRecord | null = running;
  let ended = '';
  const { end } = followed(() => now);
  void end.then((words) => (ended = words));
  await jest.advanceTimersByTimeAsync(followMs);
  now = null;
  await jest.advanceTimersByTimeAsync((followUnknownMax - 1) * followMs);
  now = running;
  await jest.advanceTimersByTimeAsync(followMs);
  now = null;
  await jest.advanceTimersByTimeAsync((followUnknownMax - 1) * followMs);
  expect(ended).toBe('');
  await jest.advanceTimersByTimeAsync(followMs);
  expect(ended).toBe(`nats://nats has lost analysis ${running.id}: ask for it anew`);
  expect(jest.getTimerCount()).toBe(0);
});

test('a ledger that cannot be used for minutes ends the waiting with its reason, not the analysis', async () => {
  let ended = '';
  const { end } = followed(() => running, 'nats://nats cannot be reached at the moment');
  void end.then((words) => (ended = words));
  await jest.advanceTimersByTimeAsync(followTroubledMsMax - followMs);
  expect(ended).toBe('');
  await jest.advanceTimersByTimeAsync(followMs);
  expect(ended).toMatch(/^nats:\/\/nats cannot be reached at the moment.*for 600 s.*--resume/);
  expect(jest.getTimerCount()).toBe(0);
});
