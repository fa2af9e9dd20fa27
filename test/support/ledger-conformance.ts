import { TriremeError } from '../../src/common/errors.js';
import { noProgress, type AnalysisRecord, type Ledger, type Lease, type NewAnalysis } from '../../src/ledger/types.js';
import { eventually } from './capture-cluster.js';

/** What a test needs of a store. */
export interface LedgerBench {
  /** Opens the ledger as one master sees it; several may be open at once only where the store is shared. */
  open(holder: string): Promise<Ledger>;
  /** Ends a master without a word, as kill -9 does. */
  kill(ledger: Ledger): Promise<void>;
}

let ids = 0;

export function newAnalysis(changes: Partial<NewAnalysis['request']> = {}): NewAnalysis {
  return {
    id: (++ids).toString(16).padStart(16, '0'),
    owner: 'ada',
    request: {
      name: 'a.pcap',
      path: '/data/a.pcap',
      scan: { intervalNs: null, conversationsMax: 1000, connection: null, hashSeed: 7 },
      top: 10,
      sort: 'bytes',
      waitMs: 1000,
      detached: false,
      ...changes,
    },
    capture: { sizeBytes: 1e9, modified: '123', content: 'abc', spooled: false },
  };
}

export const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString());
const facts = { chunkBytes: 8_388_608, engine: 'one' };

export async function taken(ledger: Ledger): Promise<Lease> {
  const lease = await ledger.take(AbortSignal.timeout(20_000));
  if (lease === null) throw new Error('no analysis came to be taken');
  return lease;
}

async function recordOf(ledger: Ledger, id: string): Promise<AnalysisRecord> {
  const record = await ledger.get(id);
  if (record === null) throw new Error(`there is no analysis ${id}`);
  return record;
}

/** What every store does. @param make a fresh store for each test */
export function ledgerConformance(make: () => Promise<LedgerBench>): void {
  describe('as every ledger', () => everyLedger(make));
}

/** What every store does whose analyses outlive a master. */
export function durableConformance(make: () => Promise<LedgerBench>): void {
  describe('as every durable ledger', () => durableLedger(make));
}

function everyLedger(make: () => Promise<LedgerBench>): void {
  let bench: LedgerBench;
  let ledger: Ledger;
  beforeEach(async () => {
    bench = await make();
    ledger = await bench.open('one');
  });
  afterEach(() => ledger.close());

  test('an analysis is queued, taken once, and done with its result', async () => {
    const { id } = await ledger.submit(newAnalysis());
    expect(await recordOf(ledger, id)).toMatchObject({ state: 'queued', attempts: 0, holder: '', endedMs: null });
    const lease = await taken(ledger);
    expect(lease.record).toMatchObject({ id, state: 'running', attempts: 1, holder: 'one' });
    expect(await ledger.take(AbortSignal.timeout(100))).toBeNull();
    expect(await ledger.result(id)).toBeNull();
    await lease.finish({ state: 'done', result: bytesOf('report') });
    expect(await recordOf(ledger, id)).toMatchObject({ state: 'done', error: null });
    expect(text(await ledger.result(id))).toBe('report');
    expect(ledger.list().map((record) => record.id)).toContain(id);
  });

  test('analyses are taken in the order in which they were submitted', async () => {
    const submitted = [];
    for (let i = 0; i < 3; i++) submitted.push((await ledger.submit(newAnalysis())).id);
    const order = [];
    for (let i = 0; i < 3; i++) order.push((await taken(ledger)).record.id);
    expect(order).toEqual(submitted);
  });

  test('what was asked comes back as it was', async () => {
    const analysis = newAnalysis({ name: 'ä "b".pcap', top: 3, sort: 'packets', detached: true });
    await ledger.submit(analysis);
    const { record } = await taken(ledger);
    expect(record.request).toEqual(analysis.request);
    expect(record.capture).toEqual(analysis.capture);
  });

  test('a taker that waits gets what is submitted later, and none when it is told to stop', async () => {
    const waiting = taken(ledger);
    const { id } = await ledger.submit(newAnalysis());
    expect((await waiting).record.id).toBe(id);
    const stop = new AbortController();
    const none = ledger.take(stop.signal);
    setTimeout(() => stop.abort(), 20);
    expect(await none).toBeNull();
  });

  test('a failed analysis tells why', async () => {
    const { id } = await ledger.submit(newAnalysis());
    const error = new TriremeError('FILE_CHANGED', 'a.pcap: changed');
    await (await taken(ledger)).finish({ state: 'failed', error });
    expect(await recordOf(ledger, id)).toMatchObject({
      state: 'failed',
      error: { code: 'FILE_CHANGED', message: 'a.pcap: changed' },
    });
    expect(await ledger.result(id)).toBeNull();
  });

  test('one that waits and is cancelled is never taken', async () => {
    const { id } = await ledger.submit(newAnalysis());
    expect(await ledger.cancel(id, 'not wanted')).toMatchObject({
      state: 'cancelled',
      error: { message: 'not wanted' },
    });
    expect(await ledger.take(AbortSignal.timeout(300))).toBeNull();
  });

  test('its master hears when one that runs is cancelled, and can write nothing any more', async () => {
    const { id } = await ledger.submit(newAnalysis());
    const lease = await taken(ledger);
    let lost: TriremeError | null = null;
    lease.onLost((error) => (lost = error));
    await ledger.cancel(id, 'not wanted');
    await eventually('the loss of the lease', () => lost !== null);
    expect(lost).toMatchObject({ code: 'CANCELLED', message: 'not wanted' });
    await expect(lease.writeChunks([{ key: 'a', bytes: bytesOf('x') }])).rejects.toThrow(TriremeError);
    await expect(lease.finish({ state: 'done', result: bytesOf('late') })).rejects.toThrow(TriremeError);
    expect(await recordOf(ledger, id)).toMatchObject({ state: 'cancelled' });
    expect(await ledger.result(id)).toBeNull();
  });

  test('cancelling what has ended changes nothing, and what never was is unknown', async () => {
    const { id } = await ledger.submit(newAnalysis());
    await (await taken(ledger)).finish({ state: 'done', result: bytesOf('report') });
    expect(await ledger.cancel(id, 'too late')).toMatchObject({ state: 'done' });
    expect(text(await ledger.result(id))).toBe('report');
    expect(await ledger.cancel('00000000000000ff', 'x')).toBeNull();
    expect(await ledger.get('00000000000000ff')).toBeNull();
  });

  test('progress reaches those who watch, and the end does', async () => {
    const { id } = await ledger.submit(newAnalysis());
    const seen: AnalysisRecord[] = [];
    const stop = ledger.watch(id, (record) => seen.push(record));
    const lease = await taken(ledger);
    lease.progress({ ...noProgress, chunksDone: 3, chunksTotal: 9 });
    await eventually('progress', () => seen.some(({ progress }) => progress.chunksDone === 3));
    await lease.finish({ state: 'done', result: bytesOf('report') });
    await eventually('the end', () => seen.at(-1)?.state === 'done');
    stop();
    expect(seen.filter(({ state }) => state === 'done')).toHaveLength(1);
  });

  test('what was given back is taken again, by whoever comes', async () => {
    const { id } = await ledger.submit(newAnalysis());
    const first = await taken(ledger);
    await first.release();
    await expect(first.writeChunks([{ key: 'a', bytes: bytesOf('x') }])).rejects.toMatchObject({ code: 'LEASE_LOST' });
    const again = await taken(ledger);
    expect(again.record).toMatchObject({ id, attempts: 2 });
    expect(again.record.revision).toBeGreaterThan(first.record.revision);
  });
}

