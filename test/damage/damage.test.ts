import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../src/hub/picking/seeded-random.js';
import { damagedRuns, place } from './damages.js';
import { judgeStart, type JudgedStart } from './judge-start.js';
import { copyFolder, filesBelow, makeStateFolder, type MadeFolder } from './state-folder.js';

/** `make damage RUNS=1000` is the long run; TRIREME_SEED repeats one. */
const runs = 60;
const seed = Number(process.env.TRIREME_SEED ?? Date.now() % 2 ** 31);

const root = mkdtempSync(join(place, 'trireme-damage-'));
let made: MadeFolder;
beforeAll(async () => {
  made = await makeStateFolder(mkdtempSync(join(root, 'made-')), seededRandom(seed));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The bytes with one bit that is wrong, whatever it was. */
function changed(bytes: Buffer, at: number): Buffer {
  bytes[at] ^= 4;
  return bytes;
}

/** Starts on a copy of the folder after this was done to it. */
async function startAfter(harm: (folder: string) => void): Promise<JudgedStart> {
  const folder = join(mkdtempSync(join(root, 'copy-')), 'state');
  copyFolder(made.killed, folder);
  harm(folder);
  const judged = await judgeStart(folder, made.truth);
  rmSync(folder, { recursive: true });
  return judged;
}

test(`random damage is refused, repaired or reported, and removes no result (seed ${seed})`, async () => {
  const wrong: unknown[] = [];
  const counts = { refused: 0, reported: 0, silent: 0 };
  for await (const { run, damage, first, violations } of damagedRuns(runs, seed)) {
    counts[first.how]++;
    if (violations.length > 0) wrong.push({ run, damage, violations, said: first.said });
  }
  expect(wrong).toEqual([]);
  // It did something: most damage is of consequence.
  expect(counts.reported + counts.refused).toBeGreaterThan(runs / 4);
});

test('after a kill in the middle of work a start knows everything and says nothing', async () => {
  expect(await startAfter(() => undefined)).toEqual({ how: 'silent', said: [], violations: [] });
});

test('a journal that is cut off at any record loses nothing', async () => {
  const journal = readFileSync(join(made.killed, 'journal'));
  const ends = [...journal.entries()].filter(([, byte]) => byte === 10).map(([at]) => at + 1);
  expect(ends.length).toBeGreaterThan(20);
  // At the end of a record, and in the middle of the next one.
  for (const end of ends.flatMap((at) => [at, at + 20]).filter((at) => at < journal.length)) {
    const { how, violations, said } = await startAfter((folder) => truncateSync(join(folder, 'journal'), end));
    expect({ end, violations }).toEqual({ end, violations: [] });
    // The last write may have been under way as its master was killed.
    if (end <= ends[ends.length - 3]) expect({ end, how, said }).toMatchObject({ how: 'reported' });
  }
});

test('a log of LevelDB that is cut off anywhere loses nothing', async () => {
  const name = filesBelow(made.killed).find((path) => path.endsWith('.log')) as string;
  const { length } = readFileSync(join(made.killed, name));
  expect(length).toBeGreaterThan(1_000);
  for (let at = 0; at < length; at += Math.ceil(length / 25)) {
    const { how, violations } = await startAfter((folder) => truncateSync(join(folder, name), at));
    expect({ at, violations }).toEqual({ at, violations: [] });
    // The last write may have been under way as its master was killed.
    if (at < length - 3_000) expect({ at, how }).toEqual({ at, how: 'reported' });
  }
});

test('one bit that is wrong in the log of LevelDB loses nothing, wherever it is', async () => {
  const name = filesBelow(made.killed).find((path) => path.endsWith('.log')) as string;
  const { length } = readFileSync(join(made.killed, name));
  for (let at = 5; at < length; at += Math.ceil(length / 25)) {
    const { violations } = await startAfter((folder) =>
      writeFileSync(join(folder, name), changed(readFileSync(join(folder, name)), at)),
    );
    expect({ at, violations }).toEqual({ at, violations: [] });
  }
});

test('each result that is cut, changed or gone is named, and the others are given out', async () => {
  const results = filesBelow(made.killed).filter((path) => path.startsWith('results/'));
  expect(results.length).toBeGreaterThan(5);
  const harms = [
    (file: string) => truncateSync(file, 7),
    (file: string) => rmSync(file),
    (file: string) => writeFileSync(file, changed(readFileSync(file), 3)),
  ];
  for (const [i, path] of results.entries()) {
    const { how, said, violations } = await startAfter((folder) => harms[i % 3](join(folder, path)));
    expect({ how, violations }).toEqual({ how: 'reported', violations: [] });
    expect(said[0]).toContain(path.slice('results/'.length));
  }
});

test('without both copies every result is set aside, none removed', async () => {
  const { how, said, violations } = await startAfter((folder) => {
    for (const name of ['db', 'journal', 'witness']) rmSync(join(folder, name), { recursive: true });
  });
  expect(how).toBe('reported');
  expect(violations.filter((words) => words.includes('nowhere'))).toEqual([]);
  for (const [id, { result }] of made.truth.analyses)
    if (result !== null) expect(said.some((words) => words.includes(id) && words.includes('set aside'))).toBe(true);
});

test('with both copies damaged a start is refused, says what to do, and changes nothing', async () => {
  const judged = await startAfter((folder) => {
    writeFileSync(join(folder, 'journal'), 'x');
    writeFileSync(join(folder, 'db', 'CURRENT'), 'y');
  });
  expect(judged).toMatchObject({ how: 'refused', violations: [] });
  expect(judged.said[0]).toMatch(/is damaged: db is damaged.*journal cannot be read\. Nothing was changed\. Put back/);
});
