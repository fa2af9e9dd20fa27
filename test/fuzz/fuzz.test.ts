import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { scratchFolder } from '../support/scratch.js';
import { propertySeed, runsFactor } from '../support/property.js';
import type { ChildOrder } from './child.js';
import { runTarget } from './run.js';
import { targetNamed, targets } from './targets/index.js';

const scratch = scratchFolder();
/** Inputs for each parser here; `make fuzz RUNS=1000000` runs more. */
const runs = Math.ceil(600 * runsFactor);
const secondsMax = 1;

const order = (target: string, changes: Partial<ChildOrder> = {}): ChildOrder => ({
  target,
  runs,
  seed: propertySeed,
  secondsMax,
  folder: scratch.path,
  ...changes,
});

test.each(targets.map(({ name, what }) => [name, what]))(
  `random and mutated inputs crash, hang or swell no parser: %s (%s)`,
  async (name) => {
    const outcome = await runTarget(order(name));
    expect([name, `seed ${propertySeed}`, outcome.failure]).toEqual([name, `seed ${propertySeed}`, null]);
    expect(outcome.runs).toBeGreaterThan(20);
  },
);

describe('the fuzzer finds what is planted', () => {
  test('a crash: its input is made small, written down, and repeats it', async () => {
    const { failure } = await runTarget(order('planted-crash', { runs: 20_000, secondsMax: 0 }));
    expect(failure).toMatch(/no two bytes of 0xff/);
    const path = /smallest input \((\d+) bytes\) is in (.*)$/m.exec(failure ?? '');
    expect(Number(path?.[1])).toBe(2);
    const again = await runTarget(order('planted-crash', { input: path?.[2] }));
    expect(again.failure).toMatch(/no two bytes of 0xff/);
  });

  test('a hang: the process is ended and the input written down', async () => {
    const { failure } = await runTarget(order('planted-hang', { runs: 20_000, secondsMax: 0 }));
    const path = /hang: one input took over 1 s of processor time .*; the input is in (.*)$/m.exec(failure ?? '')?.[1];
    expect(readFileSync(path ?? '').includes(0xff)).toBe(true);
  });

  test('memory without end: the process is ended at the bound', async () => {
    const { failure } = await runTarget(order('planted-hoard', { runs: 20_000, secondsMax: 0 }));
    expect(failure).toMatch(/memory: \d+ MiB, over residentBytesMax 768 MiB/);
  });
});

describe('inputs that once failed', () => {
  // Compiled tests run from dist/, the files stay where they are written.
  const folder = join(projectRoot, 'test', 'fuzz', 'regressions');
  const files = readdirSync(folder).flatMap((target) =>
    readdirSync(join(folder, target)).map((file): [string, string] => [target, file]),
  );
  test.each(files)('%s: %s', async (target, file) => {
    const path = join(folder, target, file);
    expect(existsSync(path)).toBe(true);
    await targetNamed(target).run(Uint8Array.from(readFileSync(path)));
  });
});
