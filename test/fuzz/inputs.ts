import fc from 'fast-check';

/** Numbers at the edges of the widths that formats use, as bytes in both orders. */
const edges: readonly Uint8Array[] = [
  ...[0, 1, 0x7f, 0x80, 0xff],
  ...[0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc, 0xffff_ffff],
].flatMap((number) => {
  const little = Buffer.alloc(4);
  little.writeUInt32LE(number);
  const big = Buffer.alloc(4);
  big.writeUInt32BE(number);
  return number <= 0xff ? [Uint8Array.of(number), little, big] : [little, big];
});

/** Longest run that one change repeats its bytes to. */
const runBytesMax = 4096;

const shareParts = 1_000_000;

interface Change {
  readonly what: 'overwrite' | 'insert' | 'remove' | 'cut' | 'flip' | 'repeat' | 'splice';
  /** A place in the input, in millionths of its length. */
  readonly where: number;
  /** For remove, repeat and splice: how much, in millionths. */
  readonly share: number;
  readonly bytes: Uint8Array;
  /** For splice: which other seed. */
  readonly other: number;
}

function apply(input: Uint8Array, change: Change, seeds: readonly Uint8Array[]): Uint8Array {
  const { what, bytes } = change;
  const at = Math.floor((change.where * (input.length + 1)) / (shareParts + 1));
  const before = input.subarray(0, at);
  switch (what) {
    case 'cut':
      return before;
    case 'overwrite':
      return Buffer.concat([before, bytes, input.subarray(at + bytes.length)]).subarray(
        0,
        Math.max(input.length, bytes.length),
      );
    case 'insert':
      return Buffer.concat([before, bytes, input.subarray(at)]);
    case 'flip': {
      const flipped = Uint8Array.from(input);
      if (at < flipped.length) flipped[at] ^= 1 << (change.share & 7);
      return flipped;
    }
    case 'remove': {
      const length = Math.floor(((input.length - at) * change.share) / shareParts / 4);
      return Buffer.concat([before, input.subarray(at + Math.max(1, length))]);
    }
    case 'repeat': {
      const unit = bytes.length === 0 ? Uint8Array.of(0) : bytes;
      const times = 1 + Math.floor((change.share * runBytesMax) / shareParts / unit.length);
      const run = Buffer.alloc(unit.length * times, unit);
      return Buffer.concat([before, run, input.subarray(at)]);
    }
    case 'splice': {
      const other = seeds[change.other % seeds.length];
      const from = Math.floor((change.share * other.length) / shareParts);
      return Buffer.concat([before, other.subarray(from)]);
    }
  }
}

/** An input that prints itself shortly when a check fails. */
export class FuzzInput {
  constructor(readonly bytes: Uint8Array) {}
  [fc.toStringMethod](): string {
    return `${this.bytes.length} bytes, base64 ${Buffer.from(this.bytes.subarray(0, 2048)).toString('base64')}`;
  }
}

/**
 * Inputs for a parser: one in eight is noise, the others are sound inputs with one to six things done to them. Equal
 * shares everywhere (noBias), because fast-check's preference for small numbers would hit the first bytes most.
 *
 * @param words what means something to the parser, put in at any place
 * @param bytesMax longer inputs are cut
 */
export function inputsOf(
  seeds: readonly Uint8Array[],
  words: readonly Uint8Array[],
  bytesMax: number,
): fc.Arbitrary<FuzzInput> {
  const parts = fc.noBias(fc.nat({ max: shareParts }));
  const bytes = fc.oneof(fc.constantFrom(...edges, ...words), fc.uint8Array({ maxLength: 8 }));
  const change: fc.Arbitrary<Change> = fc.record(
    {
      what: fc.constantFrom(
        'overwrite',
        'overwrite',
        'overwrite',
        'insert',
        'remove',
        'cut',
        'flip',
        'repeat',
        'splice',
      ),
      where: parts,
      share: parts,
      bytes,
      other: fc.nat({ max: 0xffff }),
    },
    { noNullPrototype: true },
  );
  const mutated = fc
    .tuple(fc.noBias(fc.nat({ max: seeds.length - 1 })), fc.array(change, { minLength: 1, maxLength: 6 }))
    .map(([seed, changes]) => changes.reduce((input, each) => apply(input, each, seeds), seeds[seed]));
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.array(bytes, { maxLength: 24 }).map((pieces) => Buffer.concat(pieces)),
  );
  return fc
    .oneof({ weight: 7, arbitrary: mutated }, { weight: 1, arbitrary: noise })
    .map((input) => new FuzzInput(Uint8Array.from(input.subarray(0, bytesMax))));
}
