import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { TriremeError } from '../common/errors.js';
import { projectRoot } from '../common/version.js';

/** One line of a role's log, as far as it is read here. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Time for a role to say that it is ready; a cold start on a slow machine takes about two seconds. */
const readyMsMax = 30_000;

/** Time for a role to end after SIGTERM before it is killed: above the role's own drain bound. */
const stopMsMax = 15_000;

/** A role of Trireme as a child process of `up` or `demo`. */
export class RoleProcess {
  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
    /** The log line that said it was ready. */
    readonly ready: LogLine,
  ) {}

  /**
   * Starts `trireme ...args` and resolves when its log has a line with the message `readyMessage`. Rejects when the
   * process ends first or says nothing in time. Each log line goes to onLine as well.
   */
  static async start(
    name: string,
    args: readonly string[],
    readyMessage: string,
    onLine: (name: string, line: string) => void,
    env: NodeJS.ProcessEnv = process.env,
  ): Promise<RoleProcess> {
    const child = spawn(process.execPath, [join(projectRoot, 'bin', 'trireme'), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      // A group of its own: Ctrl-C reaches the parent alone, which then stops its children in order.
      detached: true,
      env,
    });
    // Its group is its own, so a parent that ends at once, on a second signal, would leave it running.
    const killChild = (): void => void child.kill('SIGKILL');
    process.once('exit', killChild);
    child.once('exit', () => process.off('exit', killChild));
    let last = '';
    const ready = await new Promise<LogLine>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new TriremeError('UNREACHABLE', `${name} was not ready within ${readyMsMax} ms`));
      }, readyMsMax);
      createInterface({ input: child.stderr! }).on('line', (line) => {
        last = line;
        onLine(name, line);
        const entry = parseLogLine(line);
        if (entry?.msg !== readyMessage) return;
        clearTimeout(timer);
        resolve(entry);
      });
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        const hint = last.includes('EADDRINUSE') ? '; --free-ports takes others' : '';
        reject(
          new TriremeError('UNREACHABLE', `${name} ended (${signal ?? code}) before it was ready: ${last}${hint}`),
        );
      });
    });
    return new RoleProcess(name, child, ready);
  }

  get pid(): number {
    return this.child.pid!;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Lets the role read its credentials again. */
  reload(): void {
    if (this.running) this.child.kill('SIGHUP');
  }

  /** Resolves when the process has ended by itself or by stop(). */
  async ended(): Promise<void> {
    if (this.running) await once(this.child, 'exit');
  }

  /** SIGTERM, then SIGKILL when the process has not drained in time. */
  async stop(): Promise<void> {
    if (!this.running) return;
    const timer = setTimeout(() => this.child.kill('SIGKILL'), stopMsMax);
    this.child.kill('SIGTERM');
    await this.ended();
    clearTimeout(timer);
  }
}

function parseLogLine(line: string): LogLine | null {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return null;
  }
}
