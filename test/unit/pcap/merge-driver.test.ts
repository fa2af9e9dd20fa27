import { MergeDriver, type MergePorts } from '../../../src/pcap/merge-driver.js';
import { Merger } from '../../../src/pcap/merger.js';
import { planChunks } from '../../../src/pcap/chunk-plans.js';
import type { ChunkPlan } from '../../../src/pcap/types.js';
import { adversarial } from '../../support/capture-builder.js';
import { expectSameBytes } from '../../support/compare.js';
import { headerOf, push, reportOptions, scanChunk, scanModule, scanOptions, scanWhole } from '../../support/engine.js';

/** A merge whose ports note what is asked of them. */
function drive(file: Uint8Array, plans: readonly ChunkPlan[]) {
  const rescans: ChunkPlan[] = [];
  const dropped: ChunkPlan[] = [];
  const walks: number[] = [];
  const ports: MergePorts = {
    rescan: (plan) => void rescans.push(plan),
    drop: (unwanted) => void dropped.push(...unwanted),
    pour: (walk, start) => {
      walks.push(start);
      push(walk, file, start);
      return Promise.resolve();
    },
  };
  const merger = new Merger(scanModule, plans, scanOptions);
  const driver = new MergeDriver(scanModule, merger, plans, ports);
  const take = (...taken: ChunkPlan[]) => driver.take(taken.map((plan) => scanChunk(file, plan)));
  const isWhole = (): void => expectSameBytes(merger.finish(reportOptions), scanWhole(file));
  return { take, rescans, dropped, walks, merger, isWhole };
}

test('chunks of which each is right are dropped once they have come, and nothing else is asked for', async () => {
  const file = adversarial.plain(400);
  const plans = planChunks(headerOf(file), { chunkCount: 4 });
  const { take, rescans, dropped, walks, isWhole } = drive(file, plans);
  expect(await take(plans[2])).toBe('waiting');
  expect(dropped).toEqual([plans[2]]);
  expect(await take(plans[1], plans[0])).toBe('waiting');
  expect(dropped).toEqual([plans[2], plans[0], plans[1]]);
  expect(await take(plans[3])).toBe('complete');
  expect({ rescans, walks }).toEqual({ rescans: [], walks: [] });
  isWhole();
});

test('a chunk that began wrong is asked for from where the one before it ended; what has come is dropped', async () => {
  const file = adversarial.restlessPcapng(4, 30);
  const plans = planChunks(headerOf(file), { chunkCount: 2 });
  const { take, rescans, dropped, isWhole, merger } = drive(file, plans);
  expect(await take(...plans)).toBe('waiting');
  expect(rescans).toEqual([expect.objectContaining({ start: merger.provenBytes, end: null, startCertain: true })]);
  expect(dropped).toEqual(plans);
  expect(await take(rescans[0])).toBe('complete');
  expect(dropped).toContain(rescans[0]);
  isWhole();
});

test('behind two chunks that began wrong, one walk asks for all others at once', async () => {
  const file = adversarial.capturesInside(20, 200);
  const plans = planChunks(headerOf(file), { chunkCount: 16 });
  const { take, rescans, walks, isWhole } = drive(file, plans);
  const asked: number[] = [];
  let step = await take(...plans);
  for (let done = 0; step !== 'complete';) {
    const now = rescans.slice(done);
    asked.push(now.length);
    done = rescans.length;
    step = await take(...now);
  }
  expect(walks).toHaveLength(1);
  expect(Math.max(...asked)).toBeGreaterThan(2);
  isWhole();
});

test('what lies behind damage is dropped, though it was never scanned', async () => {
  const file = adversarial.damageInTheMiddle(400);
  const plans = planChunks(headerOf(file), { chunkCount: 16 });
  const { take, rescans, dropped, isWhole } = drive(file, plans);
  const waiting = [...plans];
  let again = 0;
  let step = await take(waiting.shift()!);
  while (step !== 'complete') step = await take(again < rescans.length ? rescans[again++] : waiting.shift()!);
  expect(waiting).toContain(plans[15]);
  expect(dropped).toContain(plans[15]);
  isWhole();
});
