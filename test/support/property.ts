import fc from 'fast-check';

/** Runs of one property unless its caller says otherwise; TRIREME_PROPERTY_RUNS multiplies every count. */
const runsFactor = Number(process.env.TRIREME_PROPERTY_RUNS ?? 1);

/** A new seed each time, said always; TRIREME_PROPERTY_SEED repeats a run. */
export const propertySeed = Number(process.env.TRIREME_PROPERTY_SEED ?? Math.floor(Math.random() * 0x7fff_ffff));

let said = false;

/** Checks a property. A failure names the seed, the path to the shrunk case and the case itself. */
export function holds<T>(arbitrary: fc.Arbitrary<T>, predicate: (value: T) => void, runs: number): void {
  if (!said) process.stderr.write(`properties run with TRIREME_PROPERTY_SEED=${propertySeed}\n`);
  said = true;
  fc.assert(fc.property(arbitrary, predicate), {
    seed: propertySeed,
    numRuns: Math.ceil(runs * runsFactor),
    // A shrunk capture is worth some time, but no test may go on for minutes.
    interruptAfterTimeLimit: 50_000,
    markInterruptAsFailure: false,
  });
}
