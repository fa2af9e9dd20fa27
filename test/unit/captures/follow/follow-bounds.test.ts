import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import timers from 'node:timers/promises';
import { followOpenMax, followPollMs, followRing } from '../../../../src/captures/follow/follow-ring.js';
import { followHeadBytes } from '../../../../src/captures/follow/ring-watch.js';
import { scanOptionsDefault } from '../../../../src/pcap/scan-options.js';
import { PcapngBuilder } from '../../../support/capture-builder.js';
import { scratchFolder } from '../../../support/scratch.js';
import { fivePackets, smallCapture } from '../../../support/small-capture.js';

const scratch = scratchFolder();
let folders = 0;
function newFolder(): string {
  const folder = join(scratch.path, `ring-${++folders}`);
  mkdirSync(folder);
  return folder;
}

const settings = { scan: scanOptionsDefault, top: 10, sort: 'bytes' as const, threadsMax: 1, threadBytesMin: 1 };

/** Follows a ring; `until` waits until so many bytes were read in all, and end() ends it. */
function following(name: string) {
  const ended = new AbortController();
  const said: string[] = [];
  let read = 0;
  const entry = followRing(
    name,
    { ...settings, onProgress: (bytes) => (read = bytes) },
    {
      ended: ended.signal,
      interrupted: () => true,
      everyMs: null,
      onSoFar: () => undefined,
      say: (message) => said.push(message),
    },
  );
  return {
    said,
    until: async (bytes: number): Promise<void> => {
      while (read < bytes) await new Promise((resolve) => setImmediate(resolve));
    },
    end: () => {
      ended.abort();
      return entry;
    },
  };
}

test('a ring is looked at every followPollMs', async () => {
  const name = join(newFolder(), 'one.pcap');
  writeFileSync(name, smallCapture(fivePackets));
  const waits = jest
    .spyOn(timers, 'setTimeout')
    .mockImplementation(<T>() => new Promise<T>((resolve) => setImmediate(() => resolve(undefined as T))));
  try {
    const follow = following(name);
    while (waits.mock.calls.length < 5) await new Promise((resolve) => setImmediate(resolve));
    await follow.end();
    expect(new Set(waits.mock.calls.map(([ms]) => ms))).toEqual(new Set([followPollMs]));
    expect(followPollMs).toBe(100);
  } finally {
    waits.mockRestore();
  }
});

test('of more than followOpenMax files that wait the oldest are named as lost', async () => {
  const folder = newFolder();
  for (let i = 0; i < followOpenMax + 2; i++) {
    const bytes = Buffer.from(smallCapture(fivePackets.slice(0, 1)));
    bytes.writeUInt32LE(1_000_000 + i, 24);
    writeFileSync(join(folder, `ring${i}.pcap`), bytes);
  }
  const entry = await following(folder).end();
  const [lost, counted] = [true, false].map((isLost) =>
    (entry.files ?? []).filter(({ error }) => (error !== null) === isLost),
  );
  expect([followOpenMax, counted.length, lost]).toEqual([
    256,
    256,
    [0, 1].map((i) => ({
      file: join(folder, `ring${i}.pcap`),
      error: 'changed',
      error_detail: expect.stringContaining('waited behind 256 others (followOpenMax)'),
    })),
  ]);
});

/** A capture whose first bytes are a long comment; its packet's time stands just before followHeadBytes. */
function commented(time: bigint, packets: number): Uint8Array {
  const builder = new PcapngBuilder().section('little', [{ code: 1, value: new Uint8Array(followHeadBytes - 200) }]);
  builder.interface();
  for (let i = 0; i < packets; i++) builder.enhanced({ bytes: new Uint8Array(60), time: time + BigInt(i) });
  return builder.bytes();
}

test('the next use of a file is told by its first followHeadBytes, the time of the first packet among them', async () => {
  const folder = newFolder();
  const path = (i: number): string => join(folder, `ring${i}.pcapng`);
  const uses = [commented(1_000_000n, 1), commented(2_000_000n, 1), commented(3_000_000n, 2)];
  expect(Buffer.compare(uses[0].subarray(0, followHeadBytes - 200), uses[2].subarray(0, followHeadBytes - 200))).toBe(
    0,
  );
  writeFileSync(path(0), uses[0]);
  const follow = following(path(0));
  let bytes = 0;
  for (const [i, use] of uses.entries()) {
    writeFileSync(path(i % 2), use);
    await follow.until((bytes += use.length));
  }
  expect(await follow.end()).toMatchObject({ packets: 4 });
  expect(follow.said).toEqual([]);
});
