import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { namespacesMissing } from './veth-pair.js';

const relay = join(__dirname, '..', '..', '..', 'test', 'support', 'link-relay.py');

/** Why such a link cannot be made here, or undefined when it can. */
export function slowLinkMissing(): string | undefined {
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun';
  return namespacesMissing();
}

/** Two network namespaces joined by a link with the faults that `link-relay.py` is told to make. */
export class SlowLink {
  /** Addresses of the two ends (from the block for benchmarks, RFC 2544). */
  readonly addresses = ['198.18.1.1', '198.18.1.2'] as const;

  private constructor(
    private readonly names: readonly [string, string],
    private relay: ChildProcess | undefined,
  ) {}

  /** @param faults options of link-relay.py */
  static async make(faults: readonly string[]): Promise<SlowLink> {
    const tag = `${process.pid}-${Math.random().toString(36).slice(2, 6)}`;
    const link = new SlowLink([`trireme-${tag}-a`, `trireme-${tag}-b`], undefined);
    try {
      for (const name of link.names) {
        execFileSync('ip', ['netns', 'add', name]);
        execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
      }
      const ends = link.names.map((name, i) => `${name},${link.addresses[i]}/24`);
      link.relay = spawn('python3', [relay, ...ends, ...faults], { stdio: ['pipe', 'pipe', 'inherit'] });
      const ended = once(link.relay, 'exit').then(() => {
        throw new Error('the relay ended before the link was up');
      });
      await Promise.race([once(link.relay.stdout as NodeJS.ReadableStream, 'data'), ended]);
      ended.catch(() => undefined);
      return link;
    } catch (error) {
      await link.remove();
      throw error;
    }
  }

  /** Command that runs what follows it at one of the two ends. */
  on(end: 0 | 1): string[] {
    return ['ip', 'netns', 'exec', this.names[end]];
  }

  /** Ends the relay and removes both namespaces. */
  async remove(): Promise<void> {
    const { relay } = this;
    if (relay !== undefined && relay.exitCode === null) {
      const ended = once(relay, 'exit');
      relay.stdin?.end();
      await ended;
    }
    for (const name of this.names) {
      try {
        execFileSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
      } catch {
        // Not made, or gone already.
      }
    }
  }
}
