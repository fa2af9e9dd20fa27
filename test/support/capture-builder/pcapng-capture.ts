import { join, text, u8, writer, zeros, type ByteOrder } from './bytes.js';

export interface PcapngOption {
  readonly code: number;
  readonly value: Uint8Array;
}

export interface InterfaceForm {
  readonly linkType?: number;
  readonly snapLength?: number;
  /** if_tsresol's byte; absent: microseconds. */
  readonly timeResolution?: number;
  /** if_tsoffset, seconds. */
  readonly timeOffset?: bigint;
}

export interface PacketForm {
  readonly bytes: Uint8Array;
  readonly interfaceNumber?: number;
  /** In the interface's units. */
  readonly time?: bigint;
  readonly originalLength?: number;
  /** Written in place of the true captured length. */
  readonly capturedLength?: number;
  readonly options?: readonly PcapngOption[];
}

/** How a block lies about its lengths: what is written in place of the true one, first and last. */
export interface BlockLies {
  readonly firstLength?: number;
  readonly lastLength?: number;
}

/** Writes a pcapng capture block by block; each call returns the builder. */
export class PcapngBuilder {
  private readonly parts: Uint8Array[] = [];
  private order: ByteOrder = 'little';

  /** Starts a section, in a byte order of its own. */
  section(order: ByteOrder = 'little', options: readonly PcapngOption[] = []): this {
    this.order = order;
    const { u16, u32, u64 } = writer(order);
    return this.block(0x0a0d0d0a, join(u32(0x1a2b3c4d), u16(1), u16(0), u64(-1n), this.optionList(options)));
  }

  interface(form: InterfaceForm = {}, more: readonly PcapngOption[] = []): this {
    const { u16, u32, u64 } = writer(this.order);
    const options = [...more];
    if (form.timeResolution !== undefined) options.push({ code: 9, value: u8(form.timeResolution) });
    if (form.timeOffset !== undefined) options.push({ code: 14, value: u64(form.timeOffset) });
    return this.block(1, join(u16(form.linkType ?? 1), u16(0), u32(form.snapLength ?? 0), this.optionList(options)));
  }

  enhanced(packet: PacketForm, lies: BlockLies = {}): this {
    const { u32 } = writer(this.order);
    return this.block(6, join(u32(packet.interfaceNumber ?? 0), this.timed(packet)), lies);
  }

  /** The obsolete packet block: a 16-bit interface number and a count of drops. */
  old(packet: PacketForm, lies: BlockLies = {}): this {
    const { u16 } = writer(this.order);
    return this.block(2, join(u16(packet.interfaceNumber ?? 0), u16(3), this.timed(packet)), lies);
  }

  /** A simple packet block has no time, no interface and no captured length: the caller cuts the bytes. */
  simple(bytes: Uint8Array, originalLength = bytes.length): this {
    return this.block(3, join(writer(this.order).u32(originalLength), padded(bytes)));
  }

  nameResolution(): this {
    const { u16 } = writer(this.order);
    const record = join(u16(1), u16(9), u8(10, 0, 0, 1), text('host\0'), zeros(3));
    return this.block(4, join(record, u16(0), u16(0)));
  }

  /** Counts by the codes of the format: 4 received, 5 dropped, 7 dropped by the system. */
  statistics(counts: Readonly<Record<number, bigint>> = {}, interfaceNumber = 0): this {
    const { u32, u64 } = writer(this.order);
    const options = Object.entries(counts).map(([code, count]) => ({ code: Number(code), value: u64(count) }));
    return this.block(5, join(u32(interfaceNumber), zeros(8), this.optionList(options)));
  }

  custom(payload: Uint8Array): this {
    return this.block(0x0bad, join(writer(this.order).u32(32_473), padded(payload)));
  }

  /** Any block: its type, its body (padded to 4 bytes here) and, where wished, false lengths. */
  block(type: number, body: Uint8Array, lies: BlockLies = {}): this {
    const { u32 } = writer(this.order);
    const content = padded(body);
    const length = content.length + 12;
    return this.raw(join(u32(type), u32(lies.firstLength ?? length), content, u32(lies.lastLength ?? length)));
  }

  raw(bytes: Uint8Array): this {
    this.parts.push(bytes);
    return this;
  }

  bytes(): Uint8Array {
    return join(...this.parts);
  }

  private timed(packet: PacketForm): Uint8Array {
    const { u32 } = writer(this.order);
    const time = packet.time ?? 0n;
    return join(
      u32(Number((time >> 32n) & 0xffff_ffffn)),
      u32(Number(time & 0xffff_ffffn)),
      u32(packet.capturedLength ?? packet.bytes.length),
      u32(packet.originalLength ?? packet.bytes.length),
      padded(packet.bytes),
      this.optionList(packet.options ?? []),
    );
  }

  private optionList(options: readonly PcapngOption[]): Uint8Array {
    if (options.length === 0) return zeros(0);
    const { u16 } = writer(this.order);
    const written = options.map(({ code, value }) => join(u16(code), u16(value.length), padded(value)));
    return join(...written, zeros(4));
  }
}

function padded(bytes: Uint8Array): Uint8Array {
  return join(bytes, zeros((4 - (bytes.length % 4)) % 4));
}
