import { join } from 'node:path';
import { pino } from 'pino';
import { NatsLedger } from '../../../../src/ledger/nats/nats-ledger.js';
import type { Ledger } from '../../../../src/ledger/types.js';
import { queueSubject } from '../../../../src/ledger/nats/nats-store.js';
import { settledMsMin } from '../../../../src/ledger/nats/absence.js';
import { readObject } from '../../../../src/ledger/nats/stored-object.js';
import { natsUrl } from '../../../../src/nats/nats-url.js';
import { eventually } from '../../../support/capture-cluster.js';
import {
  bytesOf,
  durableConformance,
  ledgerConformance,
  newAnalysis,
  taken,
} from '../../../support/ledger-conformance.js';
import { NatsServer, skipWithoutNats } from '../../../support/nats-server.js';
import { scratchFolder } from '../../../support/scratch.js';

let server: NatsServer;
// Before the folder goes: hooks run in this order.
afterAll(() => server?.stop());
const scratch = scratchFolder();
const log = pino({ level: process.env.TRIREME_LOG_LEVEL ?? 'silent' });
const bounds = { keepMs: 3_600_000, finishedMax: 100, finishedBytesMax: 1e9 };
let folders = 0;

const openOne = (holder: string): Promise<NatsLedger> => NatsLedger.open(natsUrl(server.url), holder, bounds, log);

/** A server of its own for each test, so that no analysis of another is in its queue. */
async function freshBench() {
  await server?.stop();
  server = await NatsServer.start(join(scratch.path, `nats-${++folders}`));
  // A connection that is closed without a word is what a killed process leaves.
  return { open: openOne, kill: (ledger: Ledger) => ledger.close() };
}

