import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inputsOf, type FuzzInput } from './inputs.js';
import { shrinkMsMax } from './limits.js';
import { reduce } from './reduce.js';
import { utf8, type FuzzTarget } from './target.js';
import { targetNamed } from './targets/index.js';
import { residentBytesPeak, Watchdog } from './watchdog.js';

/** What the parent asks of this process: one target, so that a parser that takes all memory takes only this. */
export interface ChildOrder {
  readonly target: string;
  readonly runs: number;
  readonly seed: number;
  /** Wall time after which it is enough; 0: all runs. */
  readonly secondsMax: number;
  /** Where inputs that failed are put. */
  readonly folder: string;
  /** Run this file once instead. */
  readonly input?: string;
}

export interface ChildReport {
  readonly runs: number;
  readonly seconds: number;
  readonly peakBytes: number;
  readonly failure: string | null;
}

const bytesMaxDefault = 4096;

async function fuzz(order: ChildOrder, target: FuzzTarget): Promise<ChildReport> {
  const watchdog = new Watchdog(target.name, order.folder);
  const words = (target.words ?? []).map((word) => (typeof word === 'string' ? utf8(word) : word));
  const inputs = inputsOf(target.seeds(), words, target.bytesMax ?? bytesMaxDefault);
  let runs = 0;
  let failedAt = 0;
  const begins = ({ bytes }: FuzzInput): Uint8Array => {
    if (failedAt === 0) runs++;
    else if (performance.now() - failedAt > shrinkMsMax) fc.pre(false);
    watchdog.begins(bytes);
    return bytes;
  };
  const note = (error: unknown): never => {
    failedAt ||= performance.now();
    throw error;
  };
  const parameters = {
    seed: order.seed,
    numRuns: order.runs,
    ...(order.secondsMax === 0 ? {} : { interruptAfterTimeLimit: order.secondsMax * 1000 }),
  };
  const began = performance.now();
  const result =
    target.asynchronous === true
      ? await fc.check(
          fc.asyncProperty(inputs, async (input) => {
            await Promise.resolve(target.run(begins(input))).catch(note);
          }),
          parameters,
        )
      : fc.check(
          fc.property(inputs, (input) => {
            try {
              void target.run(begins(input));
            } catch (error) {
              note(error);
            }
          }),
          parameters,
        );
  const seconds = (performance.now() - began) / 1000;
  let failure: string | null = null;
  if (result.counterexample !== null) {
    const fails = async (bytes: Uint8Array): Promise<boolean> => {
      watchdog.begins(bytes);
      try {
        await target.run(bytes);
        return false;
      } catch {
        return true;
      }
    };
    const until = performance.now() + shrinkMsMax;
    const smallest = await reduce(result.counterexample[0].bytes, fails, () => performance.now() < until);
    failure = keep(order, smallest, result.errorInstance);
  }
  await watchdog.end();
  return { runs, seconds, peakBytes: residentBytesPeak(), failure };
}

/** Writes a failing input down and says what went wrong with it. */
function keep({ folder, target }: ChildOrder, bytes: Uint8Array, error: unknown): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${target}-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}.bin`);
  writeFileSync(path, bytes);
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `${stack.split('\n').slice(0, 6).join('\n')}\nthe smallest input (${bytes.length} bytes) is in ${path}`;
}

/** Parsers refuse by errors, a million of them: a long stack for each would cost more than the parsing. */
Error.stackTraceLimit = 5;

async function main(order: ChildOrder): Promise<void> {
  const target = targetNamed(order.target);
  let report: ChildReport;
  if (order.input === undefined) report = await fuzz(order, target);
  else {
    const watchdog = new Watchdog(target.name, order.folder);
    const began = performance.now();
    const input = Uint8Array.from(readFileSync(order.input));
    watchdog.begins(input);
    let failure: string | null = null;
    try {
      await target.run(input);
    } catch (error) {
      failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    await watchdog.end();
    report = { runs: 1, seconds: (performance.now() - began) / 1000, peakBytes: residentBytesPeak(), failure };
  }
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

void main(JSON.parse(process.argv[2]) as ChildOrder);
