import { packetEnds } from '../../../src/pcap/records/packet-ends.js';
import { RecordReader } from '../../../src/pcap/records/record-reader.js';
import { splitKeys, type SplitBy } from '../../../src/pcap/records/split-key.js';
import {
  address4,
  classicCapture,
  frame,
  ipv4,
  linkTypes,
  protocols,
  tcp,
  udp,
} from '../../support/capture-builder.js';
import { sharedCapturePaths } from '../../support/shared-captures.js';
import { readFileSync, statSync } from 'node:fs';
import { scanWhole } from '../../support/engine.js';

function keysOf(bytes: Uint8Array, split: SplitBy): (readonly string[])[] {
  const keys: (readonly string[])[] = [];
  const reader = new RecordReader({ other: () => undefined, packet: (packet) => keys.push(splitKeys(split, packet)) });
  reader.push(bytes);
  reader.end();
  return keys;
}

const packet = (protocol: number, payload: Uint8Array) =>
  ipv4({ source: address4(7), target: address4(2), protocol, payload });
const frames = [
  frame(linkTypes.ethernet, 4, packet(protocols.tcp, tcp({ source: 80, target: 1024 })), { tags: [0x8100] }),
  frame(linkTypes.ethernet, 4, packet(protocols.udp, udp({ source: 53, target: 53 }))),
  frame(linkTypes.ethernet, 4, packet(1, new Uint8Array(8))),
  new Uint8Array(20),
];
const capture = classicCapture(frames.map((bytes, i) => ({ bytes, seconds: 1_700_000_000 + 400 * i })));

test('packets have the key of their conversation, their hosts, and their time', () => {
  expect(keysOf(capture, { by: 'conversation' })).toEqual([
    ['tcp-10.0.0.2.1024-10.0.0.7.80'],
    ['udp-10.0.0.2.53-10.0.0.7.53'],
    ['ip-10.0.0.2-10.0.0.7'],
    ['other'],
  ]);
  expect(keysOf(capture, { by: 'host' })[0]).toEqual(['10.0.0.7', '10.0.0.2']);
  expect(keysOf(capture, { by: 'time', seconds: 600 }).flat()).toEqual([
    ...['20231114T221000Z', '20231114T222000Z', '20231114T222000Z', '20231114T223000Z'],
  ]);
});

test('a packet that is cut anywhere has ends or none, and no error', () => {
  for (let length = 0; length <= frames[0].length; length++)
    expect(packetEnds(1, frames[0].subarray(0, length)) === null).toBe(length < 14 + 4 + 20);
});

/** Larger ones only repeat it. */
const bytesMax = 2_000_000;

test('captures of the collection have as many conversations by their keys as their report', () => {
  for (const path of sharedCapturePaths()) {
    if (statSync(path).size > bytesMax) continue;
    const bytes = readFileSync(path);
    const report = scanWhole(bytes);
    const known = ['0', '1', '12', '14', '101', '104', '108', '113', '228', '229', '276'];
    if (report.error !== null || report.truncated) continue;
    if (!Object.keys(report.link_types).every((type) => known.includes(type))) continue;
    const keys = new Set(keysOf(bytes, { by: 'conversation' }).flat());
    const conversations = [...keys].filter((key) => /^(tcp|udp)-/.test(key)).length;
    expect([path, conversations]).toEqual([path, Number(report.conversations)]);
  }
});
