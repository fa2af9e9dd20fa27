import { pino } from 'pino';
import type { ResultBatch } from '../../../src/gen/trireme/v1/worker.js';
import { createHub, type AttachableHub } from '../../../src/hub/hub.js';
import type { HubOptions } from '../../../src/hub/port/options.js';
import { noWorker } from '../../../src/hub/port/job-sink.js';
import { FakeScheduler } from '../../support/fake-scheduler.js';
import { RecordingSink } from '../../support/recording-sink.js';
import { helloOf, ScriptedWorker } from '../../support/scripted-worker.js';

interface Bench {
  readonly time: FakeScheduler;
  readonly hub: AttachableHub;
  readonly sink: RecordingSink;
  submit(tag: number, options?: { timeout?: number; avoid?: number; kind?: number; payload?: string }): number;
  worker(name: string, slots?: number): ScriptedWorker;
}

function bench(options: Partial<HubOptions> = {}): Bench {
  const time = new FakeScheduler();
  const hub = createHub(pino({ level: 'silent' }), options, time);
  const sink = new RecordingSink();
  return {
    time,
    hub,
    sink,
    submit: (tag, { timeout = 0, avoid = noWorker, kind = 1, payload } = {}) =>
      hub.submit(kind, 1, payload === undefined ? null : Buffer.from(payload), timeout, avoid, sink, tag),
    worker: (name, slots = 1) => new ScriptedWorker(hub, { name, workerId: name, slots }),
  };
}

const kindOne = (hub: AttachableHub) => hub.snapshot().kinds.find(({ kind }) => kind === 1);

