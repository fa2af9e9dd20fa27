import type { JsMsg } from '@nats-io/jetstream';
import type { MsgHdrs } from '@nats-io/transport-node';
import { TriremeError } from '../../../../src/common/errors.js';
import { KindUnits } from '../../../../src/gen/trireme/v1/worker.js';
import { AskedKinds } from '../../../../src/lb/asked-kinds.js';
import { JobAdmission } from '../../../../src/lb/job-admission.js';
import { PayloadBudget } from '../../../../src/lb/payload-budget.js';
import type { Holder } from '../../../../src/lb/queue/decisions.js';
import { QueueJob } from '../../../../src/lb/queue/queue-job.js';
import type { QueuePort } from '../../../../src/lb/queue/queue-port.js';
import type { JobRecord } from '../../../../src/nats/job-record.js';
import { queueHead, type FoundRecord, type JobStore } from '../../../../src/nats/job-store.js';
import { FakeHub } from '../../../support/fake-hub.js';

/** Records in memory, each written by compare-and-set; `before` is called before each write, and may fail it. */
class FakeStore implements Pick<JobStore, 'read' | 'write' | 'bury'> {
  readonly records = new Map<string, FoundRecord>();
  readonly letters: { readonly key: string; readonly payload: string; readonly head: MsgHdrs }[] = [];
  before: (record: JobRecord) => void = () => undefined;
  /** The next write comes through, and its answer does not. */
  loseAnswer = false;
  private writes = 0;

  read(key: string): Promise<FoundRecord | null> {
    return Promise.resolve(this.records.get(key) ?? null);
  }

  write(key: string, record: JobRecord, known: number | null): Promise<number> {
    try {
      this.before(record);
      if ((this.records.get(key)?.revision ?? null) !== known)
        throw Object.assign(new Error('wrong last sequence'), { code: 10071 });
      this.records.set(key, { record, revision: ++this.writes });
      if (this.loseAnswer) throw new Error('timeout');
      return Promise.resolve(this.writes);
    } catch (error) {
      return Promise.reject(error as Error);
    } finally {
      this.loseAnswer = false;
    }
  }

  bury(_kind: string, key: string, payload: Uint8Array, head: MsgHdrs): Promise<void> {
    if (!this.letters.some((letter) => letter.key === key))
      this.letters.push({ key, payload: Buffer.from(payload).toString(), head });
    return Promise.resolve();
  }
}

const terms = {
  version: '2',
  payloadBytesMax: 100_000,
  resultBytesMax: 100,
  timeoutSeconds: 1,
  units: KindUnits.JOBS,
};
const kinds = [
  { number: 200, name: 'COPIED', workers: 1, terms: { ...terms, attempts: 2, mayCopy: true, text: true } },
  { number: 201, name: 'ONCE', workers: 1, terms: { ...terms, attempts: 1, mayCopy: false, text: false } },
];

let hub: FakeHub;
let store: FakeStore;
let told: string[];
let published: { readonly subject: string; readonly data: string; readonly error: string }[];
let holder: Holder;
let port: QueuePort & { closing: boolean; messageBytesMax: number };

beforeEach(() => {
  hub = new FakeHub();
  hub.kinds = kinds;
  store = new FakeStore();
  [told, published, holder] = [[], [], 'gone'];
  port = {
    ...{ hub, asked: new AskedKinds(hub, [{ number: 1, name: 'GET_TIME' }]), id: 'me', prefix: 'trireme' },
    ...{ admission: new JobAdmission(hub, { max: 2, fair: true }), payloads: new PayloadBudget(100_000, 50_000) },
    ...{ store: store as unknown as JobStore, held: { jobs: 0, bytes: 0 }, messageBytesMax: 2 ** 20 },
    ...{ closing: false, over: false, recordLost: () => false, took: () => undefined, refused: () => undefined },
    ask: () => Promise.resolve(holder),
    publish: (subject, data, head) =>
      void published.push({ subject, data: Buffer.from(data).toString(), error: head.get('Trireme-Error') }),
  };
});

afterEach(() => {
  expect([port.admission.used, port.payloads.used, port.held]).toEqual([0, 0, { jobs: 0, bytes: 0 }]);
});

function message(payload: string, head: Readonly<Record<string, string>> = {}, seq = 1, deliveryCount = 1): JsMsg {
  return {
    ...{
      data: Buffer.from(payload),
      headers: queueHead({ 'Nats-Msg-Id': 'id', ...head }),
      seq,
      info: { deliveryCount },
    },
    ...{ timestampNanos: 1n, subject: 'trireme.jobs.ANY' },
    ack: () => void told.push(`ack ${seq}`),
    nak: (ms?: number) => void told.push(`nak ${seq} ${ms}`),
    working: () => void told.push(`working ${seq}`),
  } as unknown as JsMsg;
}

