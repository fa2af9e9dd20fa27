import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { followRing } from '../../../../src/captures/follow/follow-ring.js';
import { familyOf } from '../../../../src/captures/follow/ring-family.js';
import type { JoinEntry } from '../../../../src/captures/join/join-entry.js';
import { conversationsMaxDefault } from '../../../../src/pcap/request.js';
import { cutCapture } from '../../../support/cut-capture.js';
import { scratchFolder } from '../../../support/scratch.js';
import { manyPackets, smallCapture } from '../../../support/small-capture.js';

const scratch = scratchFolder();
const scan = { intervalNs: null, conversationsMax: conversationsMaxDefault, connection: null, hashSeed: 1 };
const settings = { scan, top: 10, sort: 'bytes' as const, threadsMax: 1, threadBytesMin: 1 };
/** 40 files of 25 packets each. */
const parts = cutCapture(smallCapture(manyPackets(1000)), 25);

let folders = 0;

function newFolder(): string {
  const folder = join(scratch.path, `ring-${++folders}`);
  mkdirSync(folder);
  return folder;
}

/** Follows a ring; `written` tells of bytes that were written, which must be read before the next ones. */
function following(name: string, everyMs: number | null = null) {
  const ended = new AbortController();
  const said: string[] = [];
  const soFar: JoinEntry[] = [];
  let read = 0;
  let written = 0;
  const entry = followRing(
    name,
    { ...settings, onProgress: (bytes) => (read = bytes) },
    {
      ended: ended.signal,
      interrupted: () => ended.signal.aborted,
      everyMs,
      onSoFar: (told) => soFar.push(told),
      say: (message) => said.push(message),
    },
  );
  let failed = false;
  entry.catch(() => (failed = true));
  return {
    said,
    soFar,
    written: async (bytes: number) => {
      for (written += bytes; read < written && !failed;) await sleep(10);
    },
    end: () => {
      ended.abort();
      return entry;
    },
  };
}

const facts = (entry: JoinEntry) => entry as unknown as { packets: number; conversations: number; truncated: boolean };
const rows = (entry: JoinEntry) =>
  (entry.files ?? []) as readonly { packets: number; grew?: true; truncated: boolean }[];

/** Writes a file in two pieces, the first of which ends within a record. */
async function write(path: string, bytes: Uint8Array, follow: ReturnType<typeof following>): Promise<void> {
  const half = Math.floor(bytes.length / 2);
  writeFileSync(path, bytes.subarray(0, half));
  await follow.written(half);
  appendFileSync(path, bytes.subarray(half));
}

test.each([
  ['ring_00001_20261129233838.pcap', 'ring__.pcap'],
  ['ring_00002_20261129233901.pcap.gz', 'ring__.pcap'],
  ['x.pcap', 'x.pcap'],
  ['x.pcap12', 'x.pcap'],
])('%s is of the ring %s', (name, family) => {
  expect(familyOf(name)).toBe(family);
});

test('a ring of 10 files is followed through 40, of which the oldest are removed as soon as the next has begun', async () => {
  const folder = newFolder();
  const path = (i: number): string => join(folder, `ring_${String(i).padStart(5, '0')}_2026.pcap`);
  writeFileSync(path(0), '');
  const follow = following(path(0));
  for (const [i, part] of parts.entries()) {
    await write(path(i), part, follow);
    rmSync(path(i - 10), { force: true });
    await follow.written(part.length - Math.floor(part.length / 2));
  }
  const entry = await follow.end();
  expect(facts(entry)).toMatchObject({ packets: 1000, truncated: false });
  expect(rows(entry).map(({ packets }) => packets)).toEqual(parts.map(() => 25));
  expect(follow.said).toEqual([]);
});

test('a file that is used again is a new one, whose packets are counted once', async () => {
  const folder = newFolder();
  const path = (i: number): string => join(folder, `x.pcap${i % 3}`);
  writeFileSync(path(0), parts[0]);
  const follow = following(path(0));
  await follow.written(parts[0].length);
  for (const [i, part] of parts.entries()) {
    if (i === 0) continue;
    // As fopen(3) does with "w": the same inode.
    writeFileSync(path(i), part);
    await follow.written(part.length);
  }
  expect(facts(await follow.end()).packets).toBe(1000);
});

test('files that are packed once they are whole count once, and so do those that were renamed', async () => {
  for (const rotate of [
    (name: string, part: Uint8Array) => {
      writeFileSync(`${name}.gz`, gzipSync(part));
      rmSync(name);
    },
    (name: string) => renameSync(name, `${name}0${name.length}`),
  ]) {
    const folder = newFolder();
    const path = (i: number): string => join(folder, `y-${i}.pcap`);
    writeFileSync(path(0), parts[0]);
    const follow = following(folder);
    await follow.written(parts[0].length);
    for (let i = 1; i < 8; i++) {
      writeFileSync(path(i), parts[i]);
      rotate(path(i - 1), parts[i - 1]);
      await follow.written(parts[i].length);
    }
    expect(facts(await follow.end()).packets).toBe(200);
  }
});

test('packed files that were there before are read, and of a named file on only what is after it', async () => {
  const folder = newFolder();
  const path = (i: number): string => join(folder, `z${i}.pcap`);
  for (const i of [0, 1]) writeFileSync(`${path(i)}.gz`, gzipSync(parts[i]));
  for (const i of [2, 3]) writeFileSync(path(i), parts[i]);
  const all = await following(folder).end();
  expect(rows(all).map(({ packets }) => packets)).toEqual([25, 25, 25, 25]);
  expect(facts(await following(path(2)).end()).packets).toBe(50);
});

test('the result so far has the file that is being written, and a record that is not whole at the end is no cut', async () => {
  const folder = newFolder();
  const name = join(folder, 'one.pcap');
  writeFileSync(name, parts[0]);
  const follow = following(name, 1);
  const next = smallCapture(manyPackets(25)).subarray(24);
  await follow.written(parts[0].length);
  appendFileSync(name, next.subarray(0, next.length - 3));
  await follow.written(next.length - 3);
  while (facts(follow.soFar.at(-1)!)?.packets !== 49) await sleep(10);
  const last = follow.soFar.at(-1)!;
  expect(rows(last)).toMatchObject([{ packets: 49, truncated: false }]);
  const entry = await follow.end();
  expect(entry).toEqual(last);
  expect(rows(entry)).toMatchObject([{ packets: 49, grew: true, truncated: false }]);
});

test('a file that was written anew before it was read is named as lost', async () => {
  const folder = newFolder();
  const [one, two] = [join(folder, 'a1.pcap'), join(folder, 'a2.pcap')];
  writeFileSync(one, parts[0]);
  const follow = following(one);
  await follow.written(parts[0].length);
  truncateSync(one, 0);
  writeFileSync(one, parts[1]);
  writeFileSync(two, parts[2]);
  await follow.written(parts[1].length + parts[2].length);
  expect(facts(await follow.end()).packets).toBe(75);
});

test('what cannot be followed is refused in words', async () => {
  const folder = newFolder();
  await expect(following(folder).end()).rejects.toMatchObject({ code: 'USAGE' });
  await expect(following(join(folder, 'none.pcap')).end()).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  writeFileSync(join(folder, 'a1.pcap'), parts[0]);
  writeFileSync(join(folder, 'b1.pcap'), parts[0]);
  await expect(following(folder).end()).rejects.toMatchObject({ message: expect.stringContaining('of 2 rings') });
});
