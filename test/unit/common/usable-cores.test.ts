import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { coresOfQuotas } from '../../../src/common/usable-cores.js';
import { CpuQuota } from '../../support/cpu-quota.js';

const v2 = '31 23 0:41 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate';
const v1 = '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct';
const files = (cgroup: string, mountinfo: string, others: Record<string, string>) => (path: string) =>
  ({ '/proc/self/cgroup': cgroup, '/proc/self/mountinfo': mountinfo, ...others })[path];

test.each<[string, string, string, Record<string, string>, number]>([
  ['version 2', '0::/a/b\n', v2, { '/sys/fs/cgroup/a/b/cpu.max': '250000 100000\n' }, 2.5],
  ['a group around it', '0::/a/b\n', v2, { '/sys/fs/cgroup/a/cpu.max': '50000 100000\n' }, 0.5],
  [
    'the least of all',
    '0::/a/b\n',
    v2,
    { '/sys/fs/cgroup/a/cpu.max': '300000 100000\n', '/sys/fs/cgroup/a/b/cpu.max': '400000 100000\n' },
    3,
  ],
  ['version 2 without a quota', '0::/a\n', v2, { '/sys/fs/cgroup/a/cpu.max': 'max 100000\n' }, Infinity],
  ['a namespace, whose own group is the root', '0::/\n', v2, { '/sys/fs/cgroup/cpu.max': '100000 50000\n' }, 2],
  [
    'version 1',
    '4:cpu,cpuacct:/x\n0::/\n',
    v1,
    {
      '/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us': '150000\n',
      '/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us': '100000\n',
    },
    1.5,
  ],
  [
    'version 1 without a quota',
    '4:cpu,cpuacct:/x\n',
    v1,
    {
      '/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us': '100000\n',
    },
    Infinity,
  ],
  [
    'a container that sees its group at the mount point by the name of the host',
    '4:cpu:/docker/abc\n',
    '32 31 0:29 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu',
    { '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '200000\n', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n' },
    2,
  ],
  ['a group outside of what is mounted', '0::/../other\n', v2, { '/sys/fs/cgroup/cpu.max': '100000 100000\n' }, 1],
  [
    'a mount point with a blank',
    '0::/a\n',
    v2.replace('/sys/fs/cgroup', '/c\\040g'),
    { '/c g/a/cpu.max': '1000 1000\n' },
    1,
  ],
  ['no control groups', '', '', {}, Infinity],
  ['files that make no sense', 'x\n::\n', 'y - z\n - cgroup2\n', { '/cpu.max': 'nonsense' }, Infinity],
])('quotas: %s', (_what, cgroup, mountinfo, others, expected) => {
  expect(coresOfQuotas(files(cgroup, mountinfo, others))).toBe(expected);
});

const unavailable = CpuQuota.unavailable();
if (unavailable !== null) console.log(`SKIP a real quota: ${unavailable}`);

(unavailable === null ? test : test.skip)('a process under a real quota of one core counts one', () => {
  const quota = CpuQuota.of(0.9);
  try {
    const module = join(__dirname, '..', '..', '..', 'src', 'common', 'usable-cores.js');
    const [command, ...rest] = [
      ...quota.command,
      process.execPath,
      '-p',
      `require(${JSON.stringify(module)}).usableCores()`,
    ];
    expect(execFileSync(command, rest, { encoding: 'utf8' }).trim()).toBe('1');
  } finally {
    quota.remove();
  }
});
