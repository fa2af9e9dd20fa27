import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { triremePath } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const sample = join(projectRoot, 'captures', 'sample.pcap');

/** Runs a command beside a file system of 16 KiB, in a mount namespace that goes with it. */
function besideFullDisk(...args: string[]) {
  const mounted = 'mount -t tmpfs -o size=16k tmpfs "$0" && "$@"; code=$?; ls -A "$0" >&2; exit $code';
  return spawnSync('unshare', ['-m', 'sh', '-c', mounted, scratch.path, triremePath, ...args], { encoding: 'utf8' });
}

const mayMount = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;
(mayMount ? test : test.skip)('a full disk is said in words, and leaves no half file (SKIP: not root)', () => {
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
