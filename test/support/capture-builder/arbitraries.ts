import fc from 'fast-check';

import { join, zeros, type ByteOrder } from './bytes.js';
import { classicCapture, type ClassicForm, type ClassicRecord } from './classic-capture.js';
import { etherFrame, frame, linkTypes, type FrameForm } from './frames.js';
import { address4, address6, ipv4, ipv6, tcp, udp, type Extension } from './packets.js';

/** Random captures of every form. Hosts and ports come from small pools, so that conversations recur. */

const host = fc.integer({ min: 1, max: 5 });
const port = fc.constantFrom(53, 80, 443, 40_000, 65_535);
const protocol = fc.constantFrom(6, 17, 6, 17, 1, 58, 132, 0);
const payload = fc.uint8Array({ maxLength: 60 });
export const order: fc.Arbitrary<ByteOrder> = fc.constantFrom('little', 'big');

const transport = fc.tuple(protocol, port, port, payload).map(([number, source, target, data]) => ({
  number,
  bytes: number === 6 ? tcp({ source, target }, data) : number === 17 ? udp({ source, target }, data) : data,
}));

/**
 * A place in a file, as a share of its length. Unbiased: fast-check prefers small numbers, and so the file's header.
 */
export const share = fc.noBias(fc.nat({ max: 1_000_000 })).map((millionths) => millionths / 1_000_001);

const often = <T>(usual: T, rare: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: rare });

const packet4 = fc
  .record({
    source: host,
    target: host,
    transport,
    optionWords: often(0, fc.integer({ min: 1, max: 10 })),
    fragmentOffset: often(0, fc.integer({ min: 1, max: 0x1fff })),
    moreFragments: often(false, fc.constant(true)),
    headerWords: often<number | undefined>(undefined, fc.integer({ min: 0, max: 15 })),
    version: often<number | undefined>(undefined, fc.integer({ min: 0, max: 15 })),
  })
  .map(({ source, target, transport: { number, bytes }, optionWords, ...rest }) => ({
    version: 4 as const,
    bytes: ipv4({
      source: address4(source),
      target: address4(target),
      protocol: number,
      payload: bytes,
      options: zeros(4 * optionWords),
      ...rest,
    }),
  }));

const extension: fc.Arbitrary<Extension> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('hop-by-hop' as const, 'routing' as const, 'destination' as const),
    words: fc.integer({ min: 0, max: 4 }),
  }),
  fc.record({ kind: fc.constant('fragment' as const), fragmentOffset: often(0, fc.integer({ min: 1, max: 0x1fff })) }),
);

const packet6 = fc
  .record({
    source: host,
    target: host,
    transport,
    extensions: fc.array(extension, { maxLength: 4 }),
    version: often<number | undefined>(undefined, fc.integer({ min: 0, max: 15 })),
  })
  .map(({ source, target, transport: { number, bytes }, ...rest }) => ({
    version: 6 as const,
    bytes: ipv6({ source: address6(source), target: address6(target), protocol: number, payload: bytes, ...rest }),
  }));

const tags = fc.array(fc.constantFrom(0x8100, 0x88a8, 0x9100), { maxLength: 6 });

const form: fc.Arbitrary<FrameForm> = fc.record({
  tags: often<number[]>([], tags),
  familyOrder: order,
  familyOf6: fc.constantFrom(24 as const, 28 as const, 30 as const),
  pppAddress: fc.constantFrom([0xff, 0x03] as const, null, [0x00, 0x03] as const, [0x01, 0x03] as const),
  pppCompressed: fc.boolean(),
});

const understood = Object.values(linkTypes);
export const linkType = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...understood) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 300 }) },
);

