import { TriremeError, type ErrorCode } from '../../../../src/common/errors.js';
import {
  afterFailure,
  againMs,
  decide,
  roomFor,
  settleMs,
  SilentHolders,
  type DeliveryFacts,
  type FailureFacts,
} from '../../../../src/lb/queue/decisions.js';
import type { JobRecord } from '../../../../src/nats/job-record.js';

const stamp = { kind: 'RESIZE', attempts: 1, atMs: 0, mark: 'm' };
const begun: JobRecord = { ...stamp, state: 'begun', by: 'another' };
const copied = { runsOnce: false, attemptsMax: 3 };
const once = { runsOnce: true, attemptsMax: 1 };

/** A job of a kind that may run twice, delivered for the first time. */
const first: DeliveryFacts = {
  ...{ kind: 'RESIZE', record: null, terms: copied, holder: 'unasked', recordLost: false, deliveries: 1, dueInMs: 0 },
};

const told = (facts: Partial<DeliveryFacts>): unknown => {
  const decision = decide({ ...first, ...facts });
  return decision.to === 'bury' ? [decision.to, decision.error.code] : Object.values(decision);
};

describe('a delivery', () => {
  test.each<[string, Partial<DeliveryFacts>, unknown]>([
    ['without a record is run', {}, ['run', 1]],
    ['that is not due waits until it is', { dueInMs: 1_234 }, ['wait', 1_234]],
    ['that is due in days is asked for again each hour', { dueInMs: 5 * 86_400_000 }, ['wait', 3_600_000]],
    ['whose time cannot be read is run, and refused by its headers', { dueInMs: NaN }, ['run', 1]],
    ['of a kind that nobody offers waits', { terms: null }, ['wait', againMs]],
    ['of a kind that nobody offers waits longer each time', { terms: null, deliveries: 3 }, ['wait', 15_000]],
    ['of a kind that nobody offers waits a minute at most', { terms: null, deliveries: 99 }, ['wait', 60_000]],
    [
      'that nobody offers now waits also where its holder is gone',
      { terms: null, record: begun, holder: 'gone' },
      ['wait', againMs],
    ],
    ['whose record may be lost is run where it may run twice', { recordLost: true }, ['run', 1]],
    [
      'whose record may be lost may have run where it may not',
      { recordLost: true, terms: once },
      ['bury', 'MAY_HAVE_RUN'],
    ],
    [
      'of a job that waits is run once more',
      { record: { ...stamp, state: 'waiting', attempts: 2, error: { code: 'JOB_FAILED', message: 'x' } } },
      ['run', 3],
    ],
    [
      'of a job that had not begun counts from there',
      { terms: once, record: { ...stamp, state: 'waiting', attempts: 0, error: { code: 'QUEUE_FULL', message: 'x' } } },
      ['run', 1],
    ],
    [
      'of a job that is done is answered',
      { record: { ...stamp, state: 'done', result: '', worker: 'w', execSeconds: 0 } },
      ['answer'],
    ],
    [
      'of a done one is answered also where nobody offers its kind',
      { terms: null, record: { ...stamp, state: 'done', result: '', worker: 'w', execSeconds: 0 } },
      ['answer'],
    ],
    [
      'of a dead one is buried with its own error',
      { terms: null, record: { ...stamp, state: 'dead', error: { code: 'USAGE', message: 'x' } } },
      ['bury', 'USAGE'],
    ],
    ['of a job that has begun asks its holder', { record: begun }, ['ask']],
    ['whose holder has it is left to it', { record: begun, holder: 'has' }, ['leave']],
    ['whose holder is silent waits for it', { record: begun, holder: 'silent' }, ['wait', settleMs]],
    ['whose holder is gone is run again where it may run twice', { record: begun, holder: 'gone' }, ['run', 2]],
    [
      'whose holder is gone may have run where it may not',
      { record: begun, holder: 'gone', terms: once },
      ['bury', 'MAY_HAVE_RUN'],
    ],
    [
      'that has begun as often as it may is given up',
      { record: { ...begun, attempts: 3 }, holder: 'gone' },
      ['bury', 'WORKER_LOST'],
    ],
  ])('%s', (_what, facts, expected) => {
    expect(told(facts)).toEqual(expected);
  });

  test('of a job that may not run twice begins only where nothing says that it may have begun', () => {
    const records: (JobRecord | null)[] = [
      null,
      begun,
      { ...stamp, state: 'dead', error: { code: 'USAGE', message: '' } },
    ];
    for (const record of records)
      for (const holder of ['unasked', 'has', 'silent', 'gone'] as const)
        for (const recordLost of [false, true]) {
          const { to } = decide({ ...first, terms: once, record, holder, recordLost });
          expect([record?.state, holder, recordLost, to === 'run']).toEqual([
            ...[record?.state, holder, recordLost, record === null && !recordLost],
          ]);
        }
  });
});

