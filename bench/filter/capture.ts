import { closeSync, openSync, writeSync } from 'node:fs';

/** Packets of the block that is repeated: some thousand connections, as many in each piece of an index. */
const blockPackets = 20_000;
/** Bytes between two packets of the rare connection. */
const rareEvery = 256 * 1024 * 1024;

export const rareHosts = ['203.0.113.7', '203.0.113.8'] as const;
export const rarePorts = [40_000, 4433] as const;
const ethernetBytes = 14;
const tagBytes = 4;
const recordBytes = 16;

/** Numbers that repeat (mulberry32). */
function randomFrom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

interface Packet {
  readonly source: number;
  readonly target: number;
  readonly ports: readonly [number, number];
  readonly udp: boolean;
  readonly syn: boolean;
  readonly tagged: boolean;
}

const addressOf = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

/** A record of so many bytes on the wire, captured whole. */
function record(packet: Packet, wireBytes: number, micros: number): Buffer {
  const tag = packet.tagged ? tagBytes : 0;
  const bytes = Buffer.alloc(recordBytes + wireBytes);
  bytes.writeUInt32LE(1_700_000_000 + Math.floor(micros / 1e6), 0);
  bytes.writeUInt32LE(micros % 1e6, 4);
  bytes.writeUInt32LE(wireBytes, 8);
  bytes.writeUInt32LE(wireBytes, 12);
  const frame = bytes.subarray(recordBytes);
  frame.writeUInt16BE(packet.tagged ? 0x8100 : 0x0800, 12);
  if (packet.tagged) frame.writeUInt32BE((100 << 16) | 0x0800, 14);
  const ip = frame.subarray(ethernetBytes + tag);
  ip[0] = 0x45;
  ip.writeUInt16BE(ip.length, 2);
  ip[8] = 64;
  ip[9] = packet.udp ? 17 : 6;
  ip.writeUInt32BE(packet.source, 12);
  ip.writeUInt32BE(packet.target, 16);
  ip.writeUInt16BE(packet.ports[0], 20);
  ip.writeUInt16BE(packet.ports[1], 22);
  if (packet.udp) ip.writeUInt16BE(ip.length - 20, 24);
  else {
    ip[32] = 0x50;
    ip[33] = packet.syn ? 0x02 : 0x10;
  }
  return bytes;
}

/** Packets of 4,096 clients with 64 servers: half to ports 80 and 443, a tenth tagged, one in 50 a SYN. */
function block(wireBytes: number): Buffer {
  const random = randomFrom(7);
  const records = Array.from({ length: blockPackets }, (_, i) => {
    const udp = random(5) === 0;
    const port = udp ? 53 : [443, 443, 80, 8080][random(4)];
    const [client, server] = [0x0a000000 + random(4096), 0xc0a80000 + random(64)];
    const away = random(2) === 0;
    const ports = [1024 + random(20_000), port] as const;
    return record(
      {
        source: away ? client : server,
        target: away ? server : client,
        ports: away ? ports : [ports[1], ports[0]],
        udp,
        syn: random(50) === 0,
        tagged: random(10) === 0,
      },
      wireBytes,
      i * 10,
    );
  });
  return Buffer.concat(records);
}

/** Writes a capture of packets of one size, with a packet of the rare connection now and then. */
export function writeFilterCapture(path: string, sizeBytes: number, wireBytes: number): void {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20);
  const [source, target] = rareHosts.map(addressOf);
  const rare = record({ source, target, ports: rarePorts, udp: false, syn: false, tagged: false }, wireBytes, 0);
  const many = block(wireBytes);
  const fd = openSync(path, 'w');
  try {
    writeSync(fd, header);
    let nextRare = rareEvery / 2;
    for (let written = header.length; written < sizeBytes; written += many.length) {
      writeSync(fd, many);
      if (written < nextRare) continue;
      nextRare += rareEvery;
      writeSync(fd, rare);
    }
  } finally {
    closeSync(fd);
  }
}
