import { TriremeError } from '../../common/errors.js';

/** Where the packets of a record come from, as far as it matters for writing them. */
export interface Face {
  /**
   * As the capture says it: LINKTYPE in the lower 16 bits, in classic captures bits of the frame check sequence above.
   */
  readonly link: number;
  /** 0: without a bound. */
  readonly snapLength: number;
  /** Its times are finer than microseconds. */
  readonly nano: boolean;
}

/** One packet with its record. All views are valid during the call that hands them over. */
export interface PacketRecord {
  readonly record: Uint8Array;
  /** Captured bytes, which begin at this place of the record. */
  readonly data: Uint8Array;
  readonly dataAt: number;
  readonly originalBytes: number;
  /** Since 1970; 0 in a packet without a time. */
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly face: Face;
}

/** Hears of the records of a capture in order. */
export interface RecordVisitor {
  /**
   * The header of a classic capture, or a block of a pcapng one that is no packet. `section`: a new one begins with it.
   */
  other(bytes: Uint8Array, section: boolean): void;
  packet(packet: PacketRecord): void;
}

const classicHeadBytes = 24;
const blockHeadBytes = 12;
const sectionType = 0x0a0d0d0a;
const tsresolDefault = 6;
const billion = 1_000_000_000n;

interface ClassicState {
  readonly little: boolean;
  readonly face: Face;
  readonly headBytes: number;
  readonly lengthsSwapped: boolean;
}

interface BlockFace extends Face {
  /** Units of a second, and its offset in seconds. */
  readonly units: bigint;
  readonly offset: bigint;
}

/**
 * Takes the records of a sound capture apart, as the extractor gives it: push style, in pieces of any size.
 */
export class RecordReader {
  private rest: Uint8Array = new Uint8Array(0);
  private classic: ClassicState | null = null;
  private little = true;
  private readonly faces: BlockFace[] = [];

  constructor(private readonly visitor: RecordVisitor) {}

  /** The interfaces that are known: of a classic capture one. */
  get known(): readonly Face[] {
    return this.classic === null ? this.faces : [this.classic.face];
  }

  /** Whether the capture is in little-endian order: a pcapng one, its current section. */
  get isLittle(): boolean {
    return this.classic?.little ?? this.little;
  }

  get isClassic(): boolean {
    return this.classic !== null;
  }

  /** Of a classic capture: the two lengths of a record stand the other way round. */
  get areLengthsSwapped(): boolean {
    return this.classic?.lengthsSwapped ?? false;
  }

  push(bytes: Uint8Array): void {
    const all = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    const view = new DataView(all.buffer, all.byteOffset, all.length);
    let at = 0;
    for (
      let length = this.lengthAt(view, at);
      length > 0 && at + length <= all.length;
      length = this.lengthAt(view, at)
    ) {
      this.record(all.subarray(at, at + length), view, at);
      at += length;
    }
    this.rest = Uint8Array.from(all.subarray(at));
  }

  /** @throws TriremeError INTERNAL when the capture ended within a record */
  end(): void {
    if (this.rest.length > 0)
      throw new TriremeError('INTERNAL', `${this.rest.length} bytes of a record that is not whole were taken out`);
  }

  /** Bytes of what begins at a place; 0: too little of it is there. */
  private lengthAt(view: DataView, at: number): number {
    const here = view.byteLength - at;
    if (this.classic !== null) {
      const { headBytes, little, lengthsSwapped } = this.classic;
      return here < headBytes ? 0 : headBytes + view.getUint32(at + (lengthsSwapped ? 12 : 8), little);
    }
    if (here < blockHeadBytes) return 0;
    const type = view.getUint32(at);
    if (type === sectionType) this.little = view.getUint32(at + 8) !== 0x1a2b3c4d;
    else if (classicOf(view, at) !== null) return classicHeadBytes;
    return view.getUint32(at + 4, this.little);
  }

