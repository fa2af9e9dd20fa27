import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { CaptureCluster, writeLongCapture } from '../support/capture-cluster.js';
import { runTrireme, triremePath } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const elsewhere = scratchFolder();
const sample = join(projectRoot, 'captures', 'sample.pcap');

/** Runs a command beside a file system of 16 KiB, in a mount namespace that goes with it. */
function besideFullDisk(...args: string[]) {
  const mounted = 'mount -t tmpfs -o size=16k tmpfs "$0" && "$@"; code=$?; ls -A "$0" >&2; exit $code';
  return spawnSync('unshare', ['-m', 'sh', '-c', mounted, scratch.path, triremePath, ...args], { encoding: 'utf8' });
}

const mayMount = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;
const rooted = mayMount ? test : test.skip;

rooted('a full disk is said in words, and leaves no half file (SKIP: not root)', () => {
  const report = join(scratch.path, 'report.html');
  const { status, stdout, stderr } = besideFullDisk('analyze', sample, '--html', report);
  expect(stderr).toBe(
    `trireme: --html ${report}: cannot be written: ENOSPC: no space is left on the disk: make room there, or name another place\n`,
  );
  expect(stdout).toContain('Total number of packets: 1043');
  expect(status).toBe(1);
  const tables = besideFullDisk('analyze', sample, '--csv', `${scratch.path}/tables/`, '--top', 'all', '--json');
  expect(tables.stderr).toContain('.csv: cannot be written: ENOSPC: no space is left on the disk');
  expect(tables.status).toBe(1);
});

const full = 'cannot be written: ENOSPC: no space is left on the disk: make room there, or name another place\n';

rooted.each([
  ['one core', () => []],
  ['several cores', () => ['--cores', '3', '--thread-bytes', '100000']],
  ['many files', () => ['--split-by', 'host']],
  ['the cluster, which sends the packets', (grpc: string) => ['--master', grpc]],
])('packets that do not fit the disk leave nothing of theirs: %s (SKIP: not root)', async (_how, args) => {
  // Three chunks of the several cores.
  const long = writeLongCapture(join(elsewhere.path, 'long.pcap'), 12_000_000);
  const cluster = await CaptureCluster.start([elsewhere.path]);
  try {
    await cluster.addWorker(elsewhere.path);
    const to = join(scratch.path, 'packets.pcap');
    const { status, stderr } = besideFullDisk('extract', long, '-w', to, '-q', ...args(cluster.grpc));
    // Behind the words stands what is left in the folder.
    expect(stderr).toMatch(/^trireme: -w \S+: /);
    expect(stderr.endsWith(`: ${full}`)).toBe(true);
    expect(status).toBe(1);
  } finally {
    await cluster.stop();
  }
});

rooted('packets that do not fit the disk of the master leave nothing there (SKIP: not root)', async () => {
  const long = writeLongCapture(join(elsewhere.path, 'there.pcap'), 3_000_000);
  const mounted = `mount -t tmpfs -o size=64k tmpfs "${scratch.path}" && exec "$@"`;
  const cluster = await CaptureCluster.start(
    [elsewhere.path, scratch.path],
    [],
    ['unshare', '-m', 'sh', '-c', mounted, 'sh'],
  );
  try {
    await cluster.addWorker(elsewhere.path);
    const asked = ['extract', long, '--master', cluster.grpc, '--to', scratch.path, '-w', 'packets.pcap', '-q'];
    const { code, stderr } = await runTrireme(asked);
    expect([code, stderr]).toEqual([1, `trireme: --to ${scratch.path}/packets.pcap: ${full}`]);
    const left = readdirSync(`/proc/${cluster.master.child.pid}/root${scratch.path}`);
    expect(left).toEqual([]);
  } finally {
    await cluster.stop();
  }
});
