import fc from 'fast-check';

import { BuiltCapture, frameOf, linkType, order, originalLength } from './arbitraries.js';
import { zeros } from './bytes.js';
import { PcapngBuilder, type PcapngOption } from './pcapng-capture.js';

/** What a writer of pcapng may do next. Interface numbers are shares of those described, so that they always exist. */
type Step =
  | { readonly do: 'section'; readonly order: 'little' | 'big' }
  | {
      readonly do: 'interface';
      readonly linkType: number;
      readonly snapLength: number;
      readonly resolution?: number;
      readonly offset?: bigint;
    }
  | {
      readonly do: 'enhanced' | 'old' | 'simple';
      readonly interface: number;
      readonly time: bigint;
      readonly choice: number;
      readonly originalLength?: number;
      readonly options: readonly PcapngOption[];
    }
  | { readonly do: 'names' | 'statistics' | 'custom' | 'unknown' };

const option: fc.Arbitrary<PcapngOption> = fc.record({
  code: fc.constantFrom(1, 2, 3, 5, 2988),
  value: fc.uint8Array({ maxLength: 9 }),
});

/** Exponents of the resolutions that real writers use, and coarser and finer ones. */
const resolution = fc.constantFrom(undefined, undefined, 0, 3, 6, 9, 12, 0x80, 0x8a, 0x94, 0x9e);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ do: fc.constant('section' as const), order }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('interface' as const),
      linkType,
      snapLength: fc.constantFrom(0, 0, 40, 96, 65_535),
      resolution,
      offset: fc.constantFrom(undefined, undefined, 0n, -100n, 3600n, 1_600_000_000n),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constantFrom('enhanced' as const, 'enhanced' as const, 'old' as const, 'simple' as const),
      interface: fc.noBias(fc.nat({ max: 1000 })),
      time: fc.bigInt({ min: 0n, max: 7_000_000_000n }),
      choice: fc.noBias(fc.nat({ max: 1000 })),
      originalLength,
      options: fc.array(option, { maxLength: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('names' as const, 'statistics' as const, 'custom' as const, 'unknown' as const),
    }),
  },
);

interface Described {
  readonly linkType: number;
  readonly snapLength: number;
}

/** Random sections, interfaces and blocks, in an order that is always sound. */
export function pcapng(stepsMax = 50): fc.Arbitrary<BuiltCapture> {
  return fc
    .record({
      first: order,
      steps: fc.array(step, { maxLength: stepsMax, size: 'max' }),
      pool: framePool,
    })
    .map(({ first, steps, pool }) => new BuiltCapture(write(first, steps, pool)));
}

/** A few frames of every link type, chosen from by the steps. */
type FramePool = (linkType: number, choice: number) => Uint8Array;
const framePool: fc.Arbitrary<FramePool> = fc
  .tuple(...[0, 1, 9, 12, 14, 50, 101, 108, 113, 166, 228, 229, 276, -1].map((type) => framesOf(type)))
  .map((lists) => (type, choice) => {
    const list = lists.find((candidate) => candidate.type === type) ?? lists[lists.length - 1];
    return list.frames[choice % list.frames.length];
  });

function framesOf(type: number): fc.Arbitrary<{ type: number; frames: Uint8Array[] }> {
  return fc.array(frameOf(type), { minLength: 1, maxLength: 5 }).map((frames) => ({ type, frames }));
}

function write(first: 'little' | 'big', steps: readonly Step[], pool: FramePool): Uint8Array {
  const built = new PcapngBuilder().section(first);
  let described: Described[] = [];
  for (const next of steps) {
    switch (next.do) {
      case 'section':
        built.section(next.order, [{ code: 3, value: zeros(5) }]);
        described = [];
        break;
      case 'interface':
        built.interface({
          linkType: next.linkType,
          snapLength: next.snapLength,
          timeResolution: next.resolution,
          timeOffset: next.offset,
        });
        described.push(next);
        break;
      case 'names':
        built.nameResolution();
        break;
      case 'statistics':
        built.statistics();
        break;
      case 'custom':
        built.custom(zeros(7));
        break;
      case 'unknown':
        built.block(0x0bad_cafe, zeros(3));
        break;
      default:
        packet(built, next, described, pool);
    }
  }
  return built.bytes();
}

function packet(
  built: PcapngBuilder,
  next: Extract<Step, { do: 'enhanced' | 'old' | 'simple' }>,
  described: readonly Described[],
  pool: FramePool,
): void {
  if (described.length === 0) return;
  const number = next.do === 'simple' ? 0 : next.interface % described.length;
  const { linkType: type, snapLength } = described[number];
  const bytes = pool(type, next.choice);
  const kept = snapLength === 0 ? bytes : bytes.subarray(0, snapLength);
  if (next.do === 'simple') built.simple(kept, bytes.length);
  else {
    const form = { bytes: kept, interfaceNumber: number, time: next.time, options: next.options };
    built[next.do]({ ...form, originalLength: next.originalLength ?? bytes.length });
  }
}
