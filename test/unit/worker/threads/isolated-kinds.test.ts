import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jobBatch, ThreadHarness } from '../../../support/thread-harness.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder();
let harness: ThreadHarness;

const run = async (kind: number, payloads: readonly string[]): Promise<string[]> => {
  const jobs = payloads.map((_, at) => at + 1);
  harness.threads.submit(1, jobBatch(jobs, kind, payloads));
  const outcomes = await harness.outcomes(1, jobs);
  return outcomes.map(({ status, payload }) => `${status} ${payload.toString()}`);
};

afterEach(() => harness.threads.close());

const source = `{ isolate: 'process', timeoutSeconds: 1, resultBytesMax: 100, async run({ text, payload, alive }) {
  console.log('not an answer');
  if (text === 'pid') return String(process.pid);
  if (text === 'throw') throw new Error('no luck');
  if (text === 'exit') process.exit(3);
  if (text === 'spin') for (;;);
  if (text === 'long') return 'x'.repeat(101);
  if (text === 'nothing') return undefined;
  return payload.reverse();
} };`;

test.each([
  ['alone.kind.cjs', `exports.kind = ${source}`],
  ['alone.kind.js', `exports.default = ${source}`],
])('jobs of a kind with isolate: process (%s) run in a process, which alone is ended', async (name, text) => {
  const folder = mkdtempSync(join(scratch.path, 'kinds-'));
  writeFileSync(join(folder, name), text);
  harness = new ThreadHarness({ userFolders: [folder] });
  const [kind] = (await harness.threads.start())
    .filter((offered) => offered.name === 'ALONE')
    .map((offered) => offered.kind);
  const told = await run(kind, ['pid', 'abc', 'throw', 'nothing', 'long', 'pid', 'exit', 'spin', 'xyz', 'pid']);
  const pids = [told[0], told[5], told[9]].map((each) => Number(each.slice(5)));
  expect(told).toEqual([
    `DONE ${pids[0]}`,
    'DONE cba',
    'FAILED no luck',
    'DONE ',
    'FAILED its answer of 101 bytes is over 100 (resultBytesMax of its kind)',
    `DONE ${pids[0]}`,
    'FAILED its process ended with exit code 3 before it had answered: not an answer',
    expect.stringMatching(
      /^FAILED a job of ALONE gave no answer within 1 s \(timeoutSeconds of its kind\), and its process was ended/,
    ),
    'DONE zyx',
    `DONE ${pids[2]}`,
  ]);
  expect(pids).not.toContain(process.pid);
  expect(pids[2]).not.toBe(pids[0]);
  expect(harness.deaths).toEqual([]);
});
