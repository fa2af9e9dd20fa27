import { manyPackets, smallCapture } from './small-capture.js';

/**
 * A capture of several pieces of an index: one in the middle has one packet of 10.0.0.77, and no other piece has it.
 */
export function dayOf(): Buffer {
  const header = 24;
  const bulk = Buffer.from(smallCapture(manyPackets(2000).map((packet) => ({ ...packet, from: 1 }))));
  const rare = Buffer.from(smallCapture([{ from: 77, to: 2, ports: [1024, 80] }]));
  const times = (count: number): Buffer[] => new Array<Buffer>(count).fill(bulk.subarray(header));
  const each = Math.ceil((4 * 1024 * 1024) / (bulk.length - header));
  return Buffer.concat([bulk, ...times(each * 2), rare.subarray(header), ...times(each * 2)]);
}
