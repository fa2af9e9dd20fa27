import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTrireme } from '../support/run-trireme.js';
import { writeLongCapture } from '../support/capture-cluster.js';
import { emptyFolder, type Stage } from './stage.js';
import { spawn } from 'node:child_process';
import { triremePath } from '../support/run-trireme.js';

/** Large enough for a dozen chunks, small enough to come round every second or two. */
const captureBytes = 64 * 1024 * 1024;

/** An analysis that takes longer than this hangs: faults last some seconds, and half-open links take ten to notice. */
const analysisSecondsMax = 90;

export interface AnalysesDone {
  readonly exact: number;
  /** Ended with an error line while something was done to the cluster; the answer was no wrong one. */
  readonly failed: number;
  /** Answers that are not those of one core: must stay empty. */
  readonly wrong: readonly string[];
  /** What the failed ones said, and how often. */
  readonly errors: Readonly<Record<string, number>>;
}

/**
 * Analyses one capture over and over while faults happen: one time a file that master and workers see, one
 * time an upload.
 */
export class Analyses {
  private readonly seen: string;
  private readonly sent: string;
  private expected = new Map<string, string>();
  private ending = false;
  private running: Promise<void> = Promise.resolve();
  private round = 0;
  private exact = 0;
  private failed = 0;
  private readonly wrong: string[] = [];
  private readonly errors: Record<string, number> = {};
  readonly captures: string;

  constructor(
    private readonly stage: Stage,
    folder: string,
  ) {
    this.captures = emptyFolder(folder, 'captures');
    this.seen = writeLongCapture(join(this.captures, 'seen.pcap'), captureBytes);
    this.sent = join(emptyFolder(folder, 'elsewhere'), 'sent.pcap');
    copyFileSync(this.seen, this.sent);
  }

  /** What one core says, which every later answer must equal byte for byte. */
  async prepare(): Promise<void> {
    for (const path of [this.seen, this.sent]) {
      const { code, stdout, stderr } = await runTrireme(['analyze', '--json', '-q', path]);
      if (code !== 0 && code !== 1) throw new Error(`one core: ${stderr}`);
      this.expected.set(path, stdout);
    }
  }

  /** Starts, or goes on after a pause. */
  start(master: string): void {
    this.ending = false;
    this.running = this.loop(master);
  }

  /** Resolves when no analysis runs any more. */
  async pause(): Promise<void> {
    this.ending = true;
    await this.running;
  }

  async end(): Promise<AnalysesDone> {
    await this.pause();
    const { exact, failed, wrong, errors } = this;
    return { exact, failed, wrong, errors };
  }

  private async loop(master: string): Promise<void> {
    for (; !this.ending; this.round++) {
      const path = this.round % 2 === 0 ? this.seen : this.sent;
      const { code, stdout, stderr } = await this.analyze(path, master);
      if (stdout === this.expected.get(path)) this.exact++;
      else if (stdout.includes('"packets"') || (code === 0 && stdout !== '')) {
        this.wrong.push(`${path}: exit code ${code}: ${stdout.slice(0, 200)} ${stderr.trim()}`);
      } else {
        this.failed++;
        const words = stderr.trim().split('\n').pop() ?? '';
        const sort =
          words
            .replace(/[\d.]+/g, 'N')
            .replace(/\/\S+/g, 'PATH')
            .slice(0, 160) || `exit code ${code}`;
        this.errors[sort] = (this.errors[sort] ?? 0) + 1;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  private analyze(path: string, master: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const args = ['analyze', '--json', '-q', '--master', master, '--wait', '20s', path];
    const [command, ...rest] = [...this.stage.on('clients'), process.execPath, triremePath, ...args];
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    let seconds = 0;
    // Seconds are counted, so that a standstill of the machine is no hang.
    const hung = setInterval(() => {
      if (++seconds !== analysisSecondsMax) return;
      this.wrong.push(`${path}: no answer within ${analysisSecondsMax} s`);
      child.kill('SIGKILL');
    }, 1000);
    return new Promise((resolve) =>
      child.on('close', (code) => {
        clearInterval(hung);
        resolve({ code, stdout, stderr });
      }),
    );
  }
}
