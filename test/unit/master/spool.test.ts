import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { Spool } from '../../../src/master/spool.js';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();
const log = pino({ level: 'silent' });
const identityOf = (text: string) => ({
  sizeBytes: BigInt(text.length),
  endsSha256: createHash('sha256').update(text).digest(),
});
const spooled = async (spool: Spool, text: string): Promise<string> => {
  const file = await spool.create();
  await file.write(Buffer.from(text));
  return file.finish(identityOf(text));
};

test('an upload is kept whole until its analysis ends, and used by one analysis', async () => {
  const spool = new Spool(join(scratch.path, 'a'), 100, log);
  const path = await spooled(spool, 'capture');
  expect(readFileSync(path, 'utf8')).toBe('capture');
  expect(spool.claim(path)).toBe(true);
  expect(spool.claim(path)).toBe(false);
  await spool.remove(path);
  expect(existsSync(path)).toBe(false);
  expect(spool.bytesHeld).toBe(0);
  spool.close();
});

test('the bound holds over all uploads, and what was given up is free again', async () => {
  const spool = new Spool(join(scratch.path, 'b'), 10, log);
  const one = await spool.create();
  const two = await spool.create();
  await one.write(Buffer.alloc(6));
  await expect(two.write(Buffer.alloc(6))).rejects.toMatchObject({ code: 'LIMIT_REACHED' });
  await one.discard();
  await two.write(Buffer.alloc(6));
  await two.discard();
  expect(readdirSync(spool.folder)).toEqual([]);
  spool.close();
});

test('an upload that is not what was announced is refused', async () => {
  const spool = new Spool(join(scratch.path, 'c'), 100, log);
  const file = await spool.create();
  await file.write(Buffer.from('abc'));
  await expect(file.finish(identityOf('abd'))).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  await file.discard();
  expect(spool.bytesHeld).toBe(0);
  spool.close();
});

test('what a dead master left is removed, what a living one or somebody else has is not', () => {
  const root = join(scratch.path, 'd');
  // No process has this id: it is above the most that Linux gives.
  const dead = join(root, '4194305-0123456789ab');
  const living = join(root, `${process.pid}-0123456789ab`);
  const foreign = join(root, 'notes');
  for (const folder of [dead, living, foreign]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const spool = new Spool(root, 100, log);
  expect([existsSync(dead), existsSync(living), existsSync(foreign)]).toEqual([false, true, true]);
  spool.close();
  expect(existsSync(spool.folder)).toBe(false);
});

test('of what an earlier master held, uploads that nobody names go, or are set aside where records were damaged', () => {
  for (const evidence of [null, join(scratch.path, 'evidence')]) {
    const root = join(scratch.path, `e-${evidence === null ? 'sound' : 'damaged'}`);
    mkdirSync(root, { mode: 0o700 });
    for (const [name, text] of [['wanted', 'abc'], ['cut', 'ab'], ['stray', 'x']]) writeFileSync(join(root, name), text); // prettier-ignore
    const errors: string[] = [];
    const spool = new Spool(root, 100, pino({ level: 'error' }, { write: (line) => void errors.push(line) }), true);
    spool.adopt(
      ['wanted', 'cut', 'gone'].map((name) => ({ path: join('/earlier', name), bytes: 3 })),
      evidence,
    );
    expect(errors.map((line) => (JSON.parse(line) as { upload: string }).upload)).toEqual(['cut', 'gone']);
    expect(readdirSync(root).sort()).toEqual(evidence === null ? ['cut', 'wanted'] : ['wanted']);
    if (evidence !== null) expect(readdirSync(join(evidence, 'spool')).sort()).toEqual(['cut', 'stray']);
  }
});
