import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TriremeError } from '../common/errors.js';
import { forTerminal } from '../common/for-terminal.js';
import { outliveOutput } from '../common/output-closed.js';
import type { EndedJob } from './run-jobs.js';

/** How far a run has come. */
export interface RunCounts {
  /** Jobs that have ended, those that failed among them. */
  ended: number;
  failed: number;
  /** Jobs that an earlier run has done. */
  skipped: number;
  /** Null: not known, for lines come as they come. */
  readonly total: number | null;
}

/** `120 of 300 jobs, 3 failed, 41.2/s, 5 s left`; the rate and the time left are of this run alone. */
export function progressText({ ended, failed, skipped, total }: RunCounts, seconds: number): string {
  const rate = seconds > 0 ? ended / seconds : 0;
  const left = total === null || rate === 0 ? '' : `, ${spanText((total - skipped - ended) / rate)} left`;
  const done = ended + skipped;
  return (
    `${done}${total === null ? '' : ` of ${total}`} jobs` +
    `${failed > 0 ? `, ${failed} failed` : ''}, ${rate.toFixed(1)}/s${left}`
  );
}

function spanText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5_400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}

/** Between two pictures of the progress line. */
const redrawMs = 250;

/** Where answers and errors go: standard output and error, with a line of progress below where that is a terminal. */
export class RunOutput {
  private readonly sinceMs = performance.now();
  private readonly timer: NodeJS.Timeout | null;
  private drawn = false;

  /** @param many whether there is more than one job, so that each is named and has a line of its own */
  constructor(
    private readonly counts: RunCounts,
    private readonly many: boolean,
  ) {
    outliveOutput();
    // The write that failed tells; without a listener the process would end here.
    process.stdout.on('error', () => undefined);
    this.timer = many && process.stderr.isTTY ? setInterval(() => this.draw(), redrawMs) : null;
  }

  /**
   * An answer of one job goes out as it is; of many, each text ends with a newline. Resolves when the
   * reader's side has taken it.
   *
   * Rejects with a TriremeError FILE_UNWRITABLE.
   */
  async answer(bytes: Uint8Array): Promise<void> {
    this.clear();
    const ended = bytes[bytes.length - 1] === 0x0a || !(this.many || process.stdout.isTTY);
    await Promise.all([written(bytes), ended ? undefined : written('\n')]);
  }

  failure({ task, result: { error } }: EndedJob): void {
    this.clear();
    process.stderr.write(`trireme: ${this.many ? `job ${task.seq}: ` : ''}${forTerminal(error)}\n`);
  }

  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.clear();
  }

  private draw(): void {
    const text = progressText(this.counts, (performance.now() - this.sinceMs) / 1000);
    process.stderr.write(`\r${text}\x1b[K`);
    this.drawn = true;
  }

  private clear(): void {
    if (this.drawn) process.stderr.write('\r\x1b[K');
    this.drawn = false;
  }
}

function written(data: Uint8Array | string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(data, (error) => {
      if (error == null) resolve();
      else reject(new TriremeError('FILE_UNWRITABLE', `standard output: ${error.message}`, { cause: error }));
    });
  });
}

/**
 * Writes an answer under its name in a folder: whole, or not at all.
 * @returns what kept it from being written; null: nothing
 */
export async function writeResult(folder: string, name: string, bytes: Uint8Array): Promise<string | null> {
  // Not made of the name, which may be as long as a name can be.
  const draft = join(folder, `.${randomUUID()}.part`);
  try {
    await writeFile(draft, bytes);
    await rename(draft, join(folder, name));
    return null;
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    return `FILE_UNWRITABLE: --out ${folder}: ${(error as Error).message}`;
  }
}
