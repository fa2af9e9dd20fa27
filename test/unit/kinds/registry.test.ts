import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kind } from '../../../src/kinds/kind.js';
import { KindRegistry, kinds, readKinds } from '../../../src/kinds/registry.js';

const good: Kind = { number: 7, name: 'SEVEN', clientMay: true, calibrate: () => 1e-6, run: () => undefined };

describe('the kinds of this build', () => {
  test('have the numbers of the TCP protocol, and clients may ask for these two', () => {
    const mine = kinds()
      .all()
      .filter((kind) => kind.clientMay);
    expect(mine.map(({ number, name }) => [number, name])).toEqual([
      [1, 'GET_TIME'],
      [2, 'MINE_BITCOIN'],
    ]);
  });

  test('are read once', () => {
    expect(kinds()).toBe(kinds());
  });
});

describe('a folder of kinds', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'trireme-kinds-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const put = (file: string, fields: string): void =>
    writeFileSync(
      join(folder, file),
      `exports.kind = { clientMay: true, calibrate: () => 1e-6, run: (batch) => batch.notRun('no'), ${fields} };`,
    );

  test('needs no more than one file for one more kind', () => {
    put('third.kind.js', `number: 3, name: 'THIRD'`);
    writeFileSync(join(folder, 'other.js'), 'throw new Error("not a kind, must not be loaded")');
    expect(readKinds(folder).all()).toHaveLength(1);
    expect(readKinds(folder).get(3)?.name).toBe('THIRD');
    expect(readKinds(folder).get(4)).toBeUndefined();
  });

  test('refuses two kinds with one number and names the file and the owner', () => {
    put('a.kind.js', `number: 3, name: 'A'`);
    put('b.kind.js', `number: 3, name: 'B'`);
    expect(() => readKinds(folder)).toThrow('kind b.kind.js: number 3 belongs to A already');
  });

  test('refuses two kinds with one name', () => {
    put('a.kind.js', `number: 3, name: 'A'`);
    put('b.kind.js', `number: 4, name: 'A'`);
    expect(() => readKinds(folder)).toThrow('kind b.kind.js: name A belongs to number 3 already');
  });

  test('names the file that cannot be loaded', () => {
    writeFileSync(join(folder, 'broken.kind.js'), 'throw new Error("out of order")');
    expect(() => readKinds(folder)).toThrow('kind broken.kind.js: cannot be loaded: out of order');
  });

  test('names the file that exports no kind', () => {
    writeFileSync(join(folder, 'empty.kind.js'), '');
    expect(() => readKinds(folder)).toThrow("kind empty.kind.js: it must export an object named 'kind'");
  });
});

describe('a kind is refused', () => {
  test.each([
    ['whose number is zero', { number: 0 }, 'number 0 is not a whole number from 1 to 1023'],
    ['whose number is too large', { number: 1024 }, 'number 1024 is not a whole number'],
    ['whose number is a fraction', { number: 1.5 }, 'number 1.5 is not a whole number'],
    ['whose name has small letters', { name: 'seven' }, "name 'seven' is not made of capitals"],
    ['that does not say whether clients may', { clientMay: undefined }, 'clientMay must be true or false'],
    ['that cannot run', { run: undefined }, 'calibrate and run must be functions'],
    ['with a time-out of nothing', { timeoutSeconds: 0 }, 'timeoutSeconds 0 is not from 0.001 to 86400'],
    ['with a time-out for ever', { timeoutSeconds: Infinity }, 'timeoutSeconds Infinity is not from 0.001 to 86400'],
    ['with no lane', { lanes: 0 }, 'lanes 0 is not a whole number from 1 to 64'],
  ])('%s', (_, change, message) => {
    expect(() => new KindRegistry().add({ ...good, ...change } as Kind, 'x.kind.js')).toThrow(message);
  });
});
