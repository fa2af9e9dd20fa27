import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Where Debian puts it, which is no part of every user's PATH. */
const program = ['/usr/sbin/nats-server', 'nats-server'].find((path) => {
  try {
    execFileSync(path, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

/** Whether nats-server is installed. */
export const natsIsHere = program !== undefined;

/** Says why tests with NATS are skipped, where they are. */
export function skipWithoutNats(suite: string): jest.Describe {
  if (natsIsHere) return describe;
  process.stderr.write(`SKIP ${suite}: nats-server is not installed (Debian's nats-server)\n`);
  return describe.skip as unknown as jest.Describe;
}

/** Where a server listens, and what its command begins with (such as `nsenter ...`). */
export interface NatsPlace {
  readonly host: string;
  /** -1: a free one. */
  readonly port: number;
  readonly before: readonly string[];
}

/** A nats-server with JetStream, as a process of its own; on a free port of loopback if nothing else is said. */
export class NatsServer {
  private child: ChildProcess | null = null;
  private readonly host: string;
  private port: number;

  private constructor(
    private readonly folder: string,
    private readonly args: readonly string[],
    private readonly place: NatsPlace,
  ) {
    ({ host: this.host, port: this.port } = place);
  }

  /** @param folder empty, for what JetStream stores */
  static async start(
    folder: string,
    args: readonly string[] = [],
    place: NatsPlace = { host: '127.0.0.1', port: -1, before: [] },
  ): Promise<NatsServer> {
    const server = new NatsServer(folder, args, place);
    await server.resume();
    return server;
  }

  get url(): string {
    return `nats://${this.host}:${this.port}`;
  }

  get running(): boolean {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Starts it (again, on the same port and with what it had stored). */
  async resume(): Promise<void> {
    const args = ['-a', this.host, '-p', String(this.port), '-js', '-sd', this.folder, ...this.args];
    const [command, ...rest] = [...this.place.before, program as string, ...args];
    const child = spawn(command, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child = child;
    const said: string[] = [];
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        said.push(line);
        const listening = /Listening for client connections on [\d.]+:(\d+)/.exec(line);
        if (listening !== null) this.port = Number(listening[1]);
        if (line.includes('Server is ready')) resolve();
      });
      child.once('exit', () => reject(new Error(`nats-server ended:\n${said.join('\n')}`)));
    });
  }

  async stop(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.removeAllListeners('exit');
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}
