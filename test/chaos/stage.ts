import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Bed } from '../lab/support/bed.js';
import { namespacesMissing } from '../support/veth-pair.js';

/**
 * Where the processes of a run live: network namespaces on one bridge where that is possible, else this
 * machine's loopback.
 */
export interface Stage {
  /** Each host is a network namespace of its own. */
  readonly apart: boolean;
  address(host: string): string;
  /** What a command begins with to run on a host and to die with this process. */
  on(host: string): string[];
  /** Runs a command on a host to its end. */
  must(host: string, argv: readonly string[]): void;
  /** A folder on a disk of its own of so many bytes; undefined where none can be mounted. */
  readonly smallDisk: string | undefined;
  end(): Promise<void>;
}

/** The kernel ends the process when its parent dies, so that a killed run leaves nothing behind. */
const dieWithUs = ['setpriv', '--pdeathsig', 'KILL', '--'];

export const smallDiskBytes = 96 * 1024 * 1024;

class Loopback implements Stage {
  readonly apart = false;
  readonly smallDisk = undefined;
  address(): string {
    return '127.0.0.1';
  }
  on(): string[] {
    return dieWithUs;
  }
  must(_host: string, [command, ...args]: readonly string[]): void {
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
  async end(): Promise<void> {
    // Nothing was made.
  }
}

class Namespaces implements Stage {
  readonly apart = true;
  readonly smallDisk = '/run/small-disk';

  constructor(
    private readonly bed: Bed,
    private readonly hosts: readonly string[],
  ) {
    bed.must(undefined, ['mkdir', this.smallDisk]);
    bed.must(undefined, ['mount', '-t', 'tmpfs', '-o', `size=${smallDiskBytes}`, 'tmpfs', this.smallDisk]);
  }
  address(host: string): string {
    return `10.9.0.${this.hosts.indexOf(host) + 1}`;
  }
  on(host: string): string[] {
    // Without --pid: no process in between, so signals and /proc are those of the role itself.
    const enter = ['nsenter', `--target=${this.bed.pid}`, '--mount', '--net', '--'];
    return [...enter, 'nsenter', `--net=/run/netns/${host}`, '--', ...dieWithUs];
  }
  must(host: string, argv: readonly string[]): void {
    this.bed.must(host, argv);
  }
  end(): Promise<void> {
    return this.bed.end();
  }
}

/** @returns the stage, and why it is not the better one */
export async function makeStage(hosts: readonly string[]): Promise<{ stage: Stage; skipped: string | undefined }> {
  const skipped = namespacesMissing();
  if (skipped !== undefined) return { stage: new Loopback(), skipped };
  return { stage: new Namespaces(await Bed.make(hosts), hosts), skipped: undefined };
}

/** One script for nft: packets vanish in both directions. */
const cutRules = `add table inet chaos
add chain inet chaos in { type filter hook input priority 0 ; }
add chain inet chaos out { type filter hook output priority 0 ; }
add rule inet chaos in iifname eth0 drop
add rule inet chaos out oifname eth0 drop`;

/** Cuts a host off from all others, without a word to anybody; what it answers with joins it again. */
export function cutOff(stage: Stage, host: string): () => Promise<void> {
  stage.must(host, ['nft', cutRules]);
  return async () => stage.must(host, ['nft', 'delete table inet chaos']);
}

/** Where Debian's libfaketime lies; undefined where it is not installed. */
export function faketimeLibrary(): string | undefined {
  const folders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib'];
  return folders.map((folder) => join(folder, 'faketime', 'libfaketime.so.1')).find((path) => existsSync(path));
}

/** A process of the suite's own (a relay, a machine of clients) that speaks in lines. */
export class Helper {
  readonly lines: string[] = [];

  private constructor(readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr])
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
    child.stdin?.on('error', () => undefined);
  }

  /** Starts dist/test/chaos/SCRIPT.js with an order, and waits for its first line. */
  static async start(stage: Stage, host: string, script: string, order: object): Promise<Helper> {
    const [command, ...rest] = [
      ...stage.on(host),
      process.execPath,
      join(__dirname, `${script}.js`),
      JSON.stringify(order),
    ];
    const helper = new Helper(spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'] }));
    while (helper.lines.length === 0) {
      if (!helper.running) throw new Error(`${script} ended at once`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return helper;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  tell(command: object): void {
    this.child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.running) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}

/** A new empty folder. */
export function emptyFolder(...parts: string[]): string {
  const path = join(...parts);
  mkdirSync(path, { recursive: true });
  return path;
}