describe('hub', () => {
  test('a worker is welcomed with the heartbeat interval, and listed', () => {
    const { hub, worker } = bench({ heartbeatIntervalMs: 250 });
    const one = worker('one', 3);
    expect(one.welcome).toMatchObject({ hubId: hub.id, heartbeatIntervalMs: 250 });
    expect(hub.snapshot().workers).toMatchObject([{ name: 'one', slots: 3, state: 'SERVING', outstanding: 0 }]);
    expect(hub.workersReady()).toBe(1);
    expect(hub.workersReady(1)).toBe(1);
    expect(hub.workersReady(77)).toBe(0);
  });

  test('jobs of one turn go to a worker in one message, and each gets its own answer', () => {
    const { time, sink, submit, worker } = bench();
    const one = worker('one', 4);
    for (let tag = 1; tag <= 4; tag++) submit(tag, { payload: tag % 2 === 0 ? `p${tag}` : '' });
    expect(one.batches).toEqual([]);
    time.endTurn();
    expect(one.batches).toEqual([4]);
    expect(one.payloads).toEqual(['', 'p2', '', 'p4']);
    const jobs = [...one.jobs];
    one.answer([...jobs].reverse());
    expect(sink.order).toEqual([4, 3, 2, 1]);
    expect([...sink.answers].sort()).toEqual(jobs.map((job, at) => [at + 1, String(job)]));
    expect(sink.extra).toEqual([]);
  });

  test('a time in which jobs wait and no worker has one is no busy time, before the first worker and after a loss', () => {
    const { time, hub, submit, worker } = bench();
    submit(1);
    time.advance(3_600);
    expect(hub.optimum.busy(time.now())).toBeNull();
    const one = worker('one');
    time.endTurn();
    time.advance(2);
    one.die();
    time.advance(3_600);
    expect(hub.optimum.busy(time.now())?.seconds).toBeCloseTo(2, 3);
    const two = worker('two');
    time.endTurn();
    time.advance(1);
    two.answer();
    expect(hub.optimum.busy(time.now())).toMatchObject({ running: false });
    expect(hub.optimum.busy(time.now())?.seconds).toBeCloseTo(3, 3);
  });

  test('jobs wait for a first worker and leave in the order in which they came', () => {
    const { time, sink, hub, submit, worker } = bench({ jobsOutstandingMax: 1 });
    for (let tag = 1; tag <= 5; tag++) {
      time.advance(0.001);
      submit(tag, { kind: tag % 2 === 0 ? 2 : 1 });
    }
    expect(hub.snapshot().jobsWaiting).toBe(5);
    const one = worker('one', 1);
    for (let round = 0; round < 5; round++) {
      time.endTurn();
      one.answer();
    }
    expect(sink.order).toEqual([1, 2, 3, 4, 5]);
    expect(hub.snapshot()).toMatchObject({ jobsWaiting: 0, jobsLive: 0 });
  });

  describe('jobs that their sink holds back', () => {
    const holding = (): RecordingSink & { heldBack: boolean } => Object.assign(new RecordingSink(), { heldBack: true });

    test('wait without keeping others from a worker, and go first within 0.2 s once they may', () => {
      const { time, hub, sink, submit, worker } = bench({ jobsOutstandingMax: 1 });
      const held = holding();
      const one = worker('one', 1);
      for (let tag = 1; tag <= 2; tag++) hub.submit(1, 1, null, 0, noWorker, held, tag);
      for (let tag = 11; tag <= 13; tag++) submit(tag);
      for (let round = 0; round < 3; round++) {
        time.advance(0.01);
        one.answer();
      }
      expect([sink.order, held.order, hub.snapshot().jobsWaiting]).toEqual([[11, 12, 13], [], 2]);
      held.heldBack = false;
      time.advance(0.1);
      time.advance(0.1);
      one.answer();
      expect(held.order).toEqual([1]);
    });

    test('wait again after their worker is lost, and a job alone waits too', () => {
      const { time, hub, worker } = bench();
      const held = holding();
      held.heldBack = false;
      hub.submit(1, 1, null, 0, noWorker, held, 1);
      for (const losses of [1, 2]) {
        const lost = worker(`lost ${losses}`);
        time.advance(0.2);
        expect(lost.jobs).toHaveLength(1);
        held.heldBack = true;
        lost.die();
        const next = worker(`next ${losses}`);
        for (let step = 0; step < 10; step++) time.advance(0.1);
        expect(next.jobs).toEqual([]);
        next.die();
        held.heldBack = false;
      }
      const last = worker('last');
      time.advance(0.2);
      last.answer();
      expect(held.order).toEqual([1]);
    });
  });

  describe('urgent jobs', () => {
    const urgentSink = (): RecordingSink => Object.assign(new RecordingSink(), { urgent: true });

    /** Nine ordinary jobs wait, then urgent ones come; one worker answers one at a time. @returns tags as answered */
    function answered(urgent: number): { readonly order: readonly string[]; readonly told: readonly boolean[] } {
      const { time, hub, sink, submit, worker } = bench({ jobsOutstandingMax: 1 });
      const one = worker('one', 1);
      for (let tag = 1; tag <= 9; tag++) submit(tag);
      const first = urgentSink();
      for (let tag = 1; tag <= urgent; tag++) {
        time.advance(0.001);
        hub.submit(tag % 2 === 0 ? 2 : 1, 1, null, 0, noWorker, first, tag);
      }
      const order: string[] = [];
      for (let round = 0; round < 9 + urgent; round++) {
        time.endTurn();
        const before = [sink.order.length, first.order.length];
        one.answer();
        order.push(...sink.order.slice(before[0]).map((tag) => `${tag}`));
        order.push(...first.order.slice(before[1]).map((tag) => `urgent ${tag}`));
      }
      return { order, told: one.urgent };
    }

    test('go before those that wait, whatever their kind, and the worker is told which they are', () => {
      const { order, told } = answered(3);
      expect(order).toEqual(['1', 'urgent 1', 'urgent 2', 'urgent 3', '2', '3', '4', '5', '6', '7', '8', '9']);
      expect(told).toEqual(order.map((tag) => tag.startsWith('urgent')));
    });

    test('after eight of them one of the others has its turn', () => {
      const { order } = answered(20);
      expect(order.map((tag) => (tag.startsWith('urgent') ? 'u' : '.')).join('')).toBe('.uuuuuuuu.uuuuuuuu.uuuu......');
    });

    test('that lose their worker wait in front of the others again', () => {
      const { time, hub, submit, sink, worker } = bench({ jobsOutstandingMax: 1 });
      const one = worker('one', 1);
      const first = urgentSink();
      hub.submit(1, 1, null, 0, noWorker, first, 1);
      for (let tag = 1; tag <= 3; tag++) submit(tag);
      time.endTurn();
      one.die();
      const two = worker('two', 1);
      time.endTurn();
      two.answer();
      expect([first.order, sink.order]).toEqual([[1], []]);
    });
  });

  test('a full wait queue refuses at once', () => {
    const { sink, hub, submit } = bench({ jobsQueuedMax: 2 });
    expect(submit(1)).not.toBe(0);
    expect(submit(2)).not.toBe(0);
    expect(submit(3)).toBe(0);
    expect(sink.errors).toEqual(new Map([[3, 'QUEUE_FULL']]));
    expect(kindOne(hub)).toMatchObject({ submitted: 3, queueFull: 1 });
  });

  test('a worker whose stream breaks loses its jobs to others, oldest first', () => {
    const { time, sink, submit, worker, hub } = bench();
    const one = worker('one', 3);
    for (let tag = 1; tag <= 3; tag++) submit(tag);
    time.endTurn();
    expect(one.jobs).toHaveLength(3);
    one.die();
    const two = worker('two', 1);
    for (let round = 0; round < 3; round++) {
      time.endTurn();
      two.answer();
    }
    expect(sink.order).toEqual([1, 2, 3]);
    expect([...sink.attempts.values()]).toEqual([2, 2, 2]);
    expect(kindOne(hub)).toMatchObject({ retries: 3, done: 3 });
    expect(hub.snapshot()).toMatchObject({ workersLost: 1, workersJoined: 2 });
  });

  test('a worker silent for half an interval too long gets no new job, and is lost after three missed heartbeats', () => {
    const { time, hub, submit, worker, sink } = bench({ heartbeatIntervalMs: 1000 });
    const one = worker('one', 2);
    submit(1);
    time.advance(1);
    one.heartbeat();
    time.advance(1.8);
    expect(hub.snapshot().workers[0].state).toBe('SILENT');
    submit(2);
    time.endTurn();
    expect(one.jobs).toHaveLength(1);
    time.advance(2);
    expect(hub.snapshot().workers).toEqual([]);
    expect(one.closedBecause).toBe('heartbeats missed');
    const two = worker('two', 2);
    time.endTurn();
    two.answer();
    expect(sink.order).toEqual([1, 2]);
    one.answer([1]);
    expect(sink.extra).toEqual([]);
  });

  test('a silent worker that speaks again serves again', () => {
    const { time, hub, submit, worker } = bench();
    const one = worker('one');
    time.advance(2);
    expect(hub.snapshot().workers[0].state).toBe('SILENT');
    expect(hub.workersReady()).toBe(0);
    submit(1);
    one.heartbeat();
    time.endTurn();
    expect(hub.snapshot().workers[0].state).toBe('SERVING');
    expect(one.jobs).toHaveLength(1);
  });

  test('a hub that itself stood still blames no worker', () => {
    const { time, hub, worker } = bench();
    const one = worker('one');
    time.advance(0.5);
    one.heartbeat();
    time.standStill(60);
    time.advance(0.3);
    expect(hub.snapshot().workers).toHaveLength(1);
    one.heartbeat();
    time.advance(1);
    expect(hub.snapshot().workers).toMatchObject([{ state: 'SERVING' }]);
  });

  test('a job whose workers died twice is tried once alone, then answered with an error', () => {
    const { time, sink, submit, worker, hub } = bench();
    submit(1);
    for (const name of ['a', 'b']) {
      const victim = worker(name, 2);
      time.endTurn();
      expect(victim.jobs).toHaveLength(1);
      victim.die();
    }
    submit(2);
    const last = worker('c', 2);
    time.endTurn();
    // Kept free for the poison: the healthy job waits although there are two slots.
    expect(last.jobs).toHaveLength(1);
    last.die();
    expect(sink.errors).toEqual(new Map([[1, 'WORKER_LOST']]));
    const next = worker('d', 2);
    time.endTurn();
    next.answer();
    expect(sink.answers.has(2)).toBe(true);
    expect(kindOne(hub)).toMatchObject({ lost: 1, done: 1 });
  });

  test('a job tried alone waits until its worker holds nothing else, and frees the worker when it is answered', () => {
    const { time, sink, submit, worker } = bench();
    const busy = worker('busy', 2);
    submit(1);
    time.endTurn();
    const [first] = busy.jobs;
    submit(2);
    // The second job dies twice on others while the first one runs on.
    time.endTurn();
    const second = busy.jobs[1];
    expect(second).toBeDefined();
    busy.die();
    const other = worker('other', 2);
    time.endTurn();
    expect(other.jobs).toEqual([first, second]);
    other.die();
    const last = worker('last', 2);
    time.endTurn();
    expect(last.jobs).toHaveLength(1);
    last.answer();
    time.endTurn();
    expect(last.jobs).toHaveLength(1);
    last.answer();
    submit(3);
    submit(4);
    time.endTurn();
    expect(last.jobs).toHaveLength(2);
    last.answer();
    expect(sink.answers.size).toBe(4);
    expect(sink.errors.size).toBe(0);
  });

  test('a job given back is run elsewhere and costs no attempt; its worker rests until the next heartbeat', () => {
    const { time, sink, submit, worker, hub } = bench();
    const one = worker('one');
    submit(1);
    time.endTurn();
    one.giveBack();
    time.endTurn();
    expect(one.jobs).toEqual([]);
    expect(hub.snapshot().workers[0].state).toBe('DRAINING');
    const two = worker('two');
    time.endTurn();
    two.answer();
    expect(sink.attempts.get(1)).toBe(1);
    expect(kindOne(hub)).toMatchObject({ notRun: 1, retries: 0, done: 1 });
  });

  test('a job that every worker gives back is answered with an error in the end', () => {
    const { time, sink, submit, worker } = bench({ jobNotRunMax: 2 });
    const one = worker('one');
    submit(1);
    for (let round = 0; round < 3; round++) {
      one.heartbeat();
      time.endTurn();
      one.giveBack();
    }
    expect(sink.errors).toEqual(new Map([[1, 'NO_WORKER']]));
  });

  test('a failed job is not tried again', () => {
    const { time, sink, submit, worker } = bench();
    const one = worker('one');
    submit(1);
    time.endTurn();
    one.answer(one.jobs, { status: [2], payloadSize: [4], payloads: Buffer.from('boom') });
    expect(sink.errors).toEqual(new Map([[1, 'JOB_FAILED']]));
  });

  test('a cancelled job is answered at once, its worker is told, and its late result is dropped', () => {
    const { time, sink, submit, worker, hub } = bench();
    const one = worker('one');
    const id = submit(1);
    time.endTurn();
    expect(hub.cancel(id)).toBe(true);
    expect(hub.cancel(id)).toBe(false);
    time.endTurn();
    expect(one.cancels).toEqual([id]);
    one.answer([id]);
    expect(sink.order).toEqual([1]);
    expect(sink.errors.get(1)).toBe('CANCELLED');
    expect(kindOne(hub)).toMatchObject({ cancelled: 1, duplicates: 1, done: 0 });
    expect(one.closedBecause).toBeNull();
  });

  test('a waiting job may be cancelled', () => {
    const { sink, submit, hub } = bench();
    const id = submit(1);
    submit(2);
    expect(hub.cancel(id)).toBe(true);
    expect(sink.order).toEqual([1]);
    expect(hub.snapshot().jobsWaiting).toBe(1);
  });

  test.each([
    ['waiting with a worker busy', true, 'DEADLINE_PASSED'],
    ['waiting without any worker', false, 'NO_WORKER'],
  ])('a job expires while %s', (_where, attach, code) => {
    const { time, sink, submit, worker } = bench();
    if (attach) {
      worker('one');
      submit(1);
    }
    for (let tag = 2; tag < 30; tag++) submit(tag);
    submit(99, { timeout: 0.5 });
    time.advance(0.49);
    expect(sink.errors.size).toBe(0);
    time.advance(0.03);
    expect(sink.errors).toEqual(new Map([[99, code]]));
  });

  test('a job that expires on a worker is cancelled there, and the worker knew its time', () => {
    const { time, sink, submit, worker } = bench();
    const one = worker('one');
    submit(1, { timeout: 20 });
    time.endTurn();
    expect(one.timeouts[0]).toBeCloseTo(20, 3);
    for (let second = 0; second < 21; second++) {
      time.advance(1);
      one.heartbeat();
    }
    expect(sink.errors).toEqual(new Map([[1, 'DEADLINE_PASSED']]));
    expect(one.cancels).toHaveLength(1);
  });

  test('a job that cannot be done in time is refused at once', () => {
    const { time, sink, submit, worker } = bench({ jobsOutstandingMax: 1 });
    const one = worker('one');
    for (let tag = 1; tag <= 1000; tag++) submit(tag);
    for (let round = 0; round < 50; round++) {
      time.advance(0.01);
      one.answer();
    }
    submit(2000, { timeout: 0.1 });
    expect(sink.errors).toEqual(new Map([[2000, 'DEADLINE_PASSED']]));
    submit(2001, { timeout: 60 });
    expect(sink.errors.size).toBe(1);
  });

  test('a job that avoids a worker goes to another, and may take any once that worker is gone', () => {
    const { time, submit, worker, hub } = bench();
    const one = worker('one', 8);
    const number = hub.snapshot().workers[0].number;
    submit(1, { avoid: number });
    time.endTurn();
    expect(one.jobs).toEqual([]);
    one.die();
    const two = worker('two', 8);
    time.endTurn();
    expect(two.jobs).toHaveLength(1);
  });

  test('a stream that asks to hold back is sent nothing until it has drained', () => {
    const { time, submit, worker } = bench();
    const one = worker('one', 8);
    one.takesMore = false;
    submit(1);
    time.endTurn();
    submit(2);
    time.endTurn();
    expect(one.batches).toEqual([1]);
    one.drained();
    time.endTurn();
    expect(one.batches).toEqual([1, 1]);
  });

  test('a large result comes in parts', () => {
    const { time, sink, submit, worker } = bench();
    const one = worker('one');
    const id = submit(1);
    time.endTurn();
    one.part(id, Buffer.from('abc'));
    one.part(id, Buffer.from('def'));
    one.answer([id], { payloadSize: [2], payloads: Buffer.from('gh') });
    expect(sink.answers.get(1)).toBe('abcdefgh');
  });

  test('a worker that attaches again has left its old stream', () => {
    const { time, sink, submit, worker, hub } = bench();
    const old = worker('one');
    submit(1);
    time.endTurn();
    const young = worker('one');
    time.endTurn();
    expect(old.closedBecause).toBe('');
    expect(hub.snapshot().workers).toHaveLength(1);
    old.answer([1]);
    young.answer();
    expect(sink.order).toEqual([1]);
    expect(sink.attempts.get(1)).toBe(2);
  });

  test.each([
    ['another secret', Buffer.alloc(32, 7)],
    ['no secret', Buffer.alloc(0)],
  ])('nobody takes the place of a worker whose id he knows, with %s', (_what, secret) => {
    const { time, sink, submit, worker, hub } = bench();
    const own = worker('one');
    submit(1);
    time.endTurn();
    const thief = new ScriptedWorker(hub, { name: 'thief', workerId: 'one', secret });
    expect(thief.closedBecause).toMatch(/^worker_id one is attached, and this Hello does not show the secret/);
    expect([thief.welcome, own.closedBecause]).toEqual([null, null]);
    own.answer();
    expect([sink.order, sink.attempts.get(1)]).toEqual([[1], 1]);
    expect(hub.snapshot()).toMatchObject({ workersLost: 0, workersCut: 1 });
    // Nor when the worker is away.
    own.die();
    const late = new ScriptedWorker(hub, { name: 'thief', workerId: 'one', secret });
    expect(late.closedBecause).toMatch(/was attached before/);
    expect(worker('one').closedBecause).toBeNull();
  });

  test('an older worker without a secret takes no place while one is attached under its id, and comes back after that', () => {
    const { worker, hub } = bench();
    const old = new ScriptedWorker(hub, { workerId: 'old', secret: Buffer.alloc(0) });
    const again = (): ScriptedWorker => new ScriptedWorker(hub, { workerId: 'old', secret: Buffer.alloc(0) });
    expect(again().closedBecause).toMatch(/is attached/);
    expect(worker('old').closedBecause).toMatch(/is attached/);
    old.die();
    expect(again().closedBecause).toBeNull();
  });

  test('a secret that is none is refused, and none is shown', () => {
    const { hub, worker } = bench();
    const short = new ScriptedWorker(hub, { workerId: 'short', secret: Buffer.alloc(15, 1) });
    expect(short.closedBecause).toBe('secret has 15 bytes, not 16 to 64');
    worker('one');
    const shown = JSON.stringify(hub.snapshot(), (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    expect(shown).not.toMatch(/secret/);
  });

  test('workers of a hub that shuts down in order have left and are not lost', async () => {
    const { hub, worker } = bench();
    const [one, two] = [worker('one'), worker('two')];
    await hub.close(0);
    expect([one.closedBecause, two.closedBecause]).toEqual(['', '']);
    expect(hub.snapshot().workersLost).toBe(0);
  });

  test('a draining worker gets nothing new, and leaves without counting as lost', () => {
    const { time, sink, submit, worker, hub } = bench();
    const one = worker('one', 2);
    submit(1);
    time.endTurn();
    one.heartbeat({ draining: true });
    submit(2);
    time.endTurn();
    expect(one.jobs).toHaveLength(1);
    one.answer();
    one.die();
    expect(hub.snapshot()).toMatchObject({ workersLost: 0, jobsWaiting: 1 });
    expect(sink.order).toEqual([1]);
  });

  test('closing lets live jobs end, refuses new ones, and ends the streams', async () => {
    const { time, sink, submit, worker, hub } = bench();
    const one = worker('one');
    submit(1);
    time.endTurn();
    const closed = hub.close(10_000);
    submit(2);
    expect(sink.errors.get(2)).toBe('DRAINING');
    one.answer();
    await closed;
    expect(sink.answers.has(1)).toBe(true);
    expect(one.closedBecause).toBe('');
  });

  test('closing ends after the grace time, and every job has its answer', async () => {
    const { time, sink, submit, worker, hub } = bench();
    worker('one');
    for (let tag = 1; tag <= 10; tag++) submit(tag);
    const closed = hub.close(1000);
    time.advance(1.1);
    await closed;
    expect(sink.order).toHaveLength(10);
    expect([...sink.errors.values()]).toEqual(Array(10).fill('DRAINING'));
    expect(hub.snapshot().jobsLive).toBe(0);
  });
});

const sized = (bytes: number): Partial<ResultBatch> => ({ payloadSize: [bytes], payloads: Buffer.alloc(bytes) });

describe('a worker that lies is cut off and its jobs go elsewhere', () => {
  const lies: readonly [string, (worker: ScriptedWorker, id: number) => void][] = [
    ['a result nobody asked for', (worker) => worker.answer([4_000_000_000])],
    ['a second result of a job', (worker, id) => (worker.answer([id]), worker.answer([id]))],
    ['a column of the wrong length', (worker, id) => worker.answer([id], { execSeconds: [1, 2, 3] })],
    ['sizes that do not add up', (worker, id) => worker.answer([id], { payloadSize: [1000] })],
    ['an unknown status', (worker, id) => worker.answer([id], { status: [9 as never] })],
    ['a part of a job it does not have', (worker) => worker.part(7, Buffer.alloc(1))],
    ['a second Hello', (worker) => worker.say({ $case: 'hello', value: helloOf() })],
    ['too many slots in a heartbeat', (worker) => worker.heartbeat({ slots: 1e6 })],
    ['an empty part', (worker, id) => worker.part(id, Buffer.alloc(0))],
    ['an answer that no job of its kind has', (worker, id) => worker.answer([id], sized(65))],
    [
      'one that is too long with its parts',
      (worker, id) => (worker.part(id, Buffer.alloc(60)), worker.answer([id], sized(5))),
    ],
    ['parts that are too long before there is an answer', (worker, id) => worker.part(id, Buffer.alloc(65))],
    [
      'a result over the bound',
      (worker, id) => {
        for (let part = 0; part < 3; part++) {
          worker.part(id, Buffer.alloc(600));
        }
      },
    ],
  ];
  test.each(lies)('%s', (_what, lie) => {
    const { time, sink, submit, worker, hub } = bench({ resultBytesMax: 9000 });
    const liar = worker('liar');
    const id = submit(1);
    time.endTurn();
    lie(liar, id);
    expect(liar.closedBecause).not.toBeNull();
    expect(hub.snapshot()).toMatchObject({ workersCut: 1, workers: [] });
    const honest = worker('honest');
    time.endTurn();
    if (honest.jobs.length > 0) honest.answer();
    expect(sink.order).toEqual([1]);
    expect(sink.answers.has(1)).toBe(true);
  });

  test.each([
    ['no slot', { slots: 0 }],
    ['too many slots', { slots: 5000 }],
    ['no name', { name: '' }],
    ['a long name', { name: 'x'.repeat(200) }],
    ['a name with a line break', { name: 'a\nb' }],
    ['no kind', { kinds: [] }],
    ['a kind out of bounds', { kinds: [{ kind: 5000, name: 'X', secondsPerUnit: 1 }] }],
    ['a kind twice', { kinds: [1, 1].map((kind) => ({ kind, name: 'X', secondsPerUnit: 1 })) }],
    ['a cost that is no number', { kinds: [{ kind: 1, name: 'X', secondsPerUnit: NaN }] }],
    ['a negative cost', { kinds: [{ kind: 1, name: 'X', secondsPerUnit: -1 }] }],
  ])('a Hello with %s is refused', (_what, changes) => {
    const { hub } = bench();
    const liar = new ScriptedWorker(hub, changes);
    expect(liar.welcome).toBeNull();
    expect(liar.closedBecause).not.toBeNull();
    expect(hub.snapshot().workers).toEqual([]);
  });

  test('a stream that does not say Hello in time is ended', () => {
    const { time, hub } = bench({ helloTimeoutMs: 500 });
    const mute = new ScriptedWorker(hub, null);
    time.advance(0.6);
    expect(mute.closedBecause).toBe('no Hello within 500 ms');
  });

  test('a stream over workersMax is ended', () => {
    const { time, hub, worker } = bench({ workersMax: 1 });
    worker('one');
    const two = worker('two');
    time.endTurn();
    expect(two.closedBecause).toMatch(/workersMax/);
    expect(hub.snapshot().workers).toHaveLength(1);
  });
});