const state = (key = 'id'): string | undefined => store.records.get(key)?.record.state;

/** The job that the hub has, once it has one. */
async function atHub(): Promise<number> {
  for (const endMs = Date.now() + 10_000; hub.jobs.size === 0 && Date.now() < endMs;)
    await new Promise((resolve) => setTimeout(resolve, 1));
  return [...hub.jobs.keys()][0];
}

/** Given to a worker. */
const give = (id: number): void => {
  const { sink, tag } = hub.jobs.get(id)!;
  sink.given?.(tag, 0, false);
};

test('a job is written down as begun before the hub has it, as done before it is told, and acknowledged last', async () => {
  const steps: string[] = [];
  store.before = ({ state: next }) => void steps.push(`${next}, ${hub.submitted} at the hub, ${told.length} told`);
  const job = new QueueJob(port, 'COPIED', message('hello', { 'Trireme-Reply': '_INBOX.a' }));
  const ended = job.run();
  hub.answer(await atHub(), 'HELLO');
  expect(await ended).toBe('done');
  expect(steps).toEqual(['begun, 0 at the hub, 0 told', 'done, 1 at the hub, 0 told']);
  expect(published).toEqual([{ subject: '_INBOX.a', data: 'HELLO', error: '' }]);
  expect(told).toEqual(['ack 1']);
  expect(store.records.get('id')?.record).toMatchObject({ result: 'HELLO', attempts: 1, worker: 'fake-worker' });
});

test('one whose bytes are no text is recorded in base64, and answered as it was', async () => {
  const ended = new QueueJob(port, 'ONCE', message('x', { 'Trireme-Reply': 'trireme.replies.me' })).run();
  hub.answer(await atHub(), 'ab');
  await ended;
  expect(store.records.get('id')?.record).toMatchObject({ state: 'done', resultBase64: 'YWI=' });
  expect(published[0].data).toBe('ab');
});

test('a delivery while it runs is the same job: both are kept alive and acknowledged', async () => {
  const job = new QueueJob(port, 'COPIED', message('x'));
  const ended = job.run();
  const id = await atHub();
  job.adopt(message('x', {}, 2));
  job.alive();
  hub.answer(id, 'y');
  await ended;
  expect(told).toEqual(['working 1', 'working 2', 'ack 1', 'ack 2']);
});

test('a job of a holder that is gone does not begin again where it may not: it is a dead letter with its payload', async () => {
  const record: JobRecord = { state: 'begun', by: 'other', kind: 'ONCE', attempts: 1, atMs: 0, mark: 'm' };
  store.records.set('id', { record, revision: 0 });
  const head = { 'Trireme-Reply': '_INBOX.a', 'Trireme-Version': '2' };
  expect(await new QueueJob(port, 'ONCE', message('seat 7', head)).run()).toBe('dead');
  expect([hub.submitted, state(), told]).toEqual([0, 'dead', ['ack 1']]);
  const [{ payload, head: of }] = store.letters;
  const values = ['Trireme-Job', 'Trireme-Attempts', 'Trireme-Version'].map((name) => of.get(name));
  expect([payload, ...values]).toEqual(['seat 7', 'id', '1', '2']);
  expect(published).toEqual([{ subject: '_INBOX.a', data: '', error: expect.stringMatching(/^MAY_HAVE_RUN: /) }]);
});

test.each<[Holder, string, string[]]>([
  ['has', 'left', []],
  ['silent', 'again', ['nak 1 3000']],
])('a job whose holder is asked and %s is %s', async (answer, outcome, naks) => {
  const record: JobRecord = { state: 'begun', by: 'other', kind: 'ONCE', attempts: 1, atMs: 0, mark: 'm' };
  store.records.set('id', { record, revision: 0 });
  holder = answer;
  expect(await new QueueJob(port, 'ONCE', message('x')).run()).toBe(outcome);
  expect([told, state()]).toEqual([naks, 'begun']);
});

