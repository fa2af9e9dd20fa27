import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { seededRandom } from '../../../src/hub/picking/seeded-random.js';
import { writeLongCapture } from '../../support/capture-cluster.js';
import { runTrireme, triremePath } from '../../support/run-trireme.js';
import type { Stage } from '../stage.js';
import type { ClientResult } from './checker.js';

/** Captures of their own sizes, so that a result of another one is seen. */
const capturesCount = 4;
const captureStepBytes = 50_000;

/** A client that was refused, or lost its master, asks the next one after this time. */
const askAgainMs = 500;
/** A client that says nothing for so long hangs: whatever is wrong, it is to say so. */
const clientSecondsMax = 180;
/** An analysis without a result for so long after it was asked for hangs. */
const resultSecondsMax = 300;

export interface Refusal {
  readonly atMs: number;
  readonly words: string;
}

interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Those who ask for analyses: each is submitted until a master takes it, and its result asked for until one gives it.
 */
export class Clients {
  readonly results: (ClientResult & { readonly answers: string[] })[] = [];
  readonly refusals: Refusal[] = [];
  /** Analyses whose clients were told that NATS has lost them, in these words. */
  readonly losses: { readonly id: string; readonly words: string }[] = [];
  /** What must not happen: an analysis that fails, or never ends. */
  readonly failures: string[] = [];
  private readonly captures: { readonly path: string; expected: string }[] = [];
  private readonly random: () => number;
  private ending = false;

  constructor(
    private readonly stage: Stage,
    private readonly folder: string,
    private readonly captureBytes: number,
    seed: number,
    /** NATS loses what it has acknowledged: a client that is told so has its answer. */
    private readonly mayLose = false,
  ) {
    this.random = seededRandom(seed + 1);
  }

  /** Writes the captures, and learns what one core says of each. */
  async prepare(): Promise<void> {
    for (let i = 0; i < capturesCount; i++) {
      const path = writeLongCapture(join(this.folder, `day-${i}.pcap`), this.captureBytes + i * captureStepBytes);
      const { stdout, stderr } = await runTrireme(['analyze', '--json', '-q', path]);
      if (!stdout.includes('"packets"')) throw new Error(`one core: ${stderr}`);
      this.captures.push({ path, expected: stdout });
    }
  }

  /**
   * One analysis from its submission to its result; every other client leaves at once and asks for the result later.
   */
  async analyze(number: number, masters: readonly string[]): Promise<void> {
    const { path, expected } = this.captures[number % capturesCount];
    const detached = number % 2 === 1;
    let id: string | undefined;
    let master = Math.floor(this.random() * masters.length);
    const endMs = performance.now() + resultSecondsMax * 1000;
    for (; !this.ending && performance.now() < endMs; master = (master + 1) % masters.length) {
      const at = masters[master];
      const ask = ['analyze', '--json', '--master', at];
      if (id !== undefined) {
        const said = await this.run([...ask, '-q', '--resume', id]);
        if (this.taken(id, expected, said)) return;
      } else {
        const said = await this.run(detached ? ['analyze', '--detach', '-q', '--master', at, path] : [...ask, path]);
        id = / is analysis ([0-9a-f]{16})$/m.exec(said.stderr)?.[1] ?? /^([0-9a-f]{16})\n$/.exec(said.stdout)?.[1];
        if (id === undefined) this.refusals.push({ atMs: Date.now(), words: lastLine(said) });
        else if (!detached && this.taken(id, expected, said)) return;
        else if (detached) continue;
      }
      await new Promise((resolve) => setTimeout(resolve, askAgainMs));
    }
    if (!this.ending)
      this.failures.push(`analysis ${id ?? `number ${number}`}: no result within ${resultSecondsMax} s`);
  }

  /** Asks another master for each result that a client has: all of them know the same. */
  async askOnceMore(masters: readonly string[]): Promise<void> {
    for (const [i, { id, answers }] of this.results.entries()) {
      const before = answers.length;
      for (let attempt = 0; attempt < 20; attempt++) {
        const at = masters[(i + attempt) % masters.length];
        const said = await this.run(['analyze', '--json', '-q', '--master', at, '--resume', id]);
        if (this.lost(id, said)) break;
        const { code, stdout } = said;
        if (stdout === '') continue;
        if (code === 0) answers.push(stdout);
        break;
      }
      if (this.losses.some((loss) => loss.id === id)) continue;
      if (answers.length === before) this.failures.push(`analysis ${id}: its result could not be had once more`);
    }
  }

  /** What a master says to somebody who would submit; empty: it took it. */
  async tryToSubmit(master: string): Promise<string> {
    const said = await this.run(['analyze', '--detach', '-q', '--master', master, this.captures[0].path]);
    const id = /^([0-9a-f]{16})\n$/.exec(said.stdout)?.[1];
    if (id === undefined) return lastLine(said);
    this.results.push({ id, expected: this.captures[0].expected, answers: [] });
    return '';
  }

  end(): void {
    this.ending = true;
  }

  /** False: it has not been answered, and may be asked for again. */
  private taken(id: string, expected: string, said: Said): boolean {
    const { code, stdout } = said;
    if (code === 0 && stdout !== '') {
      this.results.push({ id, expected, answers: [stdout] });
      return true;
    }
    if (/cannot be reached|is not lost|is shutting down|does not answer/.test(lastLine(said))) return false;
    if (!this.lost(id, said)) this.failures.push(`analysis ${id}: exit code ${code}: ${lastLine(said)}`);
    return true;
  }

  /** Its client was told that NATS has lost it. */
  private lost(id: string, said: Said): boolean {
    const words = lastLine(said);
    if (!this.mayLose || said.code === 0 || !/nats:\/\/\S+ has lost/.test(words)) return false;
    this.losses.push({ id, words });
    return true;
  }

  private run(args: readonly string[]): Promise<Said> {
    const [command, ...rest] = [...this.stage.on('clients'), process.execPath, triremePath, ...args];
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const bound = setTimeout(() => {
      this.failures.push(`a client hangs, and has said '${stderr.trim()}': trireme ${args.join(' ')}`);
      child.kill('SIGKILL');
    }, clientSecondsMax * 1000);
    return new Promise((resolve) =>
      child.on('close', (code) => {
        clearTimeout(bound);
        resolve({ code, stdout, stderr });
      }),
    );
  }
}

function lastLine({ code, stderr }: Said): string {
  return stderr.trim().split('\n').pop() || `exit code ${code}`;
}
