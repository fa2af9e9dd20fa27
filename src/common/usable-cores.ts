import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { posix } from 'node:path';

/** Reads a small file of the kernel as text; undefined when it cannot be read. */
export type ReadText = (path: string) => string | undefined;

/** A hierarchy of control groups that may hold a quota of processor time, as it is mounted here. */
interface Hierarchy {
  readonly version: 1 | 2;
  readonly mountPoint: string;
  /** The group that is seen at the mount point. */
  readonly root: string;
  /** The group of this process. */
  readonly group: string;
}

/** Octal escapes of /proc/self/mountinfo, for blanks and the like (proc_pid_mountinfo(5)). */
const unescaped = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));

function hierarchies(read: ReadText): Hierarchy[] {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n').map((line) => /^(\d+):([^:]*):(.*)$/.exec(line));
  const groupV2 = groups.find((line) => line?.[1] === '0' && line[2] === '')?.[3];
  const groupV1 = groups.find((line) => line?.[2].split(',').includes('cpu'))?.[3];
  const found: Hierarchy[] = [];
  for (const line of (read('/proc/self/mountinfo') ?? '').split('\n')) {
    const [before, after] = line.split(' - ');
    if (after === undefined) continue;
    const [, , , root = '/', mountPoint = '/'] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    const mounted = { mountPoint: unescaped(mountPoint), root: unescaped(root) };
    if (type === 'cgroup2' && groupV2 !== undefined) found.push({ version: 2, ...mounted, group: groupV2 });
    if (type === 'cgroup' && options.split(',').includes('cpu') && groupV1 !== undefined)
      found.push({ version: 1, ...mounted, group: groupV1 });
  }
  return found;
}

/** The folder of the process' group and those of the groups around it, as far as they are mounted. */
function folders({ mountPoint, root, group }: Hierarchy): string[] {
  // In a container the mount often shows the group itself, by a name that only the host knows.
  const inside = root === '/' ? group : group.startsWith(`${root}/`) ? group.slice(root.length) : '/';
  const found: string[] = [];
  for (let path = posix.normalize(`/${inside}`); ; path = posix.dirname(path)) {
    found.push(posix.join(mountPoint, path));
    if (path === '/') return found;
  }
}

/**
 * Cores that a quota allows: `cpu.max` holds `QUOTA PERIOD` or `max PERIOD`, in microseconds; -1 is none in version 1.
 */
function quotaOf(version: 1 | 2, folder: string, read: ReadText): number {
  const text =
    version === 2
      ? read(posix.join(folder, 'cpu.max'))
      : `${read(posix.join(folder, 'cpu.cfs_quota_us'))} ${read(posix.join(folder, 'cpu.cfs_period_us'))}`;
  const [quota, period] = (text ?? '').trim().split(/\s+/).map(Number);
  return quota > 0 && period > 0 ? quota / period : Infinity;
}

/**
 * Cores that the quotas of control groups leave this process (Linux, Documentation/admin-guide/cgroup-v2.rst
 * `cpu.max` and cgroup-v1 `cpu.cfs_quota_us`): the least of its group and all groups around it; Infinity
 * without any.
 */
export function coresOfQuotas(read: ReadText): number {
  let least = Infinity;
  for (const hierarchy of hierarchies(read)) {
    for (const folder of folders(hierarchy)) least = Math.min(least, quotaOf(hierarchy.version, folder, read));
  }
  return least;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Cores that this process may use: by its affinity, and by quotas, of which a part of a core counts as one. */
export function usableCores(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(coresOfQuotas(readText))));
}
