import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Time for a child to say what is waited for, beyond what it is asked to take. */
const waitMsMax = 30_000;

/** A process of the benchmark: a server that runs until stopped, or a client that prints one report and ends. */
export class Child {
  private readonly process: ChildProcess;
  private tail = '';

  constructor(command: string, args: readonly string[]) {
    this.process = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.process.stderr?.on('data', (chunk: Buffer) => (this.tail = (this.tail + chunk.toString()).slice(-2000)));
    this.process.on('error', (error) => (this.tail += error.message));
  }

  /** A program of bench/jobs/peers in a Node of its own. */
  static peer(name: string, ...args: readonly (string | number)[]): Child {
    return new Child(process.execPath, [join(__dirname, 'peers', `${name}.js`), ...args.map(String)]);
  }

  /** The first line, on the stream named, that the reader makes something of. */
  async say<T>(stream: 'stdout' | 'stderr', read: (line: string) => T | undefined, waitMs = waitMsMax): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const fail = (why: string): void => {
        this.process.kill('SIGKILL');
        reject(new Error(`${this.process.spawnargs.join(' ')}: ${why}\n${this.tail}`));
      };
      const timer = setTimeout(() => fail(`said nothing in ${waitMs} ms`), waitMs);
      createInterface({ input: this.process[stream] as NodeJS.ReadableStream }).on('line', (line) => {
        const found = read(line);
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(found);
      });
      this.process.once('exit', (code) => {
        clearTimeout(timer);
        // What it said last may still be on its way.
        setImmediate(() => fail(`ended with ${code}`));
      });
    });
  }

  /** The one line of JSON that it prints. */
  report<T>(waitMs = waitMsMax): Promise<T> {
    return this.say('stdout', (line) => JSON.parse(line) as T, waitMs);
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null || this.process.pid === undefined) return;
    const exit = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 5_000);
    await exit;
    clearTimeout(timer);
  }
}
