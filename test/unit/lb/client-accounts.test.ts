import { everyone, type Caller } from '../../../src/common/trust/roles.js';
import { Credentials } from '../../../src/common/trust/credentials.js';
import { anonymousName, ClientAccounts, clientsMax, jobsReserved, queueName } from '../../../src/lb/client-accounts.js';
import { shallowJobsMax } from '../../../src/lb/client-depth.js';
import type { ClientTerms, ShareSettings } from '../../../src/lb/shares-file.js';

const unbounded: ClientTerms = {
  ...{ weight: 1, secondsPerSecondMax: Infinity, jobsMax: Infinity, bytesMax: Infinity },
};
const settingsOf = (
  clients: Record<string, Partial<ClientTerms>>,
  others: Partial<ClientTerms> = {},
): ShareSettings => ({
  others: { ...unbounded, ...others },
  clients: new Map(Object.entries(clients).map(([name, terms]) => [name, { ...unbounded, ...terms }])),
});
const caller = (name: string): Caller => ({ name, roles: ['client'], owner: name });

let now = 100;
const widths: number[] = [];

function accountsOf(settings: ShareSettings, jobsTotalMax = 1000): ClientAccounts {
  const accounts = new ClientAccounts(settings, { jobsTotalMax, fair: true }, () => now);
  accounts.attach({ widenWindows: (seconds) => void widths.push(seconds) });
  return accounts;
}

beforeEach(() => {
  now = 100;
  widths.length = 0;
});

const named = (accounts: ClientAccounts, name: string): ReturnType<ClientAccounts['of']> => accounts.of(caller(name));
const take = (account: ReturnType<ClientAccounts['of']>, jobs: number): void => {
  for (let job = 0; job < jobs; job++) account.admission.take();
};

test('a client is known by the name of its credential, and who shows none is anonymous, all of them together', () => {
  const accounts = accountsOf(settingsOf({ alice: { weight: 3 } }, { weight: 2 }));
  expect(accounts.of(caller('alice'))).toBe(named(accounts, 'alice'));
  expect(accounts.of(everyone).share).toBe(0);
  expect(named(accounts, 'bob').share).not.toBe(named(accounts, 'carol').share);
  expect(accounts.shares.all.map(({ name, terms }) => [name, terms.weight])).toEqual([
    [anonymousName, 2],
    ['alice', 3],
    ['bob', 2],
    ['carol', 2],
  ]);
});

test('no credential has the name of the work queue, and so none its share', () => {
  const file = (name: string): string => `client ${name} ${'x'.repeat(40)}`;
  expect(() => Credentials.parse(file('queue'), 'file')).not.toThrow();
  expect(() => Credentials.parse(file(queueName), 'file')).toThrow('a name is');
});

test(`clients beyond ${clientsMax} are one, but those of the file are told apart`, () => {
  const accounts = accountsOf(settingsOf({ last: {} }));
  for (let at = 0; at < clientsMax; at++) named(accounts, `c${at}`);
  const [one, other] = [named(accounts, 'x'), named(accounts, 'y')];
  expect(one).toBe(other);
  expect(named(accounts, 'last')).not.toBe(one);
  expect(accounts.shares.all).toHaveLength(clientsMax + 1);
});

test('a client over its bound of jobs has no room and is told so, and others are not', () => {
  const accounts = accountsOf(settingsOf({ a: { jobsMax: 3 } }));
  const [a, b] = ['a', 'b'].map((name) => named(accounts, name));
  take(a, 3);
  expect([a.admission.room(0), b.admission.room(0)]).toEqual([0, 128]);
  const refusal = a.refusal();
  expect(refusal?.message).toBe(
    "the client 'a' has 3 jobs outstanding, which is its bound (jobsMax of --shares); ask again later",
  );
  expect([refusal?.code, refusal?.facts]).toEqual(['QUEUE_FULL', { value: 3, bound: 3, boundName: 'jobsMax' }]);
  expect(b.refusal()).toBeNull();
  a.admission.release();
  expect([a.admission.room(0), a.refusal()]).toEqual([1, null]);
});