/** A frame of a link type: mostly IP, sometimes some other EtherType or plain noise, sometimes cut short. */
export function frameOf(type: number): fc.Arbitrary<Uint8Array> {
  const packet = type === linkTypes.ipv4 ? packet4 : type === linkTypes.ipv6 ? packet6 : fc.oneof(packet4, packet6);
  const ip = fc.tuple(packet, form).map(([p, f]) => frame(type, p.version, p.bytes, f));
  const otherType = fc
    .tuple(fc.constantFrom(0x0806, 0x8847, 0x8864, 0x88cc, 46, 0x86dd), payload, tags)
    .map(([etherType, data, t]) => etherFrame(etherType, data, t));
  const noise = fc.uint8Array({ maxLength: 80 });
  const wrongVersion = fc.tuple(fc.oneof(packet4, packet6), form).map(([p, f]) => frame(type, 4, p.bytes, f));
  const whole = fc.oneof(
    { weight: 16, arbitrary: ip },
    { weight: 1, arbitrary: otherType },
    { weight: 1, arbitrary: noise },
    { weight: 1, arbitrary: wrongVersion },
  );
  return fc
    .tuple(whole, often<number | null>(null, fc.noBias(fc.integer({ min: 0, max: 100 }))))
    .map(([bytes, kept]) => (kept === null ? bytes : bytes.subarray(0, kept)));
}

export const seconds = fc.oneof(
  fc.integer({ min: 1_600_000_000, max: 1_600_000_100 }),
  fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
);
const fraction = fc.oneof(fc.integer({ min: 0, max: 999_999 }), fc.constantFrom(999_999_999, 0xffff_ffff));
export const originalLength = often<number | undefined>(
  undefined,
  fc.oneof(fc.constantFrom(0, 0xffff_ffff, 0x8000_0000), fc.integer({ min: 0, max: 2000 })),
);

const classicForm: fc.Arbitrary<ClassicForm> = fc.record({
  order,
  nanoseconds: fc.boolean(),
  version: often<[number, number]>([2, 4], fc.constantFrom<[number, number]>([2, 3], [2, 2], [2, 1], [2, 0])),
  linkType,
  upperBits: often(0, fc.constantFrom(0x2400, 0xf400, 0x0001)),
  snapLength: often(0, fc.integer({ min: 1, max: 100 })),
});

/** A capture as bytes that print themselves shortly when a property fails. */
export class BuiltCapture {
  constructor(readonly bytes: Uint8Array) {}
  [fc.toStringMethod](): string {
    return `capture of ${this.bytes.length} bytes, base64 ${Buffer.from(this.bytes).toString('base64')}`;
  }
}

export function classic(recordsMax = 40): fc.Arbitrary<BuiltCapture> {
  return classicForm.chain((chosen) => {
    const record: fc.Arbitrary<ClassicRecord> = fc.record({
      bytes: frameOf(chosen.linkType ?? 1),
      seconds,
      fraction,
      originalLength,
    });
    return fc
      .array(record, { maxLength: recordsMax, size: 'max' })
      .map((records) => new BuiltCapture(classicCapture(records, chosen)));
  });
}

/** What happens to files: bytes overwritten, cut off, cut out, put in. */
export function mutated(capture: fc.Arbitrary<BuiltCapture>): fc.Arbitrary<BuiltCapture> {
  const change = fc.record({
    what: fc.constantFrom(
      'overwrite' as const,
      'overwrite' as const,
      'cut' as const,
      'remove' as const,
      'insert' as const,
    ),
    where: share,
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
      fc.constantFrom(Uint8Array.of(255, 255, 255, 255), zeros(4), Uint8Array.of(0xff, 0xff, 3, 0)),
    ),
  });
  return fc.tuple(capture, fc.array(change, { minLength: 1, maxLength: 4 })).map(([{ bytes }, changes]) => {
    let changed = bytes;
    for (const { what, where, bytes: by } of changes) {
      const at = Math.floor(where * changed.length);
      const before = changed.subarray(0, at);
      if (what === 'cut') changed = before;
      if (what === 'remove') changed = join(before, changed.subarray(at + by.length));
      if (what === 'insert') changed = join(before, by, changed.subarray(at));
      if (what === 'overwrite')
        changed = join(before, by, changed.subarray(at + by.length)).subarray(0, changed.length);
    }
    return new BuiltCapture(changed.slice());
  });
}
