import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../../src/common/version.js';

/** Why no file system can be made to hang here; null: it can. */
export function whyNoHungMount(): string | null {
  if (process.getuid?.() !== 0) return 'mounting needs root';
  if (!existsSync('/dev/fuse')) return 'there is no /dev/fuse';
  if (spawnSync('python3', ['--version']).error !== undefined) return 'there is no python3';
  return null;
}

/** A FUSE file system that shows one file, `capture.pcap`, and stops answering as it is told to. */
export class HungMount {
  private constructor(
    /** Where it is mounted. */
    readonly path: string,
    private readonly daemon: ChildProcess,
  ) {}

  /**
   * @param path folder to mount at; made where it is missing
   * @param source file whose bytes it shows
   * @param hang requests for the file that are taken and never answered: getattr, lookup, open, read
   * @returns null when mounting is not allowed here, as in some containers
   */
  static async start(path: string, source: string, hang: readonly string[] = []): Promise<HungMount | null> {
    mkdirSync(path, { recursive: true });
    const script = join(projectRoot, 'test', 'support', 'fuse-daemon.py');
    const daemon = spawn('python3', [script, path, source, hang.join(',')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: daemon.stdout });
    // The kernel asks for the first thing when something is looked at.
    const said = await Promise.race([once(lines, 'line'), once(daemon, 'exit').then(() => null)]);
    return said === null ? null : new HungMount(path, daemon);
  }

  get file(): string {
    return join(this.path, 'capture.pcap');
  }

  /** From now on it takes no request. */
  stop(): void {
    this.daemon.kill('SIGSTOP');
  }

  /** Ends it: what waits for it hears an error. */
  async end(): Promise<void> {
    const ended = once(this.daemon, 'exit');
    this.daemon.kill('SIGKILL');
    await ended;
    spawnSync('umount', ['--lazy', this.path]);
  }
}
