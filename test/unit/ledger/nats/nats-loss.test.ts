import { join } from 'node:path';
import { pino } from 'pino';
import { NatsLedger } from '../../../../src/ledger/nats/nats-ledger.js';
import { noProgress, type Lease } from '../../../../src/ledger/types.js';
import { natsUrl } from '../../../../src/nats/nats-url.js';
import { eventually } from '../../../support/capture-cluster.js';
import { bytesOf, newAnalysis, taken } from '../../../support/ledger-conformance.js';
import { eachNats, NatsServer, skipWithoutNats, type NatsProgram } from '../../../support/nats-server.js';
import { scratchFolder } from '../../../support/scratch.js';

/** NATS loses what it has acknowledged, as servers do that are cut from power before they have synced their disks. */

let server: NatsServer;
let one: NatsLedger;
let two: NatsLedger;
let folders = 0;

// Before the folder goes: hooks run in this order.
afterAll(() => server?.stop());
const scratch = scratchFolder();
const log = pino({ level: process.env.TRIREME_LOG_LEVEL ?? 'silent' });
const bounds = { keepMs: 3_600_000, finishedMax: 100, finishedBytesMax: 1e9 };
const facts = { chunkBytes: 1, engine: 'x' };

const openOne = (holder: string): Promise<NatsLedger> => NatsLedger.open(natsUrl(server.url), holder, bounds, log);

async function begin(program: NatsProgram): Promise<void> {
  await server?.stop();
  server = await NatsServer.start(join(scratch.path, `nats-${++folders}`), [], {
    ...{ host: '127.0.0.1', port: -1, before: [], program },
  });
  [one, two] = await Promise.all([openOne('one'), openOne('two')]);
}

const savedAt = (): string => {
  const folder = join(scratch.path, `saved-${folders}`);
  server.saveStore(folder);
  return folder;
};

async function lose(from: string | null): Promise<void> {
  await server.loseStore(from);
  await server.resume();
}

const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString());
const resultOf = async (ledger: NatsLedger, id: string): Promise<string | null> => text(await ledger.result(id));

async function submittedAndTaken(): Promise<Lease> {
  const { id } = await one.submit(newAnalysis());
  const lease = await taken(one);
  expect(lease.record.id).toBe(id);
  await lease.plan(facts);
  return lease;
}

/** It goes on being written while NATS is mended, and says when it was lost. */
function keepBusy(lease: Lease): { readonly lost: string[]; stop(): void } {
  const lost: string[] = [];
  lease.onLost(({ message }) => lost.push(message));
  let chunksDone = 0;
  const timer = setInterval(() => lease.progress({ ...noProgress, chunksDone: ++chunksDone }), 100);
  return { lost, stop: () => clearInterval(timer) };
}

const backInOrder = (ledger: NatsLedger): Promise<void> =>
  eventually('a submission', async () => {
    const submitted = await ledger.submit(newAnalysis()).catch(() => null);
    if (submitted !== null) await ledger.cancel(submitted.id, 'only asked');
    return submitted !== null && ledger.trouble === null;
  });