skipWithoutNats('the ledger on NATS')('on NATS', () => {
  ledgerConformance(freshBench);
  durableConformance(freshBench);

  describe('with two masters', () => {
    let one: NatsLedger;
    let two: NatsLedger;
    beforeEach(async () => {
      await freshBench();
      [one, two] = await Promise.all([openOne('one'), openOne('two')]);
    });
    afterEach(async () => {
      await Promise.all([one.close(), two.close()]);
    });

    test('each analysis is taken by one of them, and known to both', async () => {
      const ids: string[] = [];
      for (let i = 0; i < 6; i++) ids.push((await one.submit(newAnalysis())).id);
      const leases = [];
      for (let i = 0; i < 3; i++) leases.push(...(await Promise.all([taken(one), taken(two)])));
      expect(leases.map(({ record }) => record.id).sort()).toEqual([...ids].sort());
      for (const lease of leases) await lease.finish({ state: 'done', result: bytesOf(lease.record.id) });
      for (const id of ids) {
        for (const ledger of [one, two]) {
          expect(Buffer.from((await ledger.result(id)) as Uint8Array).toString()).toBe(id);
        }
      }
    });

    test('a living master keeps what it holds, however long it says nothing of progress', async () => {
      await one.submit(newAnalysis());
      await taken(one);
      expect(await two.take(AbortSignal.timeout(5_000))).toBeNull();
    });

    test('a master that stands still loses its analysis, and what it writes when it comes back does not count', async () => {
      const { id } = await one.submit(newAnalysis());
      const late = await taken(one);
      await late.plan({ chunkBytes: 1, engine: 'x' });
      await late.writeChunks([{ key: 'a', bytes: bytesOf('of one') }]);
      let lost = '';
      late.onLost(({ code }) => (lost = code));
      // As one whose process does not run: no heartbeat leaves it.
      (late as unknown as { stop(): void }).stop();
      const next = await taken(two);
      expect(next.record).toMatchObject({ id, holder: 'two', attempts: 2 });
      expect(Buffer.from((await next.readChunk('a')) as Uint8Array).toString()).toBe('of one');
      await expect(late.writeChunks([{ key: 'b', bytes: bytesOf('late') }])).rejects.toMatchObject({
        code: 'LEASE_LOST',
      });
      await expect(late.finish({ state: 'done', result: bytesOf('late') })).rejects.toMatchObject({
        code: 'LEASE_LOST',
      });
      expect(lost).toBe('LEASE_LOST');
      await next.finish({ state: 'done', result: bytesOf('right') });
      expect(Buffer.from((await one.result(id)) as Uint8Array).toString()).toBe('right');
    });

    test('of a submission that was refused because its answer was lost nothing stays', async () => {
      const { records } = one.store;
      const create = records.create.bind(records);
      records.create = async (...written) => {
        await create(...written);
        throw new Error('timeout');
      };
      const refused = newAnalysis();
      await expect(one.submit(refused)).rejects.toMatchObject({ code: 'STATE_FAILED' });
      const { id } = refused;
      await eventually('its end', async () => (await two.get(id)) === null && one.list().length === 0);
      await eventually('word of it at the other master', () => two.list().length === 0);
    });

    test('an analysis whose submitter died before it was queued is queued after a while, and taken once', async () => {
      const { js } = one.store;
      const publish = js.publish.bind(js);
      js.publish = (subject, ...rest) =>
        subject === queueSubject ? new Promise(() => undefined) : publish(subject, ...rest);
      void one.submit(newAnalysis()).catch(() => undefined);
      await eventually('the record', () => two.list().length === 1);
      js.publish = publish;
      await two.queueUnheard();
      expect(await two.take(AbortSignal.timeout(1_000))).toBeNull();
      await Promise.all([one.queueUnheard(61_000), two.queueUnheard(61_000)]);
      const lease = await taken(two);
      await lease.finish({ state: 'done', result: bytesOf('x') });
      expect(await one.take(AbortSignal.timeout(2_500))).toBeNull();
    });

    test('an end whose answer was lost is not written a second time', async () => {
      const { id } = await one.submit(newAnalysis());
      const lease = await taken(one);
      const { records } = one.store;
      const update = records.update.bind(records);
      const revisions: number[] = [];
      const { update: real } = records;
      records.update = async (...written) => {
        revisions.push(await update(...written));
        if (revisions.length === 1) throw new Error('timeout');
        return revisions[revisions.length - 1];
      };
      await lease.finish({ state: 'done', result: bytesOf('report') });
      records.update = real;
      expect(revisions).toHaveLength(1);
      expect((await records.get(id))?.revision).toBe(revisions[0]);
      expect(Buffer.from((await two.result(id)) as Uint8Array).toString()).toBe('report');
    });

    /** A lease of an analysis that has one finished chunk, `a`. */
    const takenWithChunk = async () => {
      await one.submit(newAnalysis());
      const lease = await taken(one);
      await lease.plan({ chunkBytes: 1, engine: 'x' });
      await lease.writeChunks([{ key: 'a', bytes: bytesOf('of one') }]);
      return lease;
    };

    test('a finished chunk that a server does not know yet is looked for again before it is given up', async () => {
      const lease = await takenWithChunk();
      const { chunks } = one.store;
      const get = chunks.get.bind(chunks);
      let asked = 0;
      chunks.get = async (name) => (++asked < 3 ? null : get(name));
      expect(Buffer.from((await lease.readChunk('a')) as Uint8Array).toString()).toBe('of one');
      expect(asked).toBe(3);
    });

    test('a finished chunk that a server has lost is given up after some seconds, unless its master is in doubt', async () => {
      const lease = await takenWithChunk();
      const { chunks } = one.store;
      for (const { name } of await chunks.list()) await chunks.delete(name);
      const inDoubt = jest.spyOn(lease, 'sure', 'get').mockReturnValue(false);
      let given: unknown = 'nothing';
      const reading = lease.readChunk('a').then((bytes) => (given = bytes));
      await new Promise((resolve) => setTimeout(resolve, settledMsMin + 1_000));
      expect(given).toBe('nothing');
      inDoubt.mockReturnValue(true);
      await reading;
      expect(given).toBeNull();
    });

    test('a result that a server does not know yet is looked for again before it is given up', async () => {
      const { id } = await one.submit(newAnalysis());
      await (await taken(one)).finish({ state: 'done', result: bytesOf('report') });
      const { results } = two.store;
      const get = results.get.bind(results);
      let asked = 0;
      results.get = async (name) => (++asked < 3 ? null : get(name));
      expect(Buffer.from((await two.result(id)) as Uint8Array).toString()).toBe('report');
    });

    test('an object whose pieces the servers have lost, or damaged, is no object, and nobody waits for it', async () => {
      const { results } = one.store;
      const silenceMs = 300;
      const read = (name: string, away = false): Promise<Uint8Array | null> =>
        readObject(results, name, () => away, silenceMs);
      const { nuid } = await results.putBlob({ name: 'lost' }, bytesOf('a report'));
      expect(Buffer.from((await read('lost')) as Uint8Array).toString()).toBe('a report');
      const manager = await one.store.js.jetstreamManager();
      await manager.streams.purge('OBJ_trireme_results', { filter: `$O.trireme_results.C.${nuid}` });
      expect(await read('lost')).toBeNull();
      await expect(read('lost', true)).rejects.toThrow(/nothing more of lost within 0.3 s/);
      const { nuid: other } = await results.putBlob({ name: 'damaged' }, bytesOf('a report'));
      await one.store.js.publish(`$O.trireme_results.C.${other}`, bytesOf('and more'));
      expect(await read('damaged')).toBeNull();
      await expect(read('damaged', true)).rejects.toThrow(/digest/);
      expect(await read('never written')).toBeNull();
    });

    test('while NATS is away submissions are refused with the reason, what runs goes on, and all is written after it', async () => {
      const { id } = await one.submit(newAnalysis());
      const lease = await taken(one);
      await server.stop();
      await eventually('the loss of NATS', () => one.trouble !== null);
      await expect(one.submit(newAnalysis())).rejects.toMatchObject({ code: 'STATE_FAILED' });
      const written = lease.writeChunks([{ key: 'a', bytes: bytesOf('kept') }]);
      const finished = written.then(() => lease.finish({ state: 'done', result: bytesOf('report') }));
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      await server.resume();
      await finished;
      await eventually('word at the other master', async () => (await two.get(id).catch(() => null))?.state === 'done');
      expect(Buffer.from((await two.result(id)) as Uint8Array).toString()).toBe('report');
      await one.submit(newAnalysis());
      expect(await two.take(AbortSignal.timeout(20_000))).not.toBeNull();
    });
  });

  test('a server without JetStream, one that is not there and wrong credentials are told apart', async () => {
    await expect(NatsLedger.open(natsUrl('nats://127.0.0.1:1'), 'm', bounds, log)).rejects.toMatchObject({
      code: 'UNREACHABLE',
    });
    const guarded = await NatsServer.start(join(scratch.path, 'guarded'), ['--user', 'a', '--pass', 'right']);
    try {
      const wrong = natsUrl(guarded.url.replace('//', '//a:wrong@'));
      await expect(NatsLedger.open(wrong, 'm', bounds, log)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      const right = await NatsLedger.open(natsUrl(guarded.url.replace('//', '//a:right@')), 'm', bounds, log);
      expect(right.place).not.toContain('right');
      await right.close();
    } finally {
      await guarded.stop();
    }
  });
});
