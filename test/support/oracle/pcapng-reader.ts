import { Fields } from './fields.js';
import { readInterface, timeToNs, type OracleInterface } from './pcapng-interface.js';
import type { OraclePacket, OracleReading } from './result.js';

const blockTypes = { section: 0x0a0d0d0a, interface: 1, packet: 2, simplePacket: 3, enhancedPacket: 6 } as const;
const blockBytesMin = 12;

class Damage extends Error {}

/** The body of a block (between its two lengths) and the byte order that its section set. */
interface Block {
  offset: number;
  type: number;
  body: Uint8Array;
  order: 'little' | 'big';
}

/** Byte order that a section header's magic word sets; null when it is neither. */
function sectionOrder(file: Uint8Array, offset: number): 'little' | 'big' | null {
  const magic = Buffer.from(file.subarray(offset + 8, offset + 12)).toString('hex');
  return magic === '4d3c2b1a' ? 'little' : magic === '1a2b3c4d' ? 'big' : null;
}

/** Versions 1.0 and 1.2, as libpcap takes them. */
function isVersion(bytes: Uint8Array, order: 'little' | 'big'): boolean {
  const fields = new Fields(bytes, order);
  return fields.u16(0) === 1 && [0, 2].includes(fields.u16(2));
}

/** Reads a pcapng capture; null when the bytes are none. */
export function readPcapng(file: Uint8Array): OracleReading | null {
  if (Buffer.from(file.subarray(0, 4)).toString('hex') !== '0a0d0d0a') return null;
  if (file.length < 12 || sectionOrder(file, 0) === null) return null;
  if (file.length >= 16 && !isVersion(file.subarray(12), sectionOrder(file, 0)!)) return null;
  const reading = new PcapngReading(sectionOrder(file, 0)!);
  reading.readAll(file);
  return reading.reading;
}

class PcapngReading {
  readonly reading: OracleReading = {
    format: 'pcapng',
    byteOrder: 'little',
    packets: [],
    interfaces: 0,
    sections: 0,
    truncated: false,
    damaged: false,
    boundaries: [0],
  };
  private readonly ordersSeen = new Set<'little' | 'big'>();
  private interfaces: OracleInterface[] = [];

  /** `order` is that of the first section, known even if the rest of its header is not sound. */
  constructor(private order: 'little' | 'big') {}

  readAll(file: Uint8Array): void {
    try {
      let offset = 0;
      while (offset < file.length) {
        const end = this.readBlock(file, offset);
        if (end === null) {
          this.reading.truncated = true;
          break;
        }
        this.reading.boundaries.push(end);
        offset = end;
      }
    } catch (caught) {
      if (!(caught instanceof Damage)) throw caught;
      this.reading.damaged = true;
    }
    this.reading.byteOrder = this.ordersSeen.size === 2 ? 'mixed' : this.order;
  }

  /** Returns where the block ends, or null when the file ends inside it. */
  private readBlock(file: Uint8Array, offset: number): number | null {
    if (offset + blockBytesMin > file.length) return null;
    const isSection = Buffer.from(file.subarray(offset, offset + 4)).toString('hex') === '0a0d0d0a';
    let order = this.order;
    if (isSection) {
      const declared = sectionOrder(file, offset);
      if (declared === null) throw new Damage('unknown byte order');
      order = declared;
    }
    const fields = new Fields(file, order);
    const length = fields.u32(offset + 4);
    if (length % 4 !== 0 || length < blockBytesMin) throw new Damage('impossible block length');
    const end = offset + length;
    if (end > file.length) return null;
    if (fields.u32(end - 4) !== length) throw new Damage('the two lengths differ');
    const type = isSection ? blockTypes.section : fields.u32(offset);
    this.accept({ offset, type, body: file.subarray(offset + 8, end - 4), order });
    return end;
  }

  private accept(block: Block): void {
    switch (block.type) {
      case blockTypes.section:
        if (block.body.length < 16) throw new Damage('section header too short');
        if (!isVersion(block.body.subarray(4), block.order)) throw new Damage('unknown version');
        this.order = block.order;
        this.ordersSeen.add(block.order);
        this.interfaces = [];
        this.reading.sections++;
        return;
      case blockTypes.interface:
        if (block.body.length < 8) throw new Damage('interface block too short');
        this.interfaces.push(readInterface(block.body, block.order));
        this.reading.interfaces++;
        return;
      case blockTypes.enhancedPacket:
        this.acceptTimed(block, 32);
        return;
      case blockTypes.packet:
        this.acceptTimed(block, 16);
        return;
      case blockTypes.simplePacket:
        this.acceptSimple(block);
        return;
      default: // every other block is skipped
    }
  }

  /**
   * Enhanced and old packet blocks differ only in the width of the interface number (the old one's drops follow it).
   */
  private acceptTimed(block: Block, interfaceBits: 16 | 32): void {
    if (block.body.length < 20) throw new Damage('packet block too short');
    const fields = new Fields(block.body, block.order);
    const number = interfaceBits === 32 ? fields.u32(0) : fields.u16(0);
    const units = (BigInt(fields.u32(4)) << 32n) | BigInt(fields.u32(8));
    const timeNs = timeToNs(units, this.interfaceOf(number));
    this.keep(block, this.interfaceOf(number), timeNs, fields.u32(12), fields.u32(16), 20);
  }

  private acceptSimple(block: Block): void {
    if (block.body.length < 4) throw new Damage('simple packet block too short');
    const originalLength = new Fields(block.body, block.order).u32(0);
    const { snapLength } = this.interfaceOf(0);
    const captured = snapLength === 0 ? originalLength : Math.min(originalLength, snapLength);
    this.keep(block, this.interfaceOf(0), null, captured, originalLength, 4);
  }

  private interfaceOf(number: number): OracleInterface {
    const found = this.interfaces[number];
    if (found === undefined) throw new Damage('interface not described');
    return found;
  }

  private keep(
    block: Block,
    { linkType }: OracleInterface,
    timeNs: bigint | null,
    captured: number,
    originalLength: number,
    at: number,
  ): void {
    if (at + captured > block.body.length) throw new Damage('packet longer than its block');
    const packet: OraclePacket = {
      offset: block.offset,
      linkType,
      order: block.order,
      timeNs,
      originalLength,
      bytes: block.body.subarray(at, at + captured),
    };
    this.reading.packets.push(packet);
  }
}
