import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { TriremeError } from '../../../../src/common/errors.js';
import { LevelStore } from '../../../../src/ledger/local/level-store.js';
import { LocalLedger } from '../../../../src/ledger/local/local-ledger.js';
import { memoryStore } from '../../../../src/ledger/local/local-store.js';
import {
  bytesOf,
  durableConformance,
  ledgerConformance,
  newAnalysis,
  taken,
} from '../../../support/ledger-conformance.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder();
const log = pino({ level: 'silent' });
const bounds = { keepMs: 3_600_000, finishedMax: 100, finishedBytesMax: 1e9 };
let folders = 0;

const newFolder = (): string => join(scratch.path, `state-${++folders}`);
const openIn = async (folder: string, holder = 'one', retention = bounds): Promise<LocalLedger> =>
  LocalLedger.open(await LevelStore.open(folder, log), holder, retention, log);

const inFolder = () => {
  const folder = newFolder();
  return Promise.resolve({
    open: (holder: string) => openIn(folder, holder),
    // LevelDB in this process cannot be killed; closing it writes nothing that was not there. The stories use kill -9.
    kill: (ledger: { close(): Promise<void> }) => ledger.close(),
  });
};

describe('in memory', () => {
  ledgerConformance(() =>
    Promise.resolve({
      open: (holder) => LocalLedger.open(memoryStore(), holder, bounds, log),
      kill: (ledger) => ledger.close(),
    }),
  );
});

describe('in a folder', () => {
  ledgerConformance(inFolder);
  durableConformance(inFolder);

  test('a second master of the same folder is refused and told why', async () => {
    const folder = newFolder();
    const ledger = await openIn(folder);
    await expect(openIn(folder)).rejects.toMatchObject({
      code: 'STATE_FAILED',
      message: expect.stringMatching(/held by another master/) as string,
    });
    await ledger.close();
  });

  test('a chunk whose file was cut, changed or removed is scanned again', async () => {
    const folder = newFolder();
    const first = await openIn(folder);
    const { id } = await first.submit(newAnalysis());
    const lease = await taken(first);
    const keys = ['cut', 'changed', 'gone', 'sound'];
    await lease.writeChunks(keys.map((key) => ({ key, bytes: bytesOf(`the bytes of ${key}`) })));
    await first.close();
    const file = (key: string): string => join(folder, 'chunks', id, key);
    writeFileSync(file('cut'), readFileSync(file('cut')).subarray(1));
    writeFileSync(file('changed'), bytesOf('the bytes of chanGed'));
    rmSync(file('gone'));
    const second = await openIn(folder);
    const next = await taken(second);
    for (const key of ['cut', 'changed', 'gone']) expect(await next.readChunk(key)).toBeNull();
    expect(Buffer.from((await next.readChunk('sound')) as Uint8Array).toString()).toBe('the bytes of sound');
    await second.close();
  });

  test('a result that was changed on disk is not given out', async () => {
    const folder = newFolder();
    const ledger = await openIn(folder);
    const { id } = await ledger.submit(newAnalysis());
    await (await taken(ledger)).finish({ state: 'done', result: bytesOf('report') });
    appendFileSync(join(folder, 'results', id), '!');
    expect(await ledger.result(id)).toBeNull();
    await ledger.close();
  });

  test('the files of chunks go with the end of their analysis, and leftovers with the next start', async () => {
    const folder = newFolder();
    const ledger = await openIn(folder);
    await ledger.submit(newAnalysis());
    const lease = await taken(ledger);
    await lease.writeChunks([{ key: 'a', bytes: bytesOf('x') }]);
    expect(readdirSync(join(folder, 'chunks'))).toHaveLength(1);
    await lease.finish({ state: 'done', result: bytesOf('report') });
    expect(readdirSync(join(folder, 'chunks'))).toHaveLength(0);
    await ledger.close();
    writeFileSync(join(folder, 'results', 'stray'), 'x');
    await (await openIn(folder)).close();
    expect(readdirSync(join(folder, 'results'))).toHaveLength(1);
  });

  test.each<[string, (db: string) => void]>([
    ['whose manifest is gone', (db) => rmSync(join(db, 'CURRENT'))],
    ['whose manifest is garbage', (db) => manifests(db).forEach((file) => writeFileSync(file, 'garbage'.repeat(100)))],
    ['whose records were overwritten', (db) => logs(db).forEach(scramble)],
  ])('a store %s is refused, or knows no wrong analysis', async (_what, harm) => {
    const folder = newFolder();
    const first = await openIn(folder);
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) ids.push((await first.submit(newAnalysis())).id);
    await first.close();
    harm(join(folder, 'db'));
    const caught = await openIn(folder).then(
      async (ledger) => {
        for (const record of ledger.list()) expect(ids).toContain(record.id);
        await ledger.close();
        return null;
      },
      (error: TriremeError) => error,
    );
    if (caught !== null) expect(caught).toMatchObject({ code: 'STATE_FAILED' });
  });

  test('finished analyses are kept within time, number and bytes', async () => {
    const folder = newFolder();
    const ledger = await openIn(folder, 'one', { keepMs: 3_600_000, finishedMax: 2, finishedBytesMax: 1e9 });
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) {
      ids.push((await ledger.submit(newAnalysis())).id);
      await (await taken(ledger)).finish({ state: 'done', result: bytesOf('report') });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const kept = ledger.list().map(({ id }) => id);
    expect(kept).toEqual([ids[3], ids[2]]);
    expect(await ledger.result(ids[0])).toBeNull();
    await ledger.close();
  });
});

const manifests = (db: string): string[] =>
  readdirSync(db)
    .filter((name) => name.startsWith('MANIFEST'))
    .map((name) => join(db, name));
const logs = (db: string): string[] =>
  readdirSync(db)
    .filter((name) => /\.(log|ldb)$/.test(name))
    .map((name) => join(db, name));

function scramble(file: string): void {
  const bytes = readFileSync(file);
  for (let i = 100; i < bytes.length; i += 97) bytes[i] ^= 0x5a;
  writeFileSync(file, bytes);
}
