import fc from 'fast-check';
import { readFileSync } from 'node:fs';

import { adversarial, arbitrary, arbitraryPcapng, classicCapture, zeros } from '../../support/capture-builder.js';
import { expectOracle, expectSameBytes } from '../../support/compare.js';
import { scanOptions, scanWhole } from '../../support/engine.js';
import { holds } from '../../support/property.js';
import { sharedCaptures } from '../../support/shared-captures.js';

const classic = arbitrary.classic();
const pcapng = arbitraryPcapng();
const pieces = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 5 });

describe('the engine counts what the plain oracle counts', () => {
  test('in random classic captures', () => {
    holds(classic, ({ bytes }) => expectOracle(scanWhole(bytes), bytes), 600);
  });

  test('in random pcapng captures', () => {
    holds(pcapng, ({ bytes }) => expectOracle(scanWhole(bytes), bytes), 600);
  });

  test('in damaged classic captures', () => {
    holds(arbitrary.mutated(classic), ({ bytes }) => expectOracle(scanWhole(bytes), bytes), 600);
  });

  test('in damaged pcapng captures', () => {
    holds(arbitrary.mutated(pcapng), ({ bytes }) => expectOracle(scanWhole(bytes), bytes), 600);
  });

  test('in built adversarial captures', () => {
    for (const bytes of [
      ...adversarial.tiny(),
      adversarial.plain(300),
      adversarial.capturesInside(20, 30),
      adversarial.zeroPayloads(50, 1400),
      adversarial.hugePackets(6, 250_000, true),
      adversarial.chainAcrossPackets(200, 500),
      adversarial.damageInTheMiddle(50),
      adversarial.garbageInTheMiddle(50, new Uint8Array(100).fill(0xaa)),
      adversarial.blocksInside(20, 30),
      adversarial.restlessPcapng(4, 20),
    ])
      expectOracle(scanWhole(bytes), bytes);
  });
});

test('the largest record that is no damage has 262,144 captured bytes, and more for D-Bus', () => {
  for (const linkType of [1, 101, 231]) {
    for (const length of [262_144, 262_145, 300_000]) {
      const bytes = classicCapture([{ bytes: zeros(40) }, { bytes: zeros(length) }, { bytes: zeros(40) }], {
        linkType,
      });
      expectOracle(scanWhole(bytes), bytes);
    }
  }
});

test('the sizes of the pieces in which a capture arrives change nothing', () => {
  const capture = fc.oneof(classic, pcapng, arbitrary.mutated(classic), arbitrary.mutated(pcapng));
  holds(
    fc.tuple(capture, pieces),
    ([{ bytes }, sizes]) => expectSameBytes(scanWhole(bytes, scanOptions, sizes), scanWhole(bytes)),
    300,
  );
});

describe('damaged copies of the optional captures', () => {
  const captures = sharedCaptures()
    .filter(({ name }) => !name.endsWith('.gz'))
    .map(({ path }) => readFileSync(path))
    .filter(({ length }) => length < 100_000);
  if (captures.length === 0) test.skip('which are absent', () => undefined);
  else
    test('count as the oracle says', () => {
      const sample = fc.constantFrom(...captures).map((bytes) => new arbitrary.BuiltCapture(bytes));
      holds(arbitrary.mutated(sample), ({ bytes }) => expectOracle(scanWhole(bytes), bytes), 1000);
    });
});
