import { join, net, text, zeros } from './bytes.js';
import { classicCapture, classicHeader, classicRecord, type ClassicRecord } from './classic-capture.js';
import { frame, linkTypes } from './frames.js';
import { address4, ipv4, protocols, tcp } from './packets.js';
import { PcapngBuilder } from './pcapng-capture.js';
import { damaged } from './wrappers.js';

/** A TCP segment between two of a few hosts, in an Ethernet frame. */
export function segment(index: number, payload: Uint8Array): Uint8Array {
  const packet = ipv4({
    source: address4(1 + (index % 3)),
    target: address4(100),
    protocol: protocols.tcp,
    payload: tcp({ source: 40_000 + (index % 5), target: 80 }, payload),
  });
  return frame(linkTypes.ethernet, 4, packet);
}

const records = (count: number, payload: (index: number) => Uint8Array): ClassicRecord[] =>
  Array.from({ length: count }, (_, i) => ({ bytes: segment(i, payload(i)) }));

/** Small packets of several sizes: nothing hard, for comparison. */
export function plain(count: number): Uint8Array {
  return classicCapture(records(count, (i) => text('x'.repeat((i * 37) % 400))));
}

/** Packets whose payloads are whole captures. */
export function capturesInside(count: number, innerPackets: number): Uint8Array {
  const inner = plain(innerPackets);
  return classicCapture(records(count, () => inner));
}

/** A capture sent over TCP: its bytes run on from packet to packet. */
export function captureInSegments(innerPackets: number, segmentBytes: number): Uint8Array {
  const inner = plain(innerPackets);
  const count = Math.ceil(inner.length / segmentBytes);
  return classicCapture(records(count, (i) => inner.subarray(i * segmentBytes, (i + 1) * segmentBytes)));
}

/** Payloads of zeros, which read as records of length zero to a reader who is not strict. */
export function zeroPayloads(count: number, payloadBytes: number): Uint8Array {
  return classicCapture(records(count, () => zeros(payloadBytes)));
}

/** Few packets near the largest size; payloads are captures where asked, so that false starts abound inside. */
export function hugePackets(count: number, bytes: number, holdCaptures: boolean): Uint8Array {
  const inner = plain(Math.ceil(bytes / 200));
  const payload = holdCaptures ? inner.subarray(0, bytes) : text('y'.repeat(bytes));
  return classicCapture(records(count, (i) => (i % 4 === 3 ? text('small') : payload)));
}

/**
 * A chain of false records that never ends: each false record's data runs over the true record's header and the
 * frame's headers into the next payload, where the next false record begins.
 */
export function chainAcrossPackets(count: number, payloadBytes: number): Uint8Array {
  const falseHeaderBytes = 16;
  const between = 16 + 14 + 20 + 20; // the true record's header, Ethernet, IPv4, TCP
  const little = (value: number): Uint8Array => net.u32(value).reverse();
  const falseLength = little(payloadBytes + between - falseHeaderBytes);
  const falseHeader = (i: number): Uint8Array =>
    join(little(1_700_000_000 + i), little(i % 1000), falseLength, falseLength);
  const lead = 20;
  return classicCapture(
    records(count, (i) => join(zeros(lead), falseHeader(i), text('z'.repeat(payloadBytes - lead - falseHeaderBytes)))),
  );
}

/** A capture whose record in the middle claims two gigabytes. */
export function damageInTheMiddle(count: number): Uint8Array {
  const before = classicCapture(records(count, (i) => text('d'.repeat(i % 300))));
  const after = plain(count).subarray(24);
  const broken = damaged(classicRecord({ bytes: segment(0, zeros(80)) }), 8, Uint8Array.of(255, 255, 255, 127));
  return join(before, broken, after);
}

/** Garbage that looks like nothing between two sound halves. */
export function garbageInTheMiddle(count: number, garbage: Uint8Array): Uint8Array {
  return join(plain(count), garbage, plain(count).subarray(24));
}

/** Whole pcapng blocks, aligned as real ones, inside the packets of a pcapng. */
export function blocksInside(count: number, innerPackets: number): Uint8Array {
  const inner = plainPcapng(innerPackets);
  const outer = new PcapngBuilder().section().interface();
  for (let i = 0; i < count; i++) outer.enhanced({ bytes: join(zeros(2), segment(i, inner)), time: BigInt(i) });
  return outer.bytes();
}

export function plainPcapng(count: number): Uint8Array {
  const built = new PcapngBuilder().section().interface();
  for (let i = 0; i < count; i++) {
    built.enhanced({ bytes: segment(i, text('x'.repeat((i * 37) % 400))), time: BigInt(i) * 1000n });
  }
  return built.bytes();
}

/** State changes all along: interfaces described late with other units, sections in both orders. */
export function restlessPcapng(sections: number, packetsPerInterface: number): Uint8Array {
  const built = new PcapngBuilder();
  for (let s = 0; s < sections; s++) {
    built.section(s % 2 === 0 ? 'little' : 'big');
    for (let number = 0; number < 3; number++) {
      built.interface({ timeResolution: [6, 9, 0x8a][(s + number) % 3], timeOffset: BigInt(number * 1000) });
      if (number === 1) built.nameResolution();
      for (let i = 0; i < packetsPerInterface; i++) {
        built.enhanced({
          bytes: segment(i, text('r'.repeat(i % 90))),
          interfaceNumber: i % (number + 1),
          time: BigInt(i),
        });
      }
    }
    built.simple(segment(s, text('simple'))).custom(text('custom'));
  }
  return built.bytes();
}

/** An empty capture of each byte order, and of one record of no bytes. */
export function tiny(): Uint8Array[] {
  return [
    classicHeader(),
    classicHeader({ order: 'big' }),
    classicCapture([{ bytes: zeros(0) }]),
    new PcapngBuilder().section().bytes(),
  ];
}
