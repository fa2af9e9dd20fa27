import { TriremeError } from '../../common/errors.js';
import { ByteBuilder } from './byte-builder.js';
import { RecordReader, type Face, type PacketRecord, type RecordVisitor } from './record-reader.js';

/** How a capture is written. */
export interface CaptureForm {
  /** 'same': as it came. Others are little-endian. */
  readonly format: 'same' | 'pcap' | 'pcapng';
  /** Times in nanoseconds; else a classic capture has microseconds, as tcpdump writes it. */
  readonly nano: boolean;
  /** Captured bytes of a packet at most; null: all. */
  readonly sliceBytes: number | null;
}

/** Snapshot length that libpcap takes where a capture has no bound. */
const snapLengthMax = 262_144;
/** Raw IP: LINKTYPE 101, which some systems write as their DLT. */
const rawLink = 101;
const rawLinks = [12, 14];
/** Seconds of a classic record: 32 bits without a sign. */
const secondsMax = 0xffff_ffff;

/**
 * Writes a sound capture in another form: records of a classic or pcapng capture, cut to a length, without
 * anything but packets where its format changes. Push style; what is written goes to `onBytes` after each
 * piece and is valid until that returns.
 */
export class FormWriter implements RecordVisitor {
  private readonly out = new ByteBuilder();
  private readonly reader = new RecordReader(this);
  /** A pcapng capture is not made one anew: it keeps all its blocks. */
  private format: CaptureForm['format'];
  private headDone = false;
  private link = 0;
  private packets = 0n;
  /** pcapng: the numbers of the interfaces that are described, by link type, snapshot length and resolution. */
  private readonly described = new Map<string, number>();

  constructor(
    private readonly form: CaptureForm,
    private readonly onBytes: (bytes: Uint8Array) => Promise<void> | undefined,
  ) {
    this.format = form.format;
  }

  push(bytes: Uint8Array): Promise<void> | undefined {
    this.reader.push(bytes);
    return this.flush();
  }

  /** All has come. @throws TriremeError NOT_A_CAPTURE when there is nothing to say the link type by */
  end(): Promise<void> | undefined {
    this.reader.end();
    if (this.format !== 'same') this.head(this.reader.known[0]);
    return this.flush();
  }

  other(bytes: Uint8Array): void {
    if (this.format === 'pcapng' && !this.reader.isClassic && !this.headDone) this.format = 'same';
    if (this.format === 'same') this.out.add(bytes);
    else if (this.reader.isClassic) this.head(this.reader.known[0]);
  }

  packet(packet: PacketRecord): void {
    this.packets++;
    const { format } = this;
    const { sliceBytes } = this.form;
    if (format === 'pcap') this.classic(packet);
    else if (format === 'pcapng') this.enhanced(packet);
    else if (sliceBytes === null || packet.data.length <= sliceBytes) this.out.add(packet.record);
    else if (this.reader.isClassic) this.cutRecord(packet, sliceBytes);
    else this.cutBlock(packet, sliceBytes);
  }

  private flush(): Promise<void> | undefined {
    const bytes = this.out.take();
    return bytes.length === 0 ? undefined : this.onBytes(bytes);
  }

  private sliced(data: Uint8Array): Uint8Array {
    const { sliceBytes } = this.form;
    return sliceBytes === null || data.length <= sliceBytes ? data : data.subarray(0, sliceBytes);
  }

  /** The head of a capture whose format changes, written once. */
  private head(face: Face | undefined): void {
    if (this.headDone) return;
    if (face === undefined)
      throw new TriremeError(
        'NOT_A_CAPTURE',
        'the capture describes no interface, so that its link type is not known: leave out --pcap, --pcapng and --nano',
      );
    this.headDone = true;
    if (this.format === 'pcapng') {
      const at = this.out.reserve(28);
      const { view } = this.out;
      view.setUint32(at, 0x0a0d0d0a, true);
      view.setUint32(at + 4, 28, true);
      view.setUint32(at + 8, 0x1a2b3c4d, true);
      view.setUint16(at + 12, 1, true);
      view.setUint16(at + 14, 0, true);
      view.setBigInt64(at + 16, -1n, true);
      view.setUint32(at + 24, 28, true);
      this.describe(face);
      return;
    }
    this.link = linkOf(face);
    const { known } = this.reader;
    const at = this.out.reserve(24);
    const { view } = this.out;
    view.setUint32(at, this.form.nano ? 0xa1b23c4d : 0xa1b2c3d4, true);
    view.setUint16(at + 4, 2, true);
    view.setUint16(at + 6, 4, true);
    view.setUint32(at + 8, 0, true);
    view.setUint32(at + 12, 0, true);
    view.setUint32(at + 16, known.length > 1 ? snapLengthMax : snapLengthOf(face), true);
    view.setUint32(at + 20, this.link, true);
  }

