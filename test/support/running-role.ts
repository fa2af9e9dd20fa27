import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(__dirname, '..', '..', '..');

/** Time for a process to say something that a test waits for; far above what a loaded machine takes. */
const waitMsMax = 30_000;

export type LogLine = Readonly<Record<string, unknown>>;

/** A role of Trireme as its own process, started through bin/trireme. The test that starts one stops it. */
export class RunningRole {
  readonly log: LogLine[] = [];
  readonly stderr: string[] = [];
  private readonly listeners = new Set<() => void>();

  private constructor(readonly child: ChildProcess) {
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
      this.stderr.push(line);
      try {
        this.log.push(JSON.parse(line) as LogLine);
      } catch {
        // Not a line of the log.
      }
      for (const listener of this.listeners) listener();
    });
    child.on('exit', () => {
      for (const listener of this.listeners) listener();
    });
  }

  /**
   * Starts `trireme ...args`, by a command in front of it if one is given (such as `ip netns exec NAME`).
   * @param from root of the installed project
   */
  static start(args: readonly string[], before: readonly string[] = [], from = root): RunningRole {
    const [command, ...rest] = [...before, process.execPath, join(from, 'bin', 'trireme'), ...args];
    return new RunningRole(spawn(command, rest, { stdio: ['ignore', 'ignore', 'pipe'] }));
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves with the first log line, past or to come, that has this message and satisfies the condition. */
  async line(message: string, condition: (line: LogLine) => boolean = () => true): Promise<LogLine> {
    const find = (): LogLine | undefined => this.log.find((line) => line.msg === message && condition(line));
    await this.until(() => find() !== undefined || !this.running, `the log line '${message}'`);
    const line = find();
    if (line === undefined) throw new Error(`the role ended without '${message}':\n${this.stderr.join('\n')}`);
    return line;
  }

  private async until(condition: () => boolean, what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const check = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.listeners.delete(check);
        resolve();
      };
      const timer = setTimeout(() => {
        this.listeners.delete(check);
        reject(new Error(`${what} did not come within ${waitMsMax} ms:\n${this.stderr.join('\n')}`));
      }, waitMsMax);
      this.listeners.add(check);
      check();
    });
  }

  /** Sends a signal and resolves with the exit code, null when a signal ended the process. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.running) {
      const exit = once(this.child, 'exit');
      this.child.kill(signal);
      const timer = setTimeout(() => this.child.kill('SIGKILL'), waitMsMax);
      await exit;
      clearTimeout(timer);
    }
    return this.child.exitCode;
  }
}