skipWithoutNats('a ledger whose NATS loses acknowledged writes')('when NATS loses acknowledged writes', () => {
  const programs = eachNats('lost writes');
  describe.each(programs.map((program) => [program.version, program] as const))('(%s)', (_, program) => {
    // All of it with the newest one; of older ones what differs with their versions, if anything does.
    const newest = program === programs[programs.length - 1];
    const testNewest = newest ? test : (): void => undefined;
    beforeEach(() => begin(program));
    afterEach(() => Promise.all([one.close(), two.close()]));

    test('and all there was: what runs is written again by its holder and ends, what waits is taken, what is done is known', async () => {
      const done = await submittedAndTaken();
      await done.finish({ state: 'done', result: bytesOf('report') });
      const runs = await submittedAndTaken();
      await runs.writeChunks([{ key: 'a', bytes: bytesOf('x') }]);
      const { id: waits } = await two.submit(newAnalysis());
      const busy = keepBusy(runs);
      await lose(null);
      const lease = await taken(two);
      expect(lease.record).toMatchObject({ id: waits, holder: 'two' });
      await lease.finish({ state: 'done', result: bytesOf('waited') });
      await runs.finish({ state: 'done', result: bytesOf('ran') });
      busy.stop();
      expect(busy.lost).toEqual([]);
      for (const ledger of [one, two]) {
        expect(await resultOf(ledger, done.record.id)).toBe('report');
        expect(await resultOf(ledger, runs.record.id)).toBe('ran');
        expect(await resultOf(ledger, waits)).toBe('waited');
      }
      await backInOrder(one);
      expect(await one.take(AbortSignal.timeout(3_000))).toBeNull();
    }, 60_000);

    testNewest(
      'since an analysis was submitted: its holder writes it again, and nobody else takes it',
      async () => {
        const saved = savedAt();
        const lease = await submittedAndTaken();
        const busy = keepBusy(lease);
        await lose(saved);
        expect(await two.take(AbortSignal.timeout(6_000))).toBeNull();
        await lease.finish({ state: 'done', result: bytesOf('ran') });
        busy.stop();
        expect(busy.lost).toEqual([]);
        expect(await resultOf(two, lease.record.id)).toBe('ran');
      },
      60_000,
    );

    testNewest(
      'since an analysis was taken: its holder goes on, or the one who took it meanwhile; those who watch hear its end',
      async () => {
        const { id } = await one.submit(newAnalysis());
        const saved = savedAt();
        const lease = await taken(one);
        const ends: string[] = [];
        for (const ledger of [one, two])
          ledger.watch(id, ({ state }) => void (state === 'done' && ends.push(ledger === one ? 'one' : 'two')));
        const busy = keepBusy(lease);
        await lose(saved);
        const other = await two.take(AbortSignal.timeout(6_000));
        busy.stop();
        if (other === null) await lease.finish({ state: 'done', result: bytesOf('ran') });
        else {
          await eventually('the loss of the lease', () => busy.lost.length > 0);
          expect(busy.lost).toEqual([expect.stringMatching(/is held by another master \(two\) now/)]);
          await other.finish({ state: 'done', result: bytesOf('ran') });
        }
        await eventually('the end at both', () => new Set(ends).size === 2);
        expect(await resultOf(two, id)).toBe('ran');
      },
      60_000,
    );

    test('since an analysis was done: its outcome and result are written again', async () => {
      const lease = await submittedAndTaken();
      const saved = savedAt();
      await lease.finish({ state: 'done', result: bytesOf('report') });
      await eventually('word of it', async () => (await two.get(lease.record.id))?.state === 'done');
      await lose(saved);
      await backInOrder(two);
      await eventually('the outcome', async () => (await two.get(lease.record.id))?.state === 'done');
      expect(await resultOf(two, lease.record.id)).toBe('report');
      expect(await two.take(AbortSignal.timeout(5_000))).toBeNull();
      expect((await two.get(lease.record.id))?.state).toBe('done');
    }, 60_000);

    testNewest(
      'since an analysis was done, and its master has died: it is done again',
      async () => {
        const lease = await submittedAndTaken();
        const saved = savedAt();
        await lease.finish({ state: 'done', result: bytesOf('report') });
        await eventually('word of it', async () => (await two.get(lease.record.id))?.state === 'done');
        await one.close();
        await lose(saved);
        const again = await taken(two);
        expect(again.record).toMatchObject({ id: lease.record.id, attempts: 2 });
        await again.finish({ state: 'done', result: bytesOf('report') });
        expect(await resultOf(two, lease.record.id)).toBe('report');
      },
      60_000,
    );

    test('and its master has died as well: the others know what waited, and what was running waits anew', async () => {
      const saved = savedAt();
      const runs = await submittedAndTaken();
      const { id: waits } = await one.submit(newAnalysis());
      await eventually('word of both', () => two.list().length === 2);
      await one.close();
      await lose(saved);
      const leases = [await taken(two), await taken(two)];
      expect(leases.map(({ record }) => record.id).sort()).toEqual([runs.record.id, waits].sort());
      for (const lease of leases) await lease.finish({ state: 'done', result: bytesOf('x') });
    }, 60_000);

    const streams = ['trireme_queue', 'KV_trireme_analyses', 'OBJ_trireme_chunks', 'OBJ_trireme_results'];
    test.each(newest ? streams : ['trireme_queue'])(
      'the stream %s is removed under way: it is made anew, and all that was accepted has its outcome',
      async (stream) => {
        const done = await submittedAndTaken();
        await done.finish({ state: 'done', result: bytesOf('report') });
        const runs = await submittedAndTaken();
        const { id: waits } = await two.submit(newAnalysis());
        const busy = keepBusy(runs);
        const manager = await one.store.js.jetstreamManager();
        await manager.streams.delete(stream);
        const lease = await taken(two);
        expect(lease.record.id).toBe(waits);
        await lease.finish({ state: 'done', result: bytesOf('waited') });
        await runs.writeChunks([{ key: 'a', bytes: bytesOf('x') }]);
        await runs.finish({ state: 'done', result: bytesOf('ran') });
        busy.stop();
        expect(busy.lost).toEqual([]);
        expect(await resultOf(two, done.record.id)).toBe('report');
        expect(await resultOf(two, runs.record.id)).toBe('ran');
        await backInOrder(two);
      },
      60_000,
    );
  });
});
