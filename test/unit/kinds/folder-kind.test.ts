import { KindUnits } from '../../../src/gen/trireme/v1/worker.js';
import { numberOf, compileFolderKind, payloadBytesDefault, type FolderKind } from '../../../src/kinds/folder-kind.js';
import { kindNumberMax, resultBytesDefault, type KindBatch } from '../../../src/kinds/kind.js';

const echo: FolderKind = { run: ({ payload }) => payload };

/** Runs a batch of such payloads; what became of each job, in order. */
async function ran(
  kind: FolderKind,
  payloads: readonly string[],
  cancelled: readonly number[] = [],
): Promise<string[]> {
  const outcomes: string[] = [];
  const batch: KindBatch = {
    count: payloads.length,
    payload: (index) => Buffer.from(payloads[index]),
    answer: (bytes) => outcomes.push(`done ${Buffer.from(bytes).toString()}`),
    answerEach: () => undefined,
    fail: (reason) => outcomes.push(`failed ${reason}`),
    notRun: (reason) => outcomes.push(`not run ${reason}`),
    cancelled: (index = 0) => cancelled.includes(index),
    progress: () => outcomes.push('alive'),
    source: null,
  };
  await compileFolderKind(kind, 'echo', 'echo.kind.js').run(batch);
  return outcomes;
}

test('a kind that says nothing but what it runs is text, of its file name, bounded, and may not run twice', () => {
  const { name, number, clientMay, terms } = compileFolderKind(echo, 'resize-photo', 'resize-photo.kind.js');
  expect([name, number, clientMay]).toEqual(['RESIZE_PHOTO', numberOf('RESIZE_PHOTO'), true]);
  expect(terms).toEqual({
    version: '',
    payloadBytesMax: payloadBytesDefault,
    resultBytesMax: resultBytesDefault,
    timeoutSeconds: 30,
    attempts: 1,
    mayCopy: false,
    text: true,
    units: KindUnits.BYTES,
  });
});

test('a number made from a name is above those of this build, and the same everywhere', () => {
  const numbers = Array.from({ length: 5000 }, (_, at) => numberOf(`KIND_${at}`));
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(128);
  expect(Math.max(...numbers)).toBeLessThanOrEqual(kindNumberMax);
  expect(new Set(numbers).size).toBeGreaterThan(850);
  expect(numberOf('RESIZE')).toBe(161);
});

test.each([
  [null, "it must export an object named 'kind'"],
  [{}, 'run must be a function'],
  [{ ...echo, name: 'resize' }, "name 'resize' is not made of capitals, digits and underscores (at most 40)"],
  [{ ...echo, number: 100 }, 'number 100 is not a whole number from 128 to 1023'],
  [{ ...echo, number: 1024 }, 'number 1024 is not a whole number from 128 to 1023'],
  [{ ...echo, answers: 'xml' }, "answers 'xml' is neither text nor bytes"],
  [{ ...echo, payloadBytesMax: 4194305 }, 'payloadBytesMax 4194305 is not a whole number from 0 to 4194304'],
  [{ ...echo, resultBytesMax: 63 }, 'resultBytesMax 63 is not a whole number from 64 to 67108864'],
  [{ ...echo, timeoutSeconds: 0 }, 'timeoutSeconds 0 is not from 0.001 to 86400'],
  [{ ...echo, mayCopy: 'no' }, 'mayCopy no is neither true nor false'],
  [{ ...echo, mayCopy: true, attempts: 4 }, 'attempts 4 is not a whole number from 1 to 3'],
  [{ ...echo, attempts: 2 }, 'attempts 2 needs mayCopy: a job that may not run twice is given to one worker'],
  [{ ...echo, slots: 0 }, 'slots 0 is not a whole number from 1 to 1024'],
  [{ ...echo, isolate: 'vm' }, "isolate 'vm' is neither thread nor process"],
  [{ ...echo, timeoutSeconds: '30' }, 'timeoutSeconds 30 is not from 0.001 to 86400'],
  [{ ...echo, version: 'a\nb' }, "version 'a\nb' is not at most 64 printable characters"],
])('%j is refused: %s', (exported, why) => {
  expect(() => compileFolderKind(exported, 'echo', 'kinds/echo.kind.js')).toThrow(
    expect.objectContaining({ code: 'USAGE', message: `kind kinds/echo.kind.js: ${why}` }),
  );
});

test('units that are none of those there are are refused', () => {
  expect(() => compileFolderKind({ ...echo, units: 'pixels' }, 'a', 'a.kind.js')).toThrow(
    "kind a.kind.js: units 'pixels' is none of bytes, lines, number, jobs",
  );
});

describe('a batch', () => {
  test('is run job by job: bytes, text, nothing and promises of them are answers', async () => {
    const kind: FolderKind = {
      run: ({ text }) => {
        if (text === 'bytes') return Buffer.from('of bytes');
        if (text === 'later') return Promise.resolve('came later');
        return text === 'nothing' ? undefined : text.toUpperCase();
      },
    };
    const outcomes = await ran(kind, ['a', 'later', 'nothing', 'bytes', 'b']);
    expect(outcomes).toEqual(['done A', 'done came later', 'done ', 'done of bytes', 'done B']);
  });

  test('of which one throws, rejects or answers what is none fails that one alone', async () => {
    const kind: FolderKind = {
      run: ({ text }) => {
        if (text === 'throws') throw new Error('no luck');
        if (text === 'rejects') return Promise.reject(new Error('no luck later'));
        return text === 'number' ? (7 as unknown as string) : text;
      },
    };
    expect(await ran(kind, ['throws', 'x', 'rejects', 'number', 'y'])).toEqual([
      'failed no luck',
      'done x',
      'failed no luck later',
      'failed its answer is neither text nor bytes but number',
      'done y',
    ]);
  });

  test('answers nothing longer than its kind says', async () => {
    const kind: FolderKind = { resultBytesMax: 64, run: ({ text }) => 'x'.repeat(Number(text)) };
    expect(await ran(kind, ['64', '65'])).toEqual([
      `done ${'x'.repeat(64)}`,
      'failed its answer of 65 bytes is over 64 (resultBytesMax of its kind)',
    ]);
  });

  test('does not begin a job that nobody waits for any more', async () => {
    expect(await ran(echo, ['a', 'b'], [0])).toEqual(['not run CANCELLED: before it began', 'done b']);
  });

  test('tells a job whether it is cancelled, and hears that it lives', async () => {
    const kind: FolderKind = {
      run: (job) => {
        job.alive();
        return String(job.cancelled());
      },
    };
    expect(await ran(kind, ['a'])).toEqual(['alive', 'done false']);
  });
});
