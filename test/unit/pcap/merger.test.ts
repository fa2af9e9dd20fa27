import { Merger } from '../../../src/pcap/merger.js';
import { RecordWalk } from '../../../src/pcap/record-walk.js';
import type { ChunkPlan, ChunkResult } from '../../../src/pcap/types.js';
import { classicCapture } from '../../support/capture-builder.js';
import { expectSameBytes } from '../../support/compare.js';
import {
  headerOf,
  plansAt,
  push,
  reportOptions,
  scanChunk,
  scanModule,
  scanOptions,
  scanWhole,
} from '../../support/engine.js';
import { manyPackets, smallCapture } from '../../support/small-capture.js';

/** Records of one size, so that each boundary is known. */
const headBytes = 24;
const recordBytes = 100;
const records = 60;
const file = classicCapture(
  Array.from({ length: records }, (_, i) => ({ bytes: new Uint8Array(recordBytes - 16).fill(i) })),
);
const { state } = headerOf(file);
const at = (record: number): number => headBytes + record * recordBytes;

/** Chunks that begin where these records do. */
const chunks = (...first: number[]): ChunkPlan[] => plansAt(headerOf(file), first.map(at));

/** What a chunk gives that took its first record to be at another place. */
function beginning(from: number, plan: ChunkPlan, of = file): ChunkResult {
  return { ...scanChunk(of, { ...plan, start: from, startCertain: true, state: plan.state ?? state }), plan };
}

/** What a chunk gives in which nothing was found. */
function nothingIn(plan: ChunkPlan): ChunkResult {
  const { partial } = scanChunk(file, { ...plan, start: file.length, startCertain: true });
  const [cut, damage, notACapture] = [null, null, null];
  const endOfInput = plan.end === null;
  const ending = { end: plan.end ?? file.length, endState: plan.state, cut, damage, notACapture, endOfInput };
  return { plan, start: null, ...ending, bytes: 0, partial };
}

const merged = (plans: readonly ChunkPlan[]) => new Merger(scanModule, plans, scanOptions);
const isWhole = (merger: Merger, of = file): void => {
  expect(merger.next()).toBe('complete');
  expectSameBytes(merger.finish(reportOptions), scanWhole(of));
};

test('plans that do not run to the end of the file are refused', () => {
  expect(() => merged([])).toThrow('do not run to the end');
  expect(() => merged([{ ...chunks(30)[0] }])).toThrow('do not run to the end');
});

describe('a result', () => {
  test('counts once, and the first one for its plan', () => {
    const [a, b] = chunks(30);
    const merger = merged([a, b]);
    merger.offer(scanChunk(file, b));
    merger.offer(beginning(at(40), b));
    expect(merger.next()).toBe('waiting');
    merger.offer(scanChunk(file, a));
    merger.offer(scanChunk(file, a));
    isWhole(merger);
  });

  test('of a plan that has been passed changes nothing', () => {
    const [a, b, c] = chunks(20, 40);
    const merger = merged([a, b, c]);
    merger.offer(scanChunk(file, a));
    merger.offer(beginning(at(10), a));
    expect(merger.provenBytes).toBe(at(20));
    for (const plan of [b, c]) merger.offer(scanChunk(file, plan));
    isWhole(merger);
  });

  test.each<[string, (plan: ChunkPlan) => ChunkPlan]>([
    ['said to be certain where it was a guess', (plan) => ({ ...plan, startCertain: true })],
    ['of another end', (plan) => ({ ...plan, end: at(40) })],
    ['of another start', (plan) => ({ ...plan, start: at(25) })],
  ])('%s is of no plan, and its chunk is still wanted', (_what, other) => {
    const plans = chunks(20, 50);
    const merger = merged(plans);
    merger.offer(scanChunk(file, plans[0]));
    merger.offer({ ...scanChunk(file, plans[1]), plan: other(plans[1]) });
    expect([merger.next(), merger.provenBytes, merger.wanted(plans[1])]).toEqual(['waiting', at(20), true]);
  });

  test('that cannot be true is refused, and not looked at once all is merged', () => {
    const [a, b] = chunks(30);
    const merger = merged([a, b]);
    const wrong = { ...scanChunk(file, b), end: -1 };
    expect(() => merger.offer(wrong)).toThrow('not valid');
    for (const plan of [a, b]) merger.offer(scanChunk(file, plan));
    merger.offer(wrong);
    isWhole(merger);
  });
});

