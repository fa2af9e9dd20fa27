import { Filter } from '../../../../src/filter/compile.js';
import { FilterError } from '../../../../src/filter/filter-error.js';
import { filteredLinkTypes } from '../../../../src/filter/link-types.js';
import { needsMax, needsOf } from '../../../../src/filter/needs.js';
import { ChunkScanner } from '../../../../src/pcap/chunk-scanner.js';
import { wholeFilePlan } from '../../../../src/pcap/chunk-plans.js';
import type { PieceIndex } from '../../../../src/pcap/pieces/piece-index.js';
import { matcherFor } from '../../../../src/pcap/pieces/select-pieces.js';
import { classicCapture } from '../../../support/capture-builder.js';
import { push, scanModule, scanOptions } from '../../../support/engine.js';
import { packetsFor, type TestPacket } from '../../../support/filter-packets.js';
import { FilterRunner } from '../../../support/filter-runner.js';
import { propertySeed, runsFactor } from '../../../support/property.js';
import { randomFilter, randomFrom, type Random } from '../../../support/random-filter.js';

/** Expressions for each link type; TRIREME_PROPERTY_RUNS multiplies them. */
const runs = Math.max(60, 120 * runsFactor);

const packetsEach = 200;

function sampleOf(random: Random, packets: readonly TestPacket[]): TestPacket[] {
  const whole = packets.filter(({ bytes, wireLength }) => bytes.length === wireLength);
  return [...whole, ...Array.from({ length: packetsEach }, () => packets[random(packets.length)])];
}

/** The index of a capture in which each packet is a piece, behind one of the header and before an empty one. */
function indexOf(packets: readonly TestPacket[], linkType: number): PieceIndex {
  const scanner = new ChunkScanner(scanModule, wholeFilePlan, scanOptions);
  scanner.keepIndex(true, 1);
  const records = packets.map(({ bytes, wireLength }) => ({ bytes, originalLength: wireLength }));
  push(scanner, classicCapture(records, { linkType }), 0);
  scanner.end();
  expect(scanner.index.pieces.map((piece) => piece.packets)).toEqual([0, ...packets.map(() => 1), 0]);
  return scanner.index;
}

function mayMatch(index: PieceIndex, filter: string): boolean {
  return matcherFor(index, { filter })?.(1) ?? true;
}

/** Mostly what an index can be asked for: of wholly random ones few ask for anything. */
function expression(random: Random): string {
  const value = (): string =>
    [
      ...['host 10.0.0.1', 'src host 192.168.1.1', 'host 192.168.1.2', 'dst host 224.0.0.1', 'arp host 192.168.1.1'],
      ...['port 80', 'tcp port 443', 'src port 53', 'port 40000', 'portrange 20-30', 'udp port 5353', 'port 2905'],
      ...['host ::1', 'host fe80::1', 'src host 2001:db8::1', 'vlan', 'vlan 100', 'mpls', 'pppoes', 'ip', 'tcp'],
    ][random(21)];
  const choice = random(6);
  if (choice === 0) return randomFilter(random);
  if (choice === 1) return `not (${value()}) and ${value()}`;
  const words = Array.from({ length: 1 + random(4) }, value);
  return words.reduce((left, right) => `(${left}) ${random(3) === 0 ? 'or' : 'and'} ${right}`);
}

describe.each(filteredLinkTypes.map(({ number }) => number))('link type %d', (link) => {
  test('a packet that a filter matches is never one that the index rules out', () => {
    const random = randomFrom(propertySeed + link);
    const runner = new FilterRunner();
    const packets = sampleOf(random, packetsFor(link));
    const index = indexOf(packets, link);
    let matched = 0;
    let ruledOut = 0;
    for (let run = 0; run < runs; run++) {
      const filter = expression(random);
      let match: ReturnType<FilterRunner['compile']>;
      try {
        match = runner.compile(filter, link);
      } catch (error) {
        if (error instanceof FilterError) continue;
        throw error;
      }
      const test = matcherFor(index, { filter });
      if (test === null) continue;
      for (const [i, packet] of packets.entries()) {
        const may = test(i + 1);
        if (!may) ruledOut++;
        if (!match(packet.bytes, packet.wireLength)) continue;
        matched++;
        if (!may) throw new Error(`'${filter}' matches ${Buffer.from(packet.bytes).toString('hex')}`);
      }
    }
    expect(matched).toBeGreaterThan(2);
    expect(ruledOut).toBeGreaterThan(50);
  });
});

describe('what a filter needs', () => {
  const needs = (filter: string): string => JSON.stringify(needsOf(new Filter(filter)));

  test('is asked for behind the tags that the packet must have, and not behind others', () => {
    const port = needs('port 80');
    expect(port).toBe('{"needs":"port","port":80}');
    const all = `{"needs":"all","of":[${port}]}`;
    expect(needs('vlan and port 80')).toBe(all);
    expect(needs('vlan 5 and (ip and vlan and port 80)')).toBe(all);
    for (const filter of ['vlan or port 80', 'not vlan and port 80', 'mpls and port 80', 'not port 80', 'tcp[0] = 1'])
      expect([filter, needs(filter)]).toEqual([filter, '{"needs":"maybe"}']);
  });

  test('of two addresses and two ports is one connection in either pairing', () => {
    const index = indexOf([packetsFor(1).find(({ bytes, wireLength }) => bytes.length === wireLength)!], 1);
    expect(needs('host 1.1.1.1 and host 2.2.2.2 and port 1 and port 2').match(/"connection"/g)).toHaveLength(2);
    expect(needs('host 1.1.1.1 and host 2.2.2.2 and port 1')).not.toContain('connection');
    const both = '(src host 192.168.1.1 and dst host 10.0.0.1) and';
    expect(mayMatch(index, `${both} src port 80 and dst port 40000`)).toBe(true);
    expect(mayMatch(index, `${both} src port 40000 and dst port 80`)).toBe(true);
    expect(mayMatch(index, `${both} src port 81 and dst port 80`)).toBe(false);
  });

  test('is nothing where more values are asked for than are looked for', () => {
    const hosts = (count: number): string =>
      Array.from({ length: count }, (_, i) => `host 10.0.${i >> 8}.${i & 255}`).join(' or ');
    expect(needs(hosts(needsMax))).toContain('address');
    expect(needs(hosts(needsMax + 1))).toBe('{"needs":"maybe"}');
  });
});
