import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../../src/common/version.js';

/** A nats-server that is installed here. */
export interface NatsProgram {
  readonly path: string;
  /** Such as 2.9.10. */
  readonly version: string;
}

/** Debian's, whose place is no part of every user's PATH, and the newest one, which .ci/run has Go install. */
const places = ['/usr/sbin/nats-server', 'nats-server', join(projectRoot, 'build', 'tools', 'nats-server')];

/** Those that are installed here, each version once, the oldest first; empty: none. */
export const natsPrograms: readonly NatsProgram[] = [
  ...new Map(places.flatMap((path) => versionOf(path)).map((program) => [program.version, program])).values(),
].sort((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true }));

function versionOf(path: string): NatsProgram[] {
  try {
    const said = execFileSync(path, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return [{ path, version: /v(\d+\.\d+\.\d+)/.exec(said)?.[1] ?? said.trim() }];
  } catch {
    return [];
  }
}

/** Whether nats-server is installed. */
export const natsIsHere = natsPrograms.length > 0;

/** Says why tests with NATS are skipped, where they are. */
export function skipWithoutNats(suite: string): jest.Describe {
  if (natsIsHere) return describe;
  process.stderr.write(`SKIP ${suite}: nats-server is not installed (Debian's nats-server)\n`);
  return describe.skip as unknown as jest.Describe;
}

/** Says which versions cannot be tested. @returns those that can */
export function eachNats(suite: string): readonly NatsProgram[] {
  if (natsPrograms.length === 1) {
    const missing = "a second version is not installed (.ci/run has Go install the newest one beside Debian's)";
    process.stderr.write(`SKIP ${suite} with another nats-server than ${natsPrograms[0].version}: ${missing}\n`);
  }
  return natsPrograms;
}

/** Where a server listens, and what its command begins with (such as `nsenter ...`). */
export interface NatsPlace {
  readonly host: string;
  /** -1: a free one. */
  readonly port: number;
  readonly before: readonly string[];
  /** Undefined: the oldest that is installed. */
  readonly program?: NatsProgram;
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
    const { path } = this.place.program ?? natsPrograms[0];
    const [command, ...rest] = [...this.place.before, path, ...args];
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

  /** Copies what it has stored by now, as one moment of it: it stands still meanwhile. */
  saveStore(to: string): void {
    this.signal('SIGSTOP');
    try {
      rmSync(to, { recursive: true, force: true });
      cpSync(this.folder, to, { recursive: true });
    } finally {
      this.signal('SIGCONT');
    }
  }

  /**
   * What it stored since then is lost: it is killed, and has an older store when it is resumed. @param from
   * null: an empty one
   */
  async loseStore(from: string | null): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
    if (from !== null) cpSync(from, this.folder, { recursive: true });
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
