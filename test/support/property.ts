import fc from 'fast-check';

/**
 * Multiplies the number of cases of every property. Each run has another seed, so a quarter of them in each `make test`
 * finds as much in four.
 */
export const runsFactor = Number(process.env.TRIREME_PROPERTY_RUNS ?? 0.25);

/** A new seed each time, said always; TRIREME_PROPERTY_SEED repeats a run. */
export const propertySeed = Number(process.env.TRIREME_PROPERTY_SEED ?? Math.floor(Math.random() * 0x7fff_ffff));

/** A property stops after so long: a shrunk case is worth some time, but no test may go on for minutes. */
const timeLimitMs = 50_000;

/** A property that the time limit stopped before this share of its cases has shown too little, and fails. */
const casesShareMin = 0.25;

/**
 * Checks a property with `runs` cases and prints how many ran. A failure names the seed, the path to the
 * shrunk case and the case itself. Fails too when the time limit stopped it before a quarter of its cases.
 */
export function holds<T>(
  arbitrary: fc.Arbitrary<T>,
  predicate: (value: T) => void,
  runs: number,
  limitMs = timeLimitMs,
): void {
  const settings = settingsOf(runs, limitMs);
  judge(fc.check(fc.property(arbitrary, predicate), settings), settings);
}

/** The same of what answers with a promise. */
export async function holdsAsync<T>(
  arbitrary: fc.Arbitrary<T>,
  predicate: (value: T) => Promise<void>,
  runs: number,
  limitMs = timeLimitMs,
): Promise<void> {
  const settings = settingsOf(runs, limitMs);
  judge(await fc.check(fc.asyncProperty(arbitrary, predicate), settings), settings);
}

/** How many cases of `runs` and of which seed, for properties that fast-check's own `assert` judges. */
export const sized = (runs: number): { readonly seed: number; readonly numRuns: number } => ({
  seed: propertySeed,
  numRuns: Math.ceil(runs * runsFactor),
});

type Settings = ReturnType<typeof settingsOf>;

function settingsOf(runs: number, limitMs: number) {
  return {
    ...sized(runs),
    interruptAfterTimeLimit: limitMs,
    markInterruptAsFailure: false,
  };
}

function judge<T>(details: fc.RunDetails<T>, { numRuns: wanted, interruptAfterTimeLimit: limitMs }: Settings): void {
  const ran = details.numRuns - details.numSkips;
  const name = expect.getState().currentTestName ?? 'a property';
  process.stderr.write(`${name}: ${ran} of ${wanted} cases, TRIREME_PROPERTY_SEED=${propertySeed}\n`);
  if (details.failed) throw failure(details);
  const least = Math.ceil(wanted * casesShareMin);
  if (ran < least)
    throw new Error(`only ${ran} of ${wanted} cases ran in ${limitMs / 1000} s; ${least} are the least that count`);
}

function failure<T>(details: fc.RunDetails<T>): Error {
  const cause = 'errorInstance' in details ? details.errorInstance : undefined;
  return new Error(fc.defaultReportMessage(details as fc.RunDetails<unknown>) ?? 'the property failed', { cause });
}
