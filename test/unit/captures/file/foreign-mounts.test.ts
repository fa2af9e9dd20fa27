import fs, { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isForeign, leadsAbroad, mountsIn, mountsKnownMs } from '../../../../src/captures/file/foreign-mounts.js';
import { scratchFolder } from '../../../support/scratch.js';

const mounts = mountsIn(
  [
    '22 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw',
    '23 22 0:5 / /proc rw - proc proc rw',
    '40 22 0:40 / /srv rw shared:2 master:1 - nfs4 server:/export rw',
    '41 40 0:41 / /srv/scratch rw - tmpfs tmpfs rw',
    '42 22 0:42 / /mnt/with\\040blank rw - fuse.sshfs host:/ rw',
    '43 22 0:43 / /twice rw - nfs server:/a rw',
    '44 43 0:44 / /twice rw - xfs /dev/sdb rw',
    'nonsense',
  ].join('\n'),
);

test.each([
  ['/home/file', false],
  ['/srv', true],
  ['/srv/deep/file', true],
  ['/srvother/file', false],
  ['/srv/scratch/file', false],
  ['/mnt/with blank/file', true],
  ['/twice/file', false],
])('%s is foreign: %s', (path, foreign) => {
  expect(isForeign(path, mounts)).toBe(foreign);
});

test('a way through folders of this machine, over links, round links and to nothing leads nowhere else', () => {
  const { path } = scratch;
  mkdirSync(join(path, 'folder'));
  symlinkSync('folder', join(path, 'link'));
  symlinkSync('loop', join(path, 'loop'));
  for (const name of ['folder', 'link/none/further', 'loop/x', 'link/../link/.', '.']) {
    expect(leadsAbroad(join(path, name))).toBe(false);
  }
});
const scratch = scratchFolder();

test('the mounts are asked for once in mountsKnownMs, however many files are asked about', () => {
  const asked = jest.spyOn(fs, 'readFileSync');
  try {
    const nowMs = performance.now() + 10_000;
    for (const later of [0, 1, mountsKnownMs - 1]) leadsAbroad(scratch.path, nowMs + later);
    expect(asked).toHaveBeenCalledTimes(1);
    leadsAbroad(scratch.path, nowMs + mountsKnownMs);
    expect([asked.mock.calls.length, mountsKnownMs]).toEqual([2, 200]);
  } finally {
    asked.mockRestore();
  }
});
