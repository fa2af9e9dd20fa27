import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';

/**
 * File systems whose answers come from this kernel and its disks. Of all others (NFS, CIFS, FUSE, 9p,
 * Ceph...) somebody else answers, or does not.
 */
const localTypes = new Set(
  (
    'bcachefs bpf btrfs cgroup cgroup2 debugfs devpts devtmpfs erofs exfat ext2 ext3 ext4 f2fs hfs hfsplus hugetlbfs ' +
    'iso9660 jfs mqueue nilfs2 ntfs3 overlay proc pstore ramfs reiserfs rootfs securityfs squashfs sysfs tmpfs tracefs ' +
    'udf vfat xfs zfs'
  ).split(' '),
);

/** Links followed, as the kernel's own bound (path_resolution(7)). */
const linksMax = 40;

interface Mount {
  readonly point: string;
  readonly local: boolean;
}

/** The mounts in the words of /proc/self/mountinfo (proc(5)); of several at one point the last one counts. */
export function mountsIn(mountinfo: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of mountinfo.split('\n')) {
    const [front, back] = line.split(' - ');
    const point = front.split(' ')[4];
    if (back === undefined || point === undefined) continue;
    const name = point.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(parseInt(octal, 8)));
    mounts.push({ point: Buffer.from(name, 'latin1').toString(), local: localTypes.has(back.split(' ')[0]) });
  }
  return mounts;
}

/** Whether a path without links lies on a file system that another answers for. */
export function isForeign(path: string, mounts: readonly Mount[]): boolean {
  let found: Mount | null = null;
  for (const mount of mounts) {
    const { point } = mount;
    const holds = path === point || path.startsWith(point.endsWith(sep) ? point : point + sep);
    if (holds && point.length >= (found?.point.length ?? 0)) found = mount;
  }
  return found !== null && !found.local;
}

/**
 * Milliseconds for which the mounts are taken as they were: thousands of files are asked about one after the
 * other, and the kernel takes as long to tell its mounts as to open a file.
 */
export const mountsKnownMs = 200;

interface Known {
  readonly atMs: number;
  readonly words: string;
  readonly mounts: readonly Mount[];
  /** Whether some of them is foreign. */
  readonly some: boolean;
  /** Folders on the way to files that were asked about, none of which is a link. */
  readonly folders: Set<string>;
}

let known: Known = { atMs: -Infinity, words: '', mounts: [], some: false, folders: new Set() };

function mountsNow(nowMs: number): Known {
  if (nowMs - known.atMs < mountsKnownMs) return known;
  const words = readFileSync('/proc/self/mountinfo', 'latin1');
  const mounts = words === known.words ? known.mounts : mountsIn(words);
  return (known = { atMs: nowMs, words, mounts, some: mounts.some(({ local }) => !local), folders: new Set() });
}

/**
 * Whether the way to a file, its links included, leads over a file system that may not answer. Nothing on such a one is
 * touched by the question. Where there is no /proc, no way does.
 */
export function leadsAbroad(path: string, nowMs = performance.now()): boolean {
  let now: Known;
  try {
    now = mountsNow(nowMs);
  } catch {
    return false;
  }
  if (!now.some) return false;
  const { mounts, folders } = now;
  let at: string = sep;
  let rest = resolve(path).split(sep);
  for (let links = 0; rest.length > 0;) {
    const [name, ...further] = rest;
    rest = further;
    if (name === '' || name === '.') continue;
    at = name === '..' ? dirname(at) : join(at, name);
    if (folders.has(at)) continue;
    if (isForeign(at, mounts)) return true;
    let target: string;
    try {
      const stats = lstatSync(at);
      if (stats.isDirectory()) folders.add(at);
      if (!stats.isSymbolicLink()) continue;
      target = readlinkSync(at);
    } catch {
      // What is not there, or may not be looked at, is on no other file system.
      return false;
    }
    if (++links > linksMax) return false;
    rest = [...target.split(sep), ...rest];
    at = target.startsWith(sep) ? sep : dirname(at);
  }
  return false;
}
