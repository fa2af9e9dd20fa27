import { FilterError } from '../../../src/filter/filter-error.js';
import { filteredLinkTypes } from '../../../src/filter/link-types.js';
import { compileByTcpdump, runProgram, tcpdumpMissing } from '../../support/bpf-oracle.js';
import { packetsFor, type TestPacket } from '../../support/filter-packets.js';
import { FilterRunner } from '../../support/filter-runner.js';
import { propertySeed, runsFactor } from '../../support/property.js';
import { randomFilter, randomFrom, type Random } from '../../support/random-filter.js';
import { scratchFolder } from '../../support/scratch.js';

const missing = tcpdumpMissing();
const described = missing === null ? describe : describe.skip;
if (missing !== null) process.stderr.write(`skipped: random filters are not compared with tcpdump: ${missing}\n`);

/** Expressions, for each of which tcpdump is started; TRIREME_PROPERTY_RUNS multiplies them. */
const runs = 150 * runsFactor;
const packetsEach = 400;

/**
 * tcpdump alone runs out of registers; and it takes the first number of an operator's right side, also the
 * offset of a load, for the whole of it: ip[0] / tcp[0] is a division by zero there.
 */
const theirLimits = /out of registers|shift by more than 31 bits|division by zero|modulus by zero/;

/** A packet of the link type, or one with some bytes changed. */
function packetOf(random: Random, packets: readonly TestPacket[]): TestPacket {
  const { bytes, wireLength } = packets[random(packets.length)];
  const changed = Uint8Array.from(bytes);
  for (let i = random(4); i > 0 && changed.length > 0; i--) changed[random(changed.length)] = random(256);
  return { bytes: changed, wireLength: random(8) === 0 ? random(70_000) : wireLength };
}

described('random filters on random and cut packets', () => {
  const scratch = scratchFolder();
  const runner = new FilterRunner();
  const packets = new Map<number, TestPacket[]>();

  test('match what the program of libpcap matches, or are refused by both', () => {
    const random = randomFrom(propertySeed);
    let pairs = 0;
    for (let run = 0; run < runs; run++) {
      const expression = randomFilter(random);
      const types = filteredLinkTypes.filter(({ number }) => number !== 14);
      const { number: link } = random(3) === 0 ? types[random(types.length)] : types[1];
      const bigEndian = random(4) === 0;
      const theirs = compileByTcpdump(scratch.path, expression, link, bigEndian);
      const where = `'${expression}' of link type ${link}, TRIREME_PROPERTY_SEED=${propertySeed}`;
      let ours: ReturnType<FilterRunner['compile']>;
      try {
        ours = runner.compile(expression, link, bigEndian);
      } catch (error) {
        if (!(error instanceof FilterError)) throw error;
        if (typeof theirs !== 'string') throw new Error(`${where}: only we refuse: ${error.message}`, { cause: error });
        continue;
      }
      if (typeof theirs === 'string') {
        if (!theirLimits.test(theirs)) throw new Error(`${where}: only tcpdump refuses: ${theirs}`);
        continue;
      }
      if (!packets.has(link)) packets.set(link, packetsFor(link));
      for (let i = 0; i < packetsEach; i++, pairs++) {
        const { bytes, wireLength } = packetOf(random, packets.get(link)!);
        if (ours(bytes, wireLength) === runProgram(theirs, bytes, wireLength)) continue;
        throw new Error(`${where}: ${Buffer.from(bytes).toString('hex')}, ${wireLength} on the wire`);
      }
    }
    process.stderr.write(`random filters: ${pairs} pairs, TRIREME_PROPERTY_SEED=${propertySeed}\n`);
    expect(pairs).toBeGreaterThan((runs * packetsEach) / 4);
  });
});
