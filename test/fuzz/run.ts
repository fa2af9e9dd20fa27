import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { durationMs, integer } from '../../src/common/options.js';
import { projectRoot } from '../../src/common/version.js';
import type { ChildOrder, ChildReport } from './child.js';
import { targetNamed, targets } from './targets/index.js';

/** Memory of JavaScript objects; what is outside of it the watchdog bounds. */
const heapMiB = 400;

export interface FuzzOutcome extends ChildReport {
  readonly target: string;
}

/** Runs one target in a process of its own. A process that dies is a failure with its last words. */
export function runTarget(order: ChildOrder): Promise<FuzzOutcome> {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [`--max-old-space-size=${heapMiB}`, join(__dirname, 'child.js'), JSON.stringify(order)],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('close', (code, signal) => {
      const { target } = order;
      if (code === 0 && stdout !== '') return resolve({ target, ...(JSON.parse(stdout) as ChildReport) });
      const words = stderr.trim().split('\n').slice(-20).join('\n');
      const failure = `the process ended with ${signal ?? `exit code ${code}`}\n${words}`;
      resolve({ target, runs: 0, seconds: 0, peakBytes: 0, failure });
    });
  });
}

interface Options {
  readonly runs: number;
  readonly seconds: number;
  readonly seed: number;
  readonly target?: string[];
  readonly input?: string;
  readonly json: boolean;
}

async function main({ runs, seconds, seed, target, input, json }: Options): Promise<void> {
  const names = target ?? targets.map(({ name }) => name);
  names.forEach(targetNamed);
  const folder = join(projectRoot, 'build', 'fuzz');
  const say = (text: string): void => void process.stderr.write(text);
  say(`fuzz: ${runs} inputs each for ${names.length} parsers; --seed ${seed} repeats them\n`);
  const outcomes: FuzzOutcome[] = [];
  for (const name of names) {
    const outcome = await runTarget({ target: name, runs, seed, secondsMax: seconds, folder, input });
    outcomes.push(outcome);
    if (!json) process.stdout.write(line(outcome));
    if (outcome.failure !== null)
      say(
        `${outcome.failure}\nfuzz: repeat it with make fuzz ARGS="--target ${name} --seed ${seed}" or --input FILE\n`,
      );
  }
  if (json) process.stdout.write(`${JSON.stringify({ schemaVersion: 1, seed, outcomes }, null, 2)}\n`);
  process.exitCode = outcomes.some(({ failure }) => failure !== null) ? 1 : 0;
}

function line({ target, runs, seconds, peakBytes, failure }: FuzzOutcome): string {
  const rate = seconds > 0 ? Math.round(runs / seconds) : 0;
  const peak = `${(peakBytes / 2 ** 20).toFixed(0)} MiB`;
  return `${target.padEnd(16)}${String(runs).padStart(9)} inputs ${seconds.toFixed(1).padStart(8)} s ${String(rate).padStart(8)}/s   peak ${peak.padStart(8)}   ${failure === null ? 'ok' : 'FAILED'}\n`;
}

if (require.main === module) {
  void new Command('make fuzz')
    .description('random and mutated inputs for every parser that reads what strangers send')
    .addOption(new Option('--runs <n>', 'inputs for each parser').argParser(integer(1, 1e12)).default(100_000))
    .addOption(
      new Option('--seconds <duration>', 'stop each parser after so long (0s: never)')
        .argParser((text: string) => durationMs(0, 86_400_000)(text) / 1000)
        .default(0, '0s'),
    )
    .addOption(
      new Option('--seed <n>', 'repeats a run')
        .argParser(integer(0, 0x7fff_ffff))
        .default(Math.floor(Math.random() * 0x7fff_ffff), 'random'),
    )
    .option('--target <name>', 'one parser; repeatable', (name: string, before: string[] = []) => [...before, name])
    .option('--input <file>', 'hand this file to the parser of --target, once')
    .option('--json', 'print one JSON document', false)
    .action(main)
    .parseAsync()
    .catch((error: Error) => {
      process.stderr.write(`fuzz: ${error.message}\n`);
      process.exitCode = 2;
    });
}