function durableLedger(make: () => Promise<LedgerBench>): void {
  let bench: LedgerBench;
  let ledger: Ledger;
  beforeEach(async () => {
    bench = await make();
    ledger = await bench.open('one');
  });
  afterEach(() => ledger.close());

  async function killAndReopen(): Promise<void> {
    await bench.kill(ledger);
    ledger = await bench.open('two');
  }

  test('finished chunks are there for the next master, and only those', async () => {
    const { id } = await ledger.submit(newAnalysis());
    const lease = await taken(ledger);
    await lease.plan(facts);
    await lease.writeChunks([
      { key: '0-10-certain', bytes: bytesOf('first') },
      { key: '10-20-guess', bytes: bytesOf('second') },
    ]);
    await lease.writeChunks([{ key: '30--guess', bytes: Buffer.alloc(3_000_000, 5) }]);
    await killAndReopen();
    const next = await taken(ledger);
    expect(next.record).toMatchObject({ id, attempts: 2, holder: 'two', plan: facts });
    expect([...next.chunkKeys].sort()).toEqual(['0-10-certain', '10-20-guess', '30--guess']);
    expect(text(await next.readChunk('0-10-certain'))).toBe('first');
    expect((await next.readChunk('30--guess'))?.length).toBe(3_000_000);
    expect(await next.readChunk('20-30-guess')).toBeNull();
  });

  test('chunks of another plan are forgotten', async () => {
    await ledger.submit(newAnalysis());
    const lease = await taken(ledger);
    await lease.plan(facts);
    await lease.writeChunks([{ key: 'a', bytes: bytesOf('old') }]);
    await killAndReopen();
    const next = await taken(ledger);
    await next.plan(facts);
    expect([...next.chunkKeys]).toEqual(['a']);
    await next.plan({ ...facts, engine: 'another' });
    expect([...next.chunkKeys]).toEqual([]);
    expect(await next.readChunk('a')).toBeNull();
    await killAndReopen();
    expect([...(await taken(ledger)).chunkKeys]).toEqual([]);
  });

  test('results, failures and cancellations are still known to the next master', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push((await ledger.submit(newAnalysis())).id);
    const [done, failed, cancelled] = [await taken(ledger), await taken(ledger), await taken(ledger)];
    await done.writeChunks([{ key: 'a', bytes: bytesOf('x') }]);
    await done.finish({ state: 'done', result: bytesOf('report') });
    await failed.finish({ state: 'failed', error: new TriremeError('JOB_FAILED', 'no') });
    await ledger.cancel(cancelled.record.id, 'not wanted');
    await killAndReopen();
    expect(ledger.list().map(({ id, state }) => [id, state])).toEqual(
      expect.arrayContaining([
        [ids[0], 'done'],
        [ids[1], 'failed'],
        [ids[2], 'cancelled'],
      ]),
    );
    expect(text(await ledger.result(ids[0]))).toBe('report');
    expect(await ledger.take(AbortSignal.timeout(300))).toBeNull();
  });
}
