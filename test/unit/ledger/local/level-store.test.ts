import { ClassicLevel } from 'classic-level';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { crc32 } from 'node:zlib';
import { setAsideMax } from '../../../../src/ledger/local/set-aside.js';
import { LevelStore } from '../../../../src/ledger/local/level-store.js';
import { LocalLedger } from '../../../../src/ledger/local/local-ledger.js';
import { encodeRecord } from '../../../../src/ledger/record-codec.js';
import { ended, submitted } from '../../../../src/ledger/transitions.js';
import { bytesOf, newAnalysis, taken } from '../../../support/ledger-conformance.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder();
const day = 86_400_000;
const bounds = { keepMs: day, finishedMax: 100, finishedBytesMax: 1e9 };
let folders = 0;
const newFolder = (): string => join(scratch.path, `state-${++folders}`);

/** Opens the ledger; its warnings and errors go to `said`. */
async function openIn(folder: string, said: string[] = []): Promise<LocalLedger> {
  const log = pino({ level: 'warn' }, { write: (line) => void said.push(line) });
  return LocalLedger.open(await LevelStore.open(folder, log), 'one', bounds, log);
}

async function done(ledger: LocalLedger): Promise<string> {
  const { id } = await ledger.submit(newAnalysis());
  await (await taken(ledger)).finish({ state: 'done', result: bytesOf(`report ${id}`) });
  return id;
}

const evidence = (folder: string): string[] =>
  existsSync(join(folder, 'set-aside')) ? readdirSync(join(folder, 'set-aside')) : [];

test('a result and chunks that no record names are set aside, and told once', async () => {
  const folder = newFolder();
  await (await openIn(folder)).close();
  writeFileSync(join(folder, 'results', '00000000000000aa'), 'of whom?');
  mkdirSync(join(folder, 'chunks', '00000000000000bb'));
  writeFileSync(join(folder, 'chunks', '00000000000000bb', '0-10-certain'), 'and this?');
  const said: string[] = [];
  await (await openIn(folder, said)).close();
  const [of] = evidence(folder);
  const kept = (path: string): string => readFileSync(join(folder, 'set-aside', of, path), 'utf8');
  expect(kept('results/00000000000000aa')).toBe('of whom?');
  expect(kept('chunks/00000000000000bb/0-10-certain')).toBe('and this?');
  for (const id of ['00000000000000aa', '00000000000000bb']) expect(said.join()).toContain(id);
  const again: string[] = [];
  await (await openIn(folder, again)).close();
  expect([again, evidence(folder)]).toEqual([[], [of]]);
});

test('an analysis that was being removed at a kill is no evidence', async () => {
  const folder = newFolder();
  const ledger = await openIn(folder);
  const id = await done(ledger);
  const file = join(folder, 'results', id);
  // The record goes, and its files cannot.
  rmSync(file);
  mkdirSync(join(file, 'in-the-way'), { recursive: true });
  await expect(ledger.store.drop(id)).rejects.toThrow();
  rmSync(file, { recursive: true });
  await ledger.close();
  writeFileSync(file, 'left');
  const said: string[] = [];
  const next = await openIn(folder, said);
  expect([said, next.list(), readdirSync(join(folder, 'results'))]).toEqual([[], [], []]);
  await next.close();
});

test('a clock that is two days ahead at a start removes nothing at once', async () => {
  const folder = newFolder();
  const first = await openIn(folder);
  const ids = [await done(first), await done(first)];
  const { id: waits } = await first.submit(newAnalysis());
  await first.close();
  const now = Date.now;
  Date.now = () => now() + 2 * day;
  try {
    const ledger = await openIn(folder);
    // It looks again after each end.
    await (await taken(ledger)).finish({ state: 'done', result: bytesOf('late') });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ledger.list().map(({ id, state }) => [id, state])).toEqual(
      expect.arrayContaining([...ids, waits].map((id) => [id, 'done'])),
    );
    for (const id of ids) expect(await ledger.result(id)).not.toBeNull();
    await ledger.close();
  } finally {
    Date.now = now;
  }
});

test('a result that is put back is given out again', async () => {
  const folder = newFolder();
  const first = await openIn(folder);
  const id = await done(first);
  await first.close();
  const file = join(folder, 'results', id);
  renameSync(file, `${folder}-away`);
  const second = await openIn(folder);
  expect(second.list()).toMatchObject([{ id, state: 'failed', error: { code: 'STATE_FAILED' } }]);
  expect(await second.result(id)).toBeNull();
  await second.close();
  renameSync(`${folder}-away`, file);
  const third = await openIn(folder);
  expect(third.list()).toMatchObject([{ id, state: 'done', error: null }]);
  expect(Buffer.from((await third.result(id)) as Uint8Array).toString()).toBe(`report ${id}`);
  await third.close();
});

test('past the bound of set-aside a start that would add to it is refused, and one that finds nothing is not', async () => {
  const folder = newFolder();
  await (await openIn(folder)).close();
  for (let i = 0; i < setAsideMax; i++) mkdirSync(join(folder, 'set-aside', `earlier-${i}`), { recursive: true });
  await (await openIn(folder)).close();
  writeFileSync(join(folder, 'results', '00000000000000aa'), 'of whom?');
  await expect(openIn(folder)).rejects.toMatchObject({
    code: 'STATE_FAILED',
    message: expect.stringContaining('setAsideMax = 100') as string,
  });
  expect(readFileSync(join(folder, 'results', '00000000000000aa'), 'utf8')).toBe('of whom?');
  expect(evidence(folder)).toHaveLength(setAsideMax);
});

test('a folder of the version before is taken over with all that it holds', async () => {
  const folder = newFolder();
  mkdirSync(join(folder, 'results'), { recursive: true, mode: 0o700 });
  const level = new ClassicLevel<string, Uint8Array>(join(folder, 'db'), { valueEncoding: 'view' });
  const result = bytesOf('report');
  const analysis = newAnalysis();
  const facts = { bytes: result.length, crc32: crc32(result) };
  const finished = ended(submitted(analysis, Date.now()), { state: 'done', result }, facts, Date.now());
  const waiting = submitted(newAnalysis(), Date.now());
  await level.put('form', bytesOf('1'));
  for (const record of [finished, waiting]) await level.put(`analysis:${record.id}`, encodeRecord(record));
  await level.close();
  writeFileSync(join(folder, 'results', finished.id), result);
  for (let start = 0; start < 2; start++) {
    const said: string[] = [];
    const ledger = await openIn(folder, said);
    expect(said).toEqual([]);
    expect(ledger.list()).toHaveLength(2);
    expect(Buffer.from((await ledger.result(finished.id)) as Uint8Array).toString()).toBe('report');
    expect(await ledger.get(waiting.id)).toEqual(waiting);
    await ledger.close();
  }
});

test('a folder of a later version is refused and left as it is', async () => {
  const folder = newFolder();
  const ledger = await openIn(folder);
  await ledger.close();
  const store = await LevelStore.open(folder, pino({ level: 'silent' }));
  await (store as unknown as { db: { write(writes: Map<string, string>, sync: boolean): Promise<void> } }).db.write(
    new Map([['form', '9']]),
    true,
  );
  await store.close();
  await expect(openIn(folder)).rejects.toMatchObject({
    message: expect.stringMatching(/written in form 9, and this version reads form 2/) as string,
  });
  expect(evidence(folder)).toEqual([]);
});