describe('a chunk that is asked for again', () => {
  test('is the gap before what was found, where that can be right', () => {
    const [a, b, c] = chunks(20, 40);
    const merger = merged([a, b, c]);
    for (const plan of [a, c]) merger.offer(scanChunk(file, plan));
    merger.offer(beginning(at(23), b));
    const gap = { start: at(20), end: at(23), startCertain: true, state };
    expect(merger.next()).toEqual({ rescan: gap });
    expect(merger.next()).toBe('waiting');
    expect([merger.wanted(gap), merger.wanted({ ...gap, end: at(24) }), merger.wanted(b)]).toEqual([
      true,
      false,
      false,
    ]);
    merger.offer(beginning(at(20), { ...gap, startCertain: false }));
    expect(merger.next()).toBe('waiting');
    merger.offer(scanChunk(file, gap));
    isWhole(merger);
  });

  test.each<[string, (plan: ChunkPlan) => ChunkResult]>([
    ['nothing was found in it', nothingIn],
    ['it was read as another kind of packets', (plan) => beginning(at(23), { ...plan, state: otherKind })],
    ['it began right, but as another kind of packets', (plan) => beginning(at(20), { ...plan, state: otherKind })],
  ])('is the whole of it where %s', (_what, wrong) => {
    const [a, b, c] = chunks(20, 40);
    const merger = merged([a, b, c]);
    for (const plan of [a, c]) merger.offer(scanChunk(file, plan));
    const result = wrong(b);
    merger.offer({ ...result, plan: { ...b, state: result.plan.state } });
    const again = { start: at(20), end: b.end, startCertain: true, state };
    expect(merger.next()).toEqual({ rescan: again });
    merger.offer(scanChunk(file, again));
    isWhole(merger);
  });

  test('is not offered by a merge whose first chunk has no state', () => {
    const [a, b] = chunks(30);
    const merger = merged([a, b]);
    merger.offer({ ...scanChunk(file, a), endState: null });
    expect(() => merger.offer(beginning(at(33), b))).toThrow('no state to go on with');
  });
});

const otherKind = { ...state!, interfaces: [{ ...state!.interfaces[0], linkType: 101 }] };

/** What the merger asks for, up to where it waits. */
function asked(merger: Merger): string[] {
  const steps: string[] = [];
  for (let step = merger.next(); step !== 'waiting'; step = merger.next()) {
    if (step === 'complete') return [...steps, step];
    steps.push(step === 'walk' ? step : `${step.rescan.start}-${step.rescan.end ?? ''}`);
  }
  return steps;
}

describe('a walk', () => {
  /** Chunks of ten records, of which some begin wrong; those before are merged. */
  function wrongAt(wrong: readonly number[], count: number): Merger {
    const plans = chunks(...Array.from({ length: count - 1 }, (_, i) => 10 * (i + 1)));
    const merger = merged(plans);
    plans.forEach((plan, i) => merger.offer(wrong.includes(i) ? nothingIn(plan) : scanChunk(file, plan)));
    for (let left = wrong.length; left > 1; left--) {
      const step = merger.next();
      if (typeof step === 'string') throw new Error(`it says ${step} before the last wrong one`);
      merger.offer(scanChunk(file, step.rescan));
    }
    return merger;
  }

  test('is not worth it for one wrong start', () => {
    expect(asked(wrongAt([1], 6))).toEqual([`${at(10)}-${at(20)}`]);
  });

  test('comes with the second, where two chunks are left, once', () => {
    const merger = wrongAt([1, 3], 6);
    expect(asked(merger)).toEqual([`${at(30)}-${at(40)}`, 'walk']);
    expect(merger.walkPlan()).toEqual({ start: at(30), state, cuts: [at(40), at(50)] });
    expect(merger.next()).toBe('waiting');
  });

  test('is not worth it where one chunk is left', () => {
    expect(asked(wrongAt([1, 4], 6))).toEqual([`${at(40)}-${at(50)}`]);
  });

  test('is needed once at most', () => {
    const merger = wrongAt([1, 2], 6);
    expect(asked(merger)).toEqual([`${at(20)}-${at(30)}`, 'walk']);
    const walk = new RecordWalk(scanModule, merger.walkPlan());
    push(walk, file, at(20));
    merger.walked(walk.end());
    expect(asked(merger)).toEqual([]);
    merger.offer(scanChunk(file, { start: at(20), end: at(30), startCertain: true, state }));
    isWhole(merger);
  });

  test('asks for every chunk behind that began wrong, and for no other', () => {
    const plans = chunks(10, 20, 30, 40, 50);
    const merger = merged(plans);
    const late = 4;
    plans.forEach((plan, i) => {
      if (i !== late) merger.offer([1, 2, 3].includes(i) ? nothingIn(plan) : scanChunk(file, plan));
    });
    const again = (from: number, to: number) => ({ start: at(from), end: at(to), startCertain: true, state });
    expect(asked(merger)).toEqual([`${at(10)}-${at(20)}`]);
    merger.offer(scanChunk(file, again(10, 20)));
    expect(asked(merger)).toEqual([`${at(20)}-${at(30)}`, 'walk']);
    const walk = new RecordWalk(scanModule, merger.walkPlan());
    push(walk, file, at(20));
    merger.walked(walk.end());
    expect(asked(merger)).toEqual([`${at(30)}-${at(40)}`]);
    merger.offer(scanChunk(file, again(30, 40)));
    expect([merger.wanted(again(30, 40)), merger.wanted(plans[late])]).toEqual([false, true]);
    merger.offer(scanChunk(file, again(20, 30)));
    merger.offer(scanChunk(file, plans[late]));
    isWhole(merger);
  });

  test('asks for nothing of a chunk that lies within one record', () => {
    const merger = wrongAt([1, 2], 6);
    asked(merger);
    const plan = merger.walkPlan();
    const boundary = { offset: at(40), state: state! };
    merger.walked({ plan, boundaries: plan.cuts.slice(0, 1).map(() => boundary) });
    expect(asked(merger)).toEqual([]);
  });

  test('has no plan before a first chunk', () => {
    expect(() => merged(chunks(30)).walkPlan()).toThrow('no walk is wanted');
  });
});