test('what its holder has written while it was asked counts', async () => {
  const record: JobRecord = { state: 'begun', by: 'other', kind: 'ONCE', attempts: 1, atMs: 0, mark: 'm' };
  store.records.set('id', { record, revision: 0 });
  port.ask = () => {
    const done: JobRecord = { ...record, state: 'done', result: 'there', worker: 'w', execSeconds: 1 };
    store.records.set('id', { record: done, revision: 5 });
    return Promise.resolve('gone');
  };
  const job = new QueueJob(port, 'ONCE', message('x', { 'Trireme-Reply': '_INBOX.a' }));
  expect([await job.run(), published[0].data, hub.submitted]).toEqual(['answered', 'there', 0]);
});

test('what was said of one holder is not said of the next', async () => {
  const record: JobRecord = { state: 'begun', by: 'other', kind: 'ONCE', attempts: 1, atMs: 0, mark: 'm' };
  store.records.set('id', { record, revision: 0 });
  const asked: string[] = [];
  port.ask = (lb) => {
    asked.push(lb);
    store.records.set('id', { record: { ...record, by: 'third', mark: 'n' }, revision: 5 });
    return Promise.resolve(lb === 'other' ? 'gone' : 'has');
  };
  expect([await new QueueJob(port, 'ONCE', message('x')).run(), asked, state()]).toEqual([
    ...['left', ['other', 'third'], 'begun'],
  ]);
});

test('a beginning whose answer was lost is found, and begins once', async () => {
  store.loseAnswer = true;
  const ended = new QueueJob(port, 'ONCE', message('x')).run();
  hub.answer(await atHub(), 'y');
  expect([await ended, hub.submitted, state()]).toEqual(['done', 1, 'done']);
});

test('another one that was first has the job', async () => {
  store.before = () => {
    store.before = () => undefined;
    const record: JobRecord = { state: 'begun', by: 'other', kind: 'ONCE', attempts: 1, atMs: 0, mark: 'm' };
    store.records.set('id', { record, revision: 77 });
  };
  holder = 'has';
  expect([await new QueueJob(port, 'ONCE', message('x')).run(), hub.submitted]).toEqual(['left', 0]);
});

test('nothing replaces a dead letter, and an answer replaces what another one has begun', async () => {
  for (const [next, outcome] of [
    ['dead', 'left'],
    ['begun', 'done'],
  ] as const) {
    const ended = new QueueJob(port, 'COPIED', message('x', { 'Nats-Msg-Id': next })).run();
    const id = await atHub();
    const stamp = { kind: 'COPIED', attempts: 2, atMs: 0, mark: 'm' };
    const record: JobRecord =
      next === 'dead'
        ? { ...stamp, state: next, error: { code: 'WORKER_LOST', message: '' } }
        : { ...stamp, state: next, by: 'other' };
    store.records.set(next, { record, revision: 99 });
    hub.answer(id, 'late');
    expect([await ended, state(next)]).toEqual([outcome, outcome === 'left' ? 'dead' : 'done']);
  }
});

test('a record that was lost while the job ran is written anew', async () => {
  const ended = new QueueJob(port, 'ONCE', message('x')).run();
  const id = await atHub();
  store.records.clear();
  hub.answer(id, 'y');
  expect([await ended, state()]).toEqual(['done', 'done']);
});

test('a job that fails waits to begin again, and is a dead letter when it has begun as often as it may', async () => {
  const error = new TriremeError('JOB_FAILED', 'no luck');
  for (const [outcome, then] of [
    ['again', 'waiting'],
    ['dead', 'dead'],
  ]) {
    const ended = new QueueJob(port, 'COPIED', message('x')).run();
    hub.fail(await atHub(), error);
    expect([await ended, state()]).toEqual([outcome, then]);
  }
  expect(told).toEqual(['nak 1 1000', 'ack 1']);
});

test('what the hub gives back at its end goes to another load balancer at once, unless it may have run', async () => {
  const draining = new TriremeError('DRAINING', 'shutting down');
  for (const [given, outcome] of [
    [false, 'again'],
    [true, 'dead'],
  ] as const) {
    const ended = new QueueJob(port, 'ONCE', message('x')).run();
    const id = await atHub();
    if (given) give(id);
    port.closing = true;
    hub.fail(id, draining);
    expect(await ended).toBe(outcome);
    port.closing = false;
  }
  expect([told, store.letters[0].head.get('Trireme-Error')]).toEqual([
    ['nak 1 0', 'ack 1'],
    expect.stringMatching(/^MAY_/),
  ]);
});

test('none begins at a load balancer that ends', async () => {
  port.closing = true;
  expect([await new QueueJob(port, 'ONCE', message('x')).run(), told, state()]).toEqual([
    'again',
    ['nak 1 0'],
    undefined,
  ]);
});

