import type { ChildProcess } from 'node:child_process';

/** Time for a command of a document, or for what it shall print; far above what a loaded machine takes. */
const waitMsMax = 60_000;

/** One terminal on one machine: a shell that is given the commands of a document one after the other. */
export class ShellSession {
  private output = '';
  private commands = 0;
  /** What was waited for already: a line is shown once. */
  private seen = 0;

  constructor(
    private readonly shell: ChildProcess,
    readonly name: string,
  ) {
    for (const stream of [shell.stdout, shell.stderr])
      stream?.on('data', (data: Buffer) => (this.output += data.toString()));
  }

  /** Everything printed so far. */
  get printed(): string {
    return this.output;
  }

  /** Runs one command; resolves with its exit code, when the shell has taken the next. */
  async run(command: string): Promise<number> {
    const mark = `@@${++this.commands}:`;
    this.shell.stdin?.write(`${command}\necho "${mark}$?"\n`);
    const pattern = new RegExp(`^${mark}(\\d+)$`, 'm');
    await this.until(() => pattern.test(this.output), `the end of '${command}'`);
    return Number(pattern.exec(this.output)![1]);
  }

  /** Waits until these lines are printed after those waited for before, in this order; `...` stands for anything. */
  async shows(lines: readonly string[]): Promise<void> {
    const pattern = new RegExp(lines.map((line) => `^${wildcards(line)}$`).join('\\n(?:.*\\n)*?'), 'm');
    await this.until(() => pattern.test(this.output.slice(this.seen)), `the lines\n${lines.join('\n')}`);
    const { index, 0: text } = pattern.exec(this.output.slice(this.seen))!;
    this.seen += index + text.length;
  }

  async end(): Promise<void> {
    const closed = new Promise((resolve) => this.shell.once('close', resolve));
    this.shell.stdin?.end('kill $(jobs -p) 2>/dev/null; wait\nexit 0\n');
    const timer = setTimeout(() => this.shell.kill('SIGKILL'), 20_000);
    await closed;
    clearTimeout(timer);
  }

  private async until(holds: () => boolean, what: string): Promise<void> {
    const deadlineMs = performance.now() + waitMsMax;
    while (!holds()) {
      if (performance.now() > deadlineMs)
        throw new Error(`${this.name}: ${what} did not come; printed:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function wildcards(line: string): string {
  return line
    .split('...')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
}
