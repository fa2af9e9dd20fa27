/** Frames built byte by byte, for senders and for the kernel's test runs. */
export interface FrameOptions {
  readonly from?: string;
  readonly to?: string;
  readonly fromPort?: number;
  readonly toPort: number;
  readonly payload?: Buffer;
  readonly fromMac?: string;
  readonly toMac?: string;
  /** Bytes of IPv4 options, a multiple of 4. */
  readonly optionBytes?: number;
  /** EtherTypes of VLAN tags, outermost first. */
  readonly tags?: readonly number[];
  /** The field with flags and fragment offset. */
  readonly fragment?: number;
  readonly protocol?: number;
  readonly etherType?: number;
  /** UDP length, when it shall not be the true one. */
  readonly udpLength?: number;
  /** Pads the frame with zeros to so many bytes. */
  readonly padTo?: number;
}

export function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

function addressBytes(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

/** The Internet checksum of bytes, from a start value. */
export function checksum(bytes: Buffer, start = 0): number {
  let sum = start;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i] << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export function udpFrame(options: FrameOptions): Buffer {
  const { from = '10.9.0.2', to = '10.9.0.1', fromPort = 4000, toPort, payload = Buffer.alloc(0) } = options;
  const { optionBytes = 0, tags = [], fragment = 0, protocol = 17, etherType = 0x0800, padTo = 0 } = options;
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(fromPort, 0);
  udp.writeUInt16BE(toPort, 2);
  udp.writeUInt16BE(options.udpLength ?? 8 + payload.length, 4);
  const ip = Buffer.alloc(20 + optionBytes);
  // Options of no operation (1).
  ip.fill(1, 20);
  ip[0] = 0x40 | (ip.length / 4);
  ip.writeUInt16BE(ip.length + 8 + payload.length, 2);
  ip.writeUInt16BE(fragment, 6);
  ip[8] = 64;
  ip[9] = protocol;
  addressBytes(from).copy(ip, 12);
  addressBytes(to).copy(ip, 16);
  ip.writeUInt16BE(checksum(ip), 10);
  const ethernet = Buffer.alloc(12 + 4 * tags.length + 2);
  macBytes(options.toMac ?? '02:00:00:00:00:01').copy(ethernet, 0);
  macBytes(options.fromMac ?? '02:00:00:00:00:02').copy(ethernet, 6);
  tags.forEach((tag, i) => {
    ethernet.writeUInt16BE(tag, 12 + 4 * i);
    ethernet.writeUInt16BE(5, 14 + 4 * i);
  });
  ethernet.writeUInt16BE(etherType, ethernet.length - 2);
  const frame = Buffer.concat([ethernet, ip, udp, payload]);
  return frame.length < padTo ? Buffer.concat([frame, Buffer.alloc(padTo - frame.length)]) : frame;
}

/** What a balanced message says, with its checksums judged. */
export interface Message {
  readonly toMac: string;
  readonly fromMac: string;
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly payload: Buffer;
  readonly checksumsRight: boolean;
}

export function readMessage(frame: Buffer): Message {
  const ip = frame.subarray(14, 34);
  const udpLength = frame.readUInt16BE(38);
  const udp = frame.subarray(34, 34 + udpLength);
  const pseudo = Buffer.concat([ip.subarray(12, 20), Buffer.of(0, 17), udp.subarray(4, 6)]);
  const text = (bytes: Buffer): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  return {
    toMac: text(frame.subarray(0, 6)),
    fromMac: text(frame.subarray(6, 12)),
    from: [...ip.subarray(12, 16)].join('.'),
    to: [...ip.subarray(16, 20)].join('.'),
    fromPort: udp.readUInt16BE(0),
    toPort: udp.readUInt16BE(2),
    payload: udp.subarray(8),
    checksumsRight:
      checksum(ip) === 0 &&
      udp.readUInt16BE(6) !== 0 &&
      checksum(Buffer.concat([pseudo, udp])) === 0 &&
      ip.readUInt16BE(2) === 20 + udpLength,
  };
}

export function u32(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, i) => bytes.writeUInt32LE(number >>> 0, 4 * i));
  return bytes;
}