  private classic(packet: PacketRecord): void {
    const { face, originalBytes, seconds, nanoseconds } = packet;
    this.head(face);
    if (linkOf(face) !== this.link)
      throw new TriremeError(
        'USAGE',
        `packet ${this.packets} has link type ${face.link}, those before it ${this.link}: a classic capture has one; ` +
          'write --pcapng, or extract those of one with --filter',
      );
    if (seconds < 0 || seconds > secondsMax)
      throw new TriremeError(
        'USAGE',
        `packet ${this.packets} is of second ${seconds} since 1970; a classic capture has 0 to ${secondsMax}: write --pcapng`,
      );
    const data = this.sliced(packet.data);
    const at = this.out.reserve(16 + data.length);
    const { view } = this.out;
    view.setUint32(at, seconds, true);
    view.setUint32(at + 4, this.form.nano ? nanoseconds : Math.floor(nanoseconds / 1000), true);
    view.setUint32(at + 8, data.length, true);
    view.setUint32(at + 12, originalBytes, true);
    this.out.bytes.set(data, at + 16);
  }

  private enhanced(packet: PacketRecord): void {
    const { face, originalBytes, seconds, nanoseconds } = packet;
    this.head(face);
    const number = this.describe(face);
    const perSecond = this.isNano(face) ? 1_000_000_000 : 1_000_000;
    const fraction = this.isNano(face) ? nanoseconds : Math.floor(nanoseconds / 1000);
    const units = BigInt.asUintN(64, BigInt(seconds) * BigInt(perSecond) + BigInt(fraction));
    const data = this.sliced(packet.data);
    const length = 32 + ((data.length + 3) & ~3);
    const at = this.out.reserve(length);
    const { view, bytes } = this.out;
    view.setUint32(at, 6, true);
    view.setUint32(at + 4, length, true);
    view.setUint32(at + 8, number, true);
    view.setUint32(at + 12, Number(units >> 32n), true);
    view.setUint32(at + 16, Number(units & 0xffff_ffffn), true);
    view.setUint32(at + 20, data.length, true);
    view.setUint32(at + 24, originalBytes, true);
    bytes.set(data, at + 28);
    bytes.fill(0, at + 28 + data.length, at + length - 4);
    view.setUint32(at + length - 4, length, true);
  }

  private isNano(face: Face): boolean {
    return this.form.nano || face.nano;
  }

  /** The number of an interface, which is described when it is new. */
  private describe(face: Face): number {
    const nano = this.isNano(face);
    const link = linkOf(face) & 0xffff;
    const key = `${link} ${face.snapLength} ${nano}`;
    const known = this.described.get(key);
    if (known !== undefined) return known;
    const number = this.described.size;
    this.described.set(key, number);
    // With times in nanoseconds: if_tsresol, padded, and the end of options.
    const length = nano ? 32 : 20;
    const at = this.out.reserve(length);
    const { view, bytes } = this.out;
    bytes.fill(0, at, at + length);
    view.setUint32(at, 1, true);
    view.setUint32(at + 4, length, true);
    view.setUint16(at + 8, link, true);
    view.setUint32(at + 12, face.snapLength, true);
    if (nano) {
      view.setUint16(at + 16, 9, true);
      view.setUint16(at + 18, 1, true);
      view.setUint8(at + 20, 9);
    }
    view.setUint32(at + length - 4, length, true);
    return number;
  }

  /** A classic record in its own order, with fewer bytes. */
  private cutRecord({ record, dataAt }: PacketRecord, sliceBytes: number): void {
    const at = this.out.add(record.subarray(0, dataAt + sliceBytes));
    this.out.view.setUint32(at + (this.reader.areLengthsSwapped ? 12 : 8), sliceBytes, this.reader.isLittle);
  }

  /** A packet block with fewer bytes and its options. */
  private cutBlock({ record, dataAt, data }: PacketRecord, sliceBytes: number): void {
    if (dataAt === 12)
      throw new TriremeError(
        'USAGE',
        `packet ${this.packets} is a simple packet block, which cannot say that it was cut: add --pcap or --pcapng`,
      );
    const little = this.reader.isLittle;
    const options = record.subarray(dataAt + ((data.length + 3) & ~3), record.length - 4);
    const padded = (sliceBytes + 3) & ~3;
    const length = dataAt + padded + options.length + 4;
    const at = this.out.reserve(length);
    const { view, bytes } = this.out;
    bytes.set(record.subarray(0, dataAt + sliceBytes), at);
    bytes.fill(0, at + dataAt + sliceBytes, at + dataAt + padded);
    bytes.set(options, at + dataAt + padded);
    view.setUint32(at + 4, length, little);
    view.setUint32(at + 20, sliceBytes, little);
    view.setUint32(at + length - 4, length, little);
  }
}

/** The link type as libpcap writes it, with the bits above it. */
function linkOf({ link }: Face): number {
  return rawLinks.includes(link & 0xffff) ? ((link & ~0xffff) | rawLink) >>> 0 : link;
}

function snapLengthOf({ snapLength }: Face): number {
  return snapLength === 0 || snapLength > 0x7fff_ffff ? snapLengthMax : snapLength;
}
