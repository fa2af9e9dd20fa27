import { execFileSync } from 'node:child_process';

/** Why namespaces cannot be made here, or undefined when they can. */
export function namespacesMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  try {
    const probe = `trireme-probe-${process.pid}`;
    ip('netns', 'add', probe);
    ip('netns', 'del', probe);
    return undefined;
  } catch (error) {
    return `network namespaces cannot be made here: ${(error as Error).message.split('\n')[0]}`;
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Two network namespaces joined by a veth pair with an MTU of 1,500: two machines on an Ethernet. */
export class VethPair {
  /** Addresses of the two ends (from the block for benchmarks, RFC 2544). */
  readonly addresses = ['198.18.0.1', '198.18.0.2'] as const;
  private readonly names: readonly [string, string];

  constructor() {
    const tag = `${process.pid}-${Math.random().toString(36).slice(2, 6)}`;
    this.names = [`trireme-${tag}-a`, `trireme-${tag}-b`];
    try {
      for (const name of this.names) ip('netns', 'add', name);
      ip(
        'link',
        'add',
        'veth0',
        'netns',
        this.names[0],
        'mtu',
        '1500',
        'type',
        'veth',
        'peer',
        'name',
        'veth0',
        'netns',
        this.names[1],
        'mtu',
        '1500',
      );
      this.names.forEach((name, i) => {
        ip('-n', name, 'link', 'set', 'lo', 'up');
        ip('-n', name, 'addr', 'add', `${this.addresses[i]}/24`, 'dev', 'veth0');
        ip('-n', name, 'link', 'set', 'veth0', 'up');
      });
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** Command that runs what follows it on one of the two machines. */
  on(end: 0 | 1): string[] {
    return ['ip', 'netns', 'exec', this.names[end]];
  }

  /** Removes both namespaces, and the pair with them. */
  remove(): void {
    for (const name of this.names) {
      try {
        ip('netns', 'del', name);
      } catch {
        // Not made, or gone already.
      }
    }
  }
}
