import { resolve } from 'node:path';
import { silent } from './file-work.js';
import { leadsAbroad } from './foreign-mounts.js';

/** Time for a probe. */
export const probeTimeoutMs = 5_000;

/** Probes that have not come back. A process that waits for a file system cannot always be ended. */
export const probesStuckMax = 16;

/** A file that has answered is not asked again for so long: an analysis opens it many times. */
const trustedMs = 5_000;

/**
 * Makes sure that the file system of a file answers, before this process touches it. A thread that waits for
 * a FUSE daemon which took its request and never answers cannot be killed, and a process with such a thread
 * cannot end, not even by SIGKILL. So another process goes first where somebody else answers for the file.
 */
export class FileProbe {
  private stuck = 0;
  private readonly answered = new Map<string, number>();

  constructor(
    private readonly timeoutMs = probeTimeoutMs,
    private readonly nowMs: () => number = () => performance.now(),
    private readonly abroad: (path: string) => boolean = leadsAbroad,
    private readonly start: typeof startProbe = startProbe,
  ) {}

  /** @throws TriremeError FILE_UNREADABLE when it does not answer in time */
  async check(path: string, name: string): Promise<void> {
    if (!this.abroad(path)) return;
    const nowMs = this.nowMs();
    if (nowMs - (this.answered.get(path) ?? -Infinity) < trustedMs) return;
    if (this.stuck >= probesStuckMax || !(await this.answers(path))) throw silent(name, this.timeoutMs);
    // Those that were asked long ago are of no use.
    for (const [known, ms] of this.answered) if (nowMs - ms >= trustedMs) this.answered.delete(known);
    this.answered.set(path, nowMs);
  }

  private answers(path: string): Promise<boolean> {
    return new Promise((answer) => {
      this.stuck++;
      const giveUp = this.start(path, () => {
        this.stuck--;
        clearTimeout(timer);
        answer(true);
      });
      const timer = setTimeout(() => {
        giveUp();
        answer(false);
      }, this.timeoutMs);
    });
  }
}

/** Looks at what is going to be done with a file: its kind, and a byte of each end. Opens nothing but regular files. */
const script = '[ -f "$1" ] && head -c 1 -- "$1" && tail -c 1 -- "$1"';

/**
 * Starts a process that looks at a file; `over` hears when it has ended, or cannot be started at all.
 * @returns gives it up: it is killed, which it may hear only when the file system answers
 */
export function startProbe(path: string, over: () => void): () => void {
  // Loaded only here: a small capture is scanned in less time.
  const { spawn } = require('node:child_process') as typeof import('node:child_process');
  const child = spawn('/bin/sh', ['-c', script, 'probe', resolve(path)], { stdio: 'ignore', cwd: '/' });
  child.once('error', over);
  child.once('exit', over);
  return () => {
    child.kill('SIGKILL');
    child.unref();
  };
}