describe('a job that the hub gives back', () => {
  const facts: FailureFacts = {
    ...{ kind: 'RESIZE', error: new TriremeError('JOB_FAILED', 'no luck'), given: true, attempts: 1, ...copied },
  };
  const after = (code: ErrorCode, more: Partial<FailureFacts> = {}): unknown => {
    const ending = afterFailure({ ...facts, error: new TriremeError(code, 'x'), ...more });
    return ending.to === 'bury' ? [ending.to, ending.error.code] : [ending.to, ending.attempts, ending.ms];
  };

  test('begins again when it has failed, later each time, as often as its kind allows', () => {
    expect(after('JOB_FAILED')).toEqual(['again', 1, 1_000]);
    expect(after('JOB_FAILED', { attempts: 2 })).toEqual(['again', 2, 5_000]);
    expect(after('JOB_FAILED', { attempts: 3 })).toEqual(['bury', 'JOB_FAILED']);
    expect(after('JOB_FAILED', once)).toEqual(['bury', 'JOB_FAILED']);
  });

  test.each<ErrorCode>(['WORKER_LOST', 'MAY_HAVE_RUN', 'LIMIT_REACHED', 'UNKNOWN_JOB', 'INTERNAL'])(
    'is a dead letter after %s, which the hub says when it has tried all it may',
    (code) => {
      for (const terms of [copied, once]) expect(after(code, terms)).toEqual(['bury', code]);
    },
  );

  test.each<ErrorCode>(['QUEUE_FULL', 'DRAINING', 'CANCELLED', 'DEADLINE_PASSED'])(
    'does not count after %s, and may have run where a worker had it',
    (code) => {
      expect(after(code)).toEqual(['again', 0, againMs]);
      expect(after(code, { ...once, given: false })).toEqual(['again', 0, againMs]);
      expect(after(code, once)).toEqual(['bury', 'MAY_HAVE_RUN']);
    },
  );

  test('had not begun where workers say so', () => {
    expect(after('NO_WORKER', once)).toEqual(['again', 0, againMs]);
  });
});

describe('load balancers that cannot be heard', () => {
  test('are gone when they were silent for settleMs, and are not once they were heard', () => {
    const holders = new SilentHolders();
    expect(holders.silent('a', 1_000)).toBe('silent');
    expect(holders.silent('a', 1_000 + settleMs - 1)).toBe('silent');
    expect(holders.silent('b', 1_000 + settleMs)).toBe('silent');
    expect(holders.silent('a', 1_000 + settleMs)).toBe('gone');
    holders.heard('a');
    expect(holders.silent('a', 1_000 + 2 * settleMs)).toBe('silent');
  });

  test('are remembered up to 1,024, and then asked anew', () => {
    const holders = new SilentHolders();
    for (let i = 0; i < 1_024; i++) holders.silent(`lb${i}`, 0);
    expect(holders.silent('lb0', settleMs)).toBe('gone');
    holders.silent('one more', settleMs);
    expect(holders.silent('lb0', settleMs)).toBe('silent');
  });
});

describe('what is taken of a kind', () => {
  test.each([
    ['two jobs for each slot while they are long', { slots: 3, meanSeconds: 10, inFlight: 0 }, 6],
    ['what is not there yet of these', { slots: 3, meanSeconds: 10, inFlight: 4 }, 2],
    ['nothing over them', { slots: 3, meanSeconds: 10, inFlight: 9 }, 0],
    ['a quarter of a second of shorter ones', { slots: 2, meanSeconds: 0.01, inFlight: 0 }, 50],
    ['64 for each slot of the shortest', { slots: 2, meanSeconds: 1e-6, inFlight: 0 }, 128],
    ['nothing without workers', { slots: 0, meanSeconds: 1, inFlight: 0 }, 0],
  ])('is %s', (_what, facts, expected) => {
    expect(roomFor(facts)).toBe(expected);
  });
});