  private record(bytes: Uint8Array, view: DataView, at: number): void {
    if (this.classic !== null) return this.classicRecord(this.classic, bytes, view, at);
    const type = view.getUint32(at, this.little);
    if (type === sectionType) {
      this.faces.length = 0;
      return this.visitor.other(bytes, true);
    }
    this.classic = this.faces.length === 0 ? classicOf(view, at) : null;
    if (this.classic !== null) return this.visitor.other(bytes, true);
    if (type === 6 || type === 2) return this.packetBlock(bytes, view, at, type === 2);
    if (type === 3) return this.simpleBlock(bytes, view, at);
    if (type === 1) this.faces.push(faceOf(bytes, view, at, this.little));
    this.visitor.other(bytes, false);
  }

  private classicRecord(state: ClassicState, record: Uint8Array, view: DataView, at: number): void {
    const { little, face, headBytes, lengthsSwapped } = state;
    const fraction = view.getUint32(at + 4, little);
    this.visitor.packet({
      ...{ record, face, dataAt: headBytes, data: record.subarray(headBytes) },
      originalBytes: view.getUint32(at + (lengthsSwapped ? 8 : 12), little),
      seconds: view.getUint32(at, little),
      nanoseconds: face.nano ? fraction : fraction * 1000,
    });
  }

  private packetBlock(record: Uint8Array, view: DataView, at: number, old: boolean): void {
    const { little } = this;
    const face = this.faces[old ? view.getUint16(at + 8, little) : view.getUint32(at + 8, little)];
    const units = (BigInt(view.getUint32(at + 12, little)) << 32n) | BigInt(view.getUint32(at + 16, little));
    const whole = units / face.units;
    const captured = view.getUint32(at + 20, little);
    this.visitor.packet({
      ...{ record, face, dataAt: 28, data: record.subarray(28, 28 + captured) },
      originalBytes: view.getUint32(at + 24, little),
      seconds: Number(whole + face.offset),
      nanoseconds: Number(((units - whole * face.units) * billion) / face.units),
    });
  }

  private simpleBlock(record: Uint8Array, view: DataView, at: number): void {
    const [face] = this.faces;
    const originalBytes = view.getUint32(at + 8, this.little);
    const captured = face.snapLength === 0 ? originalBytes : Math.min(face.snapLength, originalBytes);
    const data = record.subarray(12, 12 + captured);
    this.visitor.packet({ record, face, dataAt: 12, data, originalBytes, seconds: 0, nanoseconds: 0 });
  }
}

/** What the magic of a classic capture says; null: it is none. */
function classicOf(view: DataView, at: number): ClassicState | null {
  for (const little of [true, false]) {
    const magic = view.getUint32(at, little);
    if (magic !== 0xa1b2c3d4 && magic !== 0xa1b23c4d && magic !== 0xa1b2cd34) continue;
    if (view.byteLength - at < classicHeadBytes) return null;
    const [major, minor] = [view.getUint16(at + 4, little), view.getUint16(at + 6, little)];
    return {
      little,
      lengthsSwapped: major === 543 || minor < 3,
      headBytes: magic === 0xa1b2cd34 ? 24 : 16,
      face: {
        link: view.getUint32(at + 20, little),
        snapLength: view.getUint32(at + 16, little),
        nano: magic === 0xa1b23c4d,
      },
    };
  }
  return null;
}

/** An interface description block. */
function faceOf(bytes: Uint8Array, view: DataView, at: number, little: boolean): BlockFace {
  let resolution = tsresolDefault;
  let offset = 0n;
  const end = at + Math.min(bytes.length - 4, 1 << 20);
  for (let option = at + 16; option + 4 <= end;) {
    const code = view.getUint16(option, little);
    const size = view.getUint16(option + 2, little);
    if (code === 0 || option + 4 + size > end) break;
    if (code === 9 && size >= 1) resolution = view.getUint8(option + 4);
    if (code === 14 && size >= 8) offset = view.getBigInt64(option + 4, little);
    option += 4 + ((size + 3) & ~3);
  }
  const exponent = BigInt(resolution & 0x7f);
  return {
    link: view.getUint16(at + 8, little),
    snapLength: view.getUint32(at + 12, little),
    units: (resolution & 0x80) !== 0 ? 1n << exponent : 10n ** exponent,
    nano: (resolution & 0x80) !== 0 ? exponent > 19n : exponent > 6n,
    offset,
  };
}