test('an answer that no message of NATS holds is a dead letter, and so is a payload that it holds no more with its error', async () => {
  port.messageBytesMax = 8 * 1024 + 300;
  const ended = new QueueJob(port, 'COPIED', message('p'.repeat(301))).run();
  hub.answer(await atHub(), 'y'.repeat(301));
  expect([await ended, state()]).toEqual(['dead', 'dead']);
  expect([store.letters[0].payload, store.letters[0].head.get('Trireme-Error')]).toEqual([
    '',
    expect.stringMatching(/^LIMIT_REACHED: .*over 300 .*the payload of 301 bytes is left out/),
  ]);
});

test('an error is told up to 1,000 characters', async () => {
  const ended = new QueueJob(port, 'ONCE', message('x')).run();
  hub.fail(await atHub(), new TriremeError('JOB_FAILED', 'e'.repeat(5_000)));
  await ended;
  expect(store.letters[0].head.get('Trireme-Error')).toBe(`JOB_FAILED: ${'e'.repeat(1_000)}`);
});

test.each([
  [
    'a reply to a subject of JetStream',
    { 'Trireme-Reply': '$JS.API.STREAM.PURGE.x' },
    'ONCE',
    'x',
    /does not begin with/,
  ],
  ['a time that is none', { 'Trireme-Not-Before': 'soon' }, 'ONCE', 'x', /soon is no time/],
  ['a payload that its kind does not take', {}, 'GET_TIME', 'x', /takes none/],
  ['a longer payload than its kind takes', {}, 'ONCE', 'x'.repeat(100_001), /payloadBytesMax/],
])('%s is a dead letter at once', async (_what, head, kind, payload, words) => {
  expect(await new QueueJob(port, kind, message(payload, head)).run()).toBe('dead');
  expect([hub.submitted, published, store.letters[0].head.get('Trireme-Error')]).toEqual([
    0,
    [],
    expect.stringMatching(words),
  ]);
});

test('a version that nobody offers waits, and one that is offered is asked for', async () => {
  expect(await new QueueJob(port, 'ONCE', message('x', { 'Trireme-Version': '3' })).run()).toBe('again');
  expect([told, state()]).toEqual([['nak 1 5000'], undefined]);
  const ended = new QueueJob(port, 'ONCE', message('x', { 'Trireme-Version': '2' })).run();
  hub.answer(await atHub(), '');
  expect([await ended, hub.pinned]).toEqual(['done', true]);
});

test.each([
  ['of all jobs', 'x', 2],
  ['of the bytes of payloads', 'x'.repeat(30_000), 1],
])('jobs wait for room as those of any client do: %s', async (_what, payload, most) => {
  const jobs = ['a', 'b', 'c'].map((id) => new QueueJob(port, 'COPIED', message(payload, { 'Nats-Msg-Id': id })));
  const ended = Promise.all(jobs.map((job) => job.run()));
  for (let answered = 0; answered < 3; answered++) {
    await atHub();
    await new Promise((resolve) => setTimeout(resolve, 5));
    hub.answer(await atHub(), '');
  }
  expect([await ended, hub.liveMax]).toEqual([['done', 'done', 'done'], most]);
});

test('while NATS takes nothing a job tries on, and gives up only where all is over', async () => {
  const refused: unknown[] = [];
  port.refused = (error) => void refused.push(error);
  let failures = 2;
  store.before = ({ state: next }) => {
    if (next === 'done' && failures-- > 0) throw new Error('no leader');
  };
  const ended = new QueueJob(port, 'ONCE', message('x')).run();
  hub.answer(await atHub(), '');
  expect([await ended, refused.length]).toEqual(['done', 2]);

  failures = Infinity;
  const lost = new QueueJob(port, 'ONCE', message('x', { 'Nats-Msg-Id': 'other' })).run();
  const id = await atHub();
  (port as { over: boolean }).over = true;
  hub.answer(id, '');
  await expect(lost).rejects.toThrow('no leader');
});

test('a dead letter has room for what it says beside the longest payload, however long the id is', async () => {
  port.messageBytesMax = 60_000;
  const ended = new QueueJob(port, 'ONCE', message('x'.repeat(40_000), { 'Nats-Msg-Id': 'é'.repeat(20_000) })).run();
  hub.fail(await atHub(), new TriremeError('JOB_FAILED', 'é'.repeat(20_000)));
  expect(await ended).toBe('dead');
  const [{ payload, head }] = store.letters;
  const bytes = payload.length + Buffer.byteLength([...head].flat(2).join('\r\n'));
  expect([payload.length, bytes < port.messageBytesMax]).toEqual([40_000, true]);
});
