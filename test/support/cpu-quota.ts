import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The usual period of a CPU quota: after its share of it, a group stands still until the next. */
const periodMicroseconds = 100_000;

const v1Folder = ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/cpu,cpuacct'].find(
  (folder) => existsSync(join(folder, 'cpu.cfs_quota_us')) || existsSync(join(folder, 'cpu.cfs_period_us')),
);
const v2Folder = '/sys/fs/cgroup';

let made = 0;

/**
 * A cgroup, of either version, whose processes may use a share of one core. Needs root. Remove it after its processes.
 */
export class CpuQuota {
  private constructor(
    private readonly folder: string,
    private readonly isV1: boolean,
  ) {}

  /** @returns why there can be none here, or null */
  static unavailable(): string | null {
    try {
      CpuQuota.of(0.5).remove();
      return null;
    } catch (error) {
      return `cgroup CPU quotas cannot be set: ${(error as Error).message}`;
    }
  }

  /** @param share of one core, above 0.01 */
  static of(share: number): CpuQuota {
    const isV1 = v1Folder !== undefined;
    const root = v1Folder ?? v2Folder;
    if (!isV1) {
      const controllers = readFileSync(join(root, 'cgroup.controllers'), 'latin1');
      if (!controllers.split(/\s/).includes('cpu')) throw new Error('the cgroup2 hierarchy has no cpu controller');
      writeFileSync(join(root, 'cgroup.subtree_control'), '+cpu');
    }
    const folder = join(root, `trireme-${process.pid}-${made++}`);
    mkdirSync(folder);
    const quota = new CpuQuota(folder, isV1);
    try {
      quota.set(share);
    } catch (error) {
      quota.remove();
      throw error;
    }
    return quota;
  }

  set(share: number): void {
    const microseconds = Math.round(share * periodMicroseconds);
    if (this.isV1) {
      writeFileSync(join(this.folder, 'cpu.cfs_period_us'), String(periodMicroseconds));
      writeFileSync(join(this.folder, 'cpu.cfs_quota_us'), String(microseconds));
    } else writeFileSync(join(this.folder, 'cpu.max'), `${microseconds} ${periodMicroseconds}`);
  }

  /** What stands before a command that is to run in here from its first moment. */
  get command(): string[] {
    return ['/bin/sh', '-c', `echo $$ > ${join(this.folder, 'cgroup.procs')}; exec "$@"`, 'sh'];
  }

  /** Its processes must have ended. */
  remove(): void {
    rmdirSync(this.folder);
  }
}
