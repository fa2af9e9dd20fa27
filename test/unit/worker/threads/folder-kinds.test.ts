import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jobBatch, ThreadHarness } from '../../../support/thread-harness.js';
import { scratchFolder } from '../../../support/scratch.js';

const scratch = scratchFolder();
let harness: ThreadHarness;

/** Threads with the kinds of these files; numbers of the kinds by name. */
async function withKinds(files: Readonly<Record<string, string>>, slots = 1): Promise<Map<string, number>> {
  const folder = mkdtempSync(join(scratch.path, 'kinds-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  harness = new ThreadHarness({ slots, userFolders: [folder] });
  const offered = await harness.threads.start();
  return new Map(offered.map(({ kind, name }) => [name, kind]));
}

afterEach(() => harness.threads.close());

const begun = (): string => readFileSync(`${scratch.path}/begun`, 'utf8');

test('jobs of a kind of a folder are run with their payloads', async () => {
  const kinds = await withKinds({
    'upper.kind.js': `exports.kind = { mayCopy: true, run: async ({ text }) => text.toUpperCase() };`,
    'size.kind.cjs': `exports.kind = { run: ({ payload }) => String(payload.length) };`,
  });
  harness.threads.submit(1, jobBatch([1, 2, 3], kinds.get('UPPER') as number, ['a', 'bc', 'd'.repeat(100_000)]));
  harness.threads.submit(1, jobBatch([4], kinds.get('SIZE') as number, ['x'.repeat(70_000)]));
  const answers = await harness.outcomes(1, [1, 2, 3, 4]);
  expect(answers.map(({ status, payload }) => [status, payload.toString().slice(0, 5), payload.length])).toEqual([
    ['DONE', 'A', 1],
    ['DONE', 'BC', 2],
    ['DONE', 'DDDDD', 100_000],
    ['DONE', '70000', 5],
  ]);
});

test('each of hundreds of jobs is given its own payload, wherever it stands in a message, and has its own answer', async () => {
  const kinds = await withKinds({
    'back.kind.js': `exports.kind = { mayCopy: true, units: 'jobs', run: ({ text }) => text };`,
  });
  const payload = (job: number): string =>
    `${job}:`.padEnd((job * 37) % 2_500, 'abcdefgh').slice(0, (job * 37) % 2_500);
  const jobs = Array.from({ length: 600 }, (_, job) => job + 1);
  // The first shows what jobs cost; then they go in batches of as many as there is room for.
  const messages = [[1], jobs.slice(1, 100), jobs.slice(100, 101), jobs.slice(101)];
  for (const each of messages)
    harness.threads.submit(1, jobBatch(each, kinds.get('BACK') as number, each.map(payload)));
  const answers = await harness.outcomes(1, jobs);
  expect(answers.map((answer) => answer.payload.toString())).toEqual(jobs.map(payload));
  expect(harness.reports.length).toBeLessThan(100);
});

const dying = (mayCopy: boolean): string => `const { appendFileSync } = require('node:fs');
  exports.kind = { mayCopy: ${mayCopy}, timeoutSeconds: 0.3, run: ({ text }) => {
    appendFileSync(${JSON.stringify(scratch.path)} + '/begun', text);
    if (text === 'exit') process.exit(1);
    if (text === 'spin') for (;;);
    return text;
  } };`;

test.each(['exit', 'spin'])(
  'a job that may not run twice and ends its thread (%s) has failed, may have run, and began once; others are run',
  async (how) => {
    scratch.file('begun', '');
    const kinds = await withKinds({ 'send.kind.js': dying(false) });
    harness.threads.submit(1, jobBatch([1, 2, 3], kinds.get('SEND') as number, ['a', how, 'b']));
    const outcomes = await harness.outcomes(1, [1, 2, 3]);
    expect(outcomes.map(({ status }) => status)).toEqual(['DONE', 'FAILED', 'DONE']);
    expect(outcomes[1].payload.toString()).toMatch(
      /; it may have run, and jobs of SEND are not run twice \(mayCopy\)$/,
    );
    expect(begun()).toBe(`a${how}b`);
  },
);

test('one that runs when the worker ends has failed and may have run; those behind it have not begun', async () => {
  scratch.file('begun', '');
  const kinds = await withKinds({ 'send.kind.js': dying(false).replace('0.3', '30') });
  harness.threads.submit(1, jobBatch([1, 2], kinds.get('SEND') as number, ['spin', 'b']));
  while (begun() === '') await new Promise((resolve) => setTimeout(resolve, 5));
  await harness.threads.close();
  const [running, waiting] = await harness.outcomes(1, [1, 2]);
  expect([running.status, waiting.status]).toEqual(['FAILED', 'NOT_RUN']);
  expect(running.payload.toString()).toContain('it may have run');
  expect(begun()).toBe('spin');
});