test('a client that has used up its seconds is told when to ask again', () => {
  const accounts = accountsOf(settingsOf({ a: { secondsPerSecondMax: 0.5 } }));
  const a = named(accounts, 'a');
  const share = accounts.shares.all[a.share];
  accounts.shares.given(share, 1, now);
  expect(a.refusal()?.facts).toEqual({
    ...{ value: 0.5, bound: 0.5, boundName: 'secondsPerSecondMax', retrySeconds: 1 },
  });
  now += 1.1;
  expect(a.refusal()).toBeNull();
});

test(`each client may have ${jobsReserved} jobs whatever others have, and waits for its own or for any`, () => {
  const accounts = accountsOf(settingsOf({}), 100);
  const [a, b] = ['a', 'b'].map((name) => named(accounts, name));
  take(a, 100);
  expect([a.admission.room(100), b.admission.room(0)]).toEqual([0, jobsReserved]);
  take(b, jobsReserved);
  expect([b.admission.room(0), accounts.jobs.used]).toEqual([0, 100 + jobsReserved]);
  const woken: string[] = [];
  b.admission.whenRoom(() => woken.push('b'));
  named(accounts, 'c').admission.whenRoom(() => woken.push('c'));
  a.admission.release();
  expect(woken).toEqual(['c']);
  b.admission.release();
  expect(woken).toEqual(['c', 'b']);
});

test('a long queue of one client holds back that one alone', () => {
  const accounts = accountsOf(settingsOf({}));
  const [a, b] = ['a', 'b'].map((name) => named(accounts, name));
  for (let job = 0; job < 500; job++) accounts.shares.queued(accounts.shares.all[a.share]);
  expect([a.admission.room(shallowJobsMax), b.admission.room(shallowJobsMax)]).toEqual([0, 128]);
});

test('payloads of a client are bounded, a longer one goes alone, and all count together', () => {
  const accounts = accountsOf(settingsOf({ a: { bytesMax: 1000 } }));
  const [a, b] = ['a', 'b'].map((name) => named(accounts, name));
  expect(a.payloads.take(5000, 0)).toBe(true);
  expect([a.payloads.take(1, 0), b.payloads.take(5000, 0)]).toEqual([false, true]);
  expect(a.payloads.full(0)).toEqual({ value: 5000, bound: 1000, boundName: 'bytesMax' });
  a.payloads.release(5000);
  expect([a.payloads.take(600, 0), a.payloads.take(600, 0), a.payloads.used]).toEqual([true, false, 600]);
});

test('other terms count at once, for clients that are there and for those that come', () => {
  const accounts = accountsOf(settingsOf({ a: { weight: 3, jobsMax: 1 } }));
  const a = named(accounts, 'a');
  take(a, 1);
  accounts.use(settingsOf({ b: { weight: 7 } }, { weight: 5 }));
  expect([a.refusal(), accounts.shares.all.map(({ name, terms }) => [name, terms.weight])]).toEqual([
    null,
    [
      [anonymousName, 5],
      ['a', 5],
      ['b', 7],
    ],
  ]);
});

test('windows are as wide as the client that is least ahead wants them, unless it has been quiet', () => {
  const accounts = accountsOf(settingsOf({}));
  const [a, b] = ['a', 'b'].map((name) => named(accounts, name) as unknown as { parts: unknown; wideSeconds: number });
  void b;
  const widen = (of: unknown, seconds: number): void => {
    Object.assign(of as object, { wideSeconds: seconds, wideAt: now });
    (accounts as unknown as { widen(of: unknown): void }).widen(of);
  };
  widen(a, 0.1);
  widen(b, 0);
  widen(a, 0.1);
  now += 5;
  widen(a, 0.08);
  expect(widths).toEqual([0.1, 0, 0, 0.08]);
});

test('who waits for room is told when other terms give it some, though none of its jobs has ended', () => {
  const accounts = accountsOf(settingsOf({ a: { jobsMax: 1 } }));
  const { admission } = named(accounts, 'a');
  admission.take();
  let woken = 0;
  admission.whenRoom(() => woken++);
  expect([admission.room(1), woken]).toEqual([0, 0]);
  accounts.use(settingsOf({ a: { jobsMax: 2 } }));
  expect([admission.room(1), woken]).toEqual([1, 1]);
});