describe('gaps', () => {
  const huge = 2 ** 18;
  /** Eight chunks of six records of 256 KiB; the second and third begin this many bytes late, which is some records. */
  function gapsOf(lateRecords: number, more: number): string[] {
    const sizes = Array.from({ length: 48 }, (_, i) => (i % 6 === 0 ? huge + more : huge));
    const large = classicCapture(sizes.map((bytes) => ({ bytes: new Uint8Array(bytes - 16) })));
    const starts = sizes.map((_, i) => headBytes + sizes.slice(0, i).reduce((sum, bytes) => sum + bytes, 0));
    const plans = plansAt(
      headerOf(large),
      [6, 12, 18, 24, 30, 36, 42].map((i) => starts[i]),
    );
    const merger = merged(plans);
    merger.offer(scanChunk(large, plans[0]));
    merger.offer(beginning(starts[6 + lateRecords], plans[1], large));
    const step = merger.next();
    if (typeof step === 'string') throw new Error(`it says ${step}`);
    merger.offer(scanChunk(large, step.rescan));
    merger.offer(beginning(starts[12 + lateRecords], plans[2], large));
    return asked(merger).map((text) => text.replace(/[0-9]+-[0-9]+/, 'gap'));
  }

  test('of 1 MiB cost less than a walk', () => expect(gapsOf(4, 0)).toEqual(['gap']));
  test('of a byte more are wrong starts', () => expect(gapsOf(4, 1)).toEqual(['gap', 'walk']));
});

describe('a merge', () => {
  test('that is not through has no report, and one that is has nothing left to scan', () => {
    const [a, b] = chunks(30);
    const merger = merged([a, b]);
    merger.offer(scanChunk(file, a));
    expect(() => merger.finish(reportOptions)).toThrow('not all merged');
    expect(() => merger.finishPartial()).toThrow('not all merged');
    expect([merger.wanted(a), merger.wanted(b)]).toEqual([false, true]);
    merger.offer(scanChunk(file, b));
    expect(() => merger.scanOn()).toThrow('nothing is left');
    expect(merger.wanted(b)).toBe(false);
    const { partial, ...end } = merger.finishPartial();
    expect(end).toEqual({ end: file.length, endState: state, cut: null, damage: null, notACapture: null });
    const whole = merged([{ start: 0, end: null, startCertain: true, state: null }]);
    whole.offer({ ...scanChunk(file, { start: 0, end: null, startCertain: true, state: null }), partial });
    isWhole(whole);
  });

  test('before anything came has nothing to go on from', () => {
    expect(() => merged(chunks(30)).scanOn()).toThrow('nothing is left');
  });

  test('ends with damage, whatever came of what lies behind', () => {
    const damaged = smallCapture(manyPackets(40));
    const size = (damaged.length - headBytes) / 40;
    damaged.fill(0xff, headBytes + 10 * size, headBytes + 10 * size + 16);
    const plans = plansAt(
      headerOf(damaged),
      [20, 30].map((i) => headBytes + i * size),
    );
    const merger = merged(plans);
    merger.offer(scanChunk(damaged, plans[1]));
    expect(merger.wanted(plans[2])).toBe(true);
    merger.offer(scanChunk(damaged, plans[0]));
    expect(plans.map((plan) => merger.wanted(plan))).toEqual([false, false, false]);
    isWhole(merger, damaged);
  });
});
