import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { mustRun, runTool } from './tools.js';

/** A network namespace that can be entered. */
export interface NetworkNamespace {
  /** Inode: the one name that every view of a namespace shares. */
  readonly inode: number;
  /** A path for `nsenter --net=`. */
  readonly path: string;
  /** A process inside, when the path is a process'. */
  readonly pid?: number;
  /** What people call it. */
  readonly label: string;
}

const namedFolder = '/run/netns';

/** Processes tried for one unnamed namespace; some, such as another user's, cannot be entered. */
const processesTriedMax = 5;

export function ownNetns(): number {
  return statSync('/proc/self/ns/net').ino;
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Namespaces with a name first, then those of processes and threads, a few paths for each. */
export function listNetns(): NetworkNamespace[] {
  const found: NetworkNamespace[] = [];
  for (const name of listFolder(namedFolder)) {
    try {
      const path = `${namedFolder}/${name}`;
      found.push({ inode: statSync(path).ino, path, label: name });
    } catch {
      // Removed while we looked.
    }
  }
  const count = new Map<number, number>();
  // Our own view first: /proc/self always opens.
  for (const pid of ['self', ...listFolder('/proc').filter((name) => /^\d+$/.test(name))]) {
    for (const thread of pid === 'self' ? [''] : listFolder(`/proc/${pid}/task`)) {
      const path = thread === '' ? `/proc/self/ns/net` : `/proc/${pid}/task/${thread}/ns/net`;
      try {
        const inode = Number(/\[(\d+)\]/.exec(readlinkSync(path))?.[1]);
        const seen = count.get(inode) ?? 0;
        if (seen >= processesTriedMax) continue;
        count.set(inode, seen + 1);
        // A child of ours must not read "self" as itself.
        const id = pid === 'self' ? process.pid : Number(thread);
        found.push({ inode, path: `/proc/${id}/ns/net`, pid: id, label: `of process ${id}` });
      } catch {
        // Ended, or not ours to see.
      }
    }
  }
  return found;
}

/** Command prefix that runs a tool in a namespace; nothing for our own. */
export function enterNetns(namespace: NetworkNamespace): string[] {
  return namespace.inode === ownNetns() ? [] : ['nsenter', `--net=${namespace.path}`, '--'];
}

/** A namespace by its inode, if anything still leads to it. */
export function findNetns(inode: number): NetworkNamespace | undefined {
  return listNetns().find((namespace) => namespace.inode === inode);
}

/**
 * The namespace that our own one calls `nsid` (as in `link_netnsid`). Named ones are known to `ip netns
 * list-id`; for the others names are made in a throw-away mount namespace, which leaves nothing behind.
 */
export async function netnsByNsid(nsid: number): Promise<NetworkNamespace | undefined> {
  const all = listNetns();
  const named = parseIds(await mustRun('list namespaces', ['ip', '-j', 'netns', 'list-id'])).get(nsid);
  if (named !== undefined) return all.find(({ path }) => path === `${namedFolder}/${named}`);
  const candidates = all.filter(({ pid }) => pid !== undefined);
  const script = [
    'mount -t tmpfs tmpfs /run && mkdir /run/netns || exit 1',
    ...candidates.map(({ pid }) => `ip netns attach p${pid} ${pid} 2>/dev/null`),
    'ip -j netns list-id',
  ].join('\n');
  const listed = await runTool(['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script]);
  const name = listed.exitCode === 0 ? parseIds(listed.stdout).get(nsid) : undefined;
  return candidates.find(({ pid }) => `p${pid}` === name);
}

function parseIds(json: string): Map<number, string> {
  const rows = (json.trim() === '' ? [] : JSON.parse(json)) as { nsid: number; name?: string }[];
  return new Map(rows.filter(({ name }) => name !== undefined).map(({ nsid, name }) => [nsid, name as string]));
}
