import { readFileSync, readlinkSync } from 'node:fs';

/**
 * The mount namespace in which pins and records live. `ip netns exec` gives a command a mount namespace of
 * its own that ends with it, and pins made there would end too; so the outermost ancestor whose namespaces
 * can be read is the anchor.
 */
export interface Anchor {
  /** Prefix of every path: empty when the anchor is our own namespace, else the anchor's root as /proc shows it. */
  readonly root: string;
  /** Command prefix to mount and unmount there; a mount needs the namespace, reading and pinning only the path. */
  readonly enter: readonly string[];
}

function parentOf(pid: number): number {
  // The command name stands in parentheses and may hold anything, so fields are counted behind the last one.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function namespaceOf(pid: number | 'self', kind: 'mnt' | 'net'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return undefined;
  }
}

export function findAnchor(): Anchor {
  const own = namespaceOf('self', 'mnt');
  let outermost: number | undefined;
  try {
    for (let pid = parentOf(process.pid); pid > 0; pid = parentOf(pid)) {
      if (namespaceOf(pid, 'mnt') !== undefined) outermost = pid;
    }
  } catch {
    // The chain ends where /proc no longer shows it; what was found so far is the anchor.
  }
  if (outermost === undefined || namespaceOf(outermost, 'mnt') === own) return { root: '', enter: [] };
  return { root: `/proc/${outermost}/root`, enter: ['nsenter', `--mount=/proc/${outermost}/ns/mnt`, '--'] };
}
