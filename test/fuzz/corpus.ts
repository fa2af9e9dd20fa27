import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { adversarial, arbitrary, arbitraryPcapng } from '../support/capture-builder.js';
import { sharedCapturePaths } from '../support/shared-captures.js';

/** A seed of the corpus is cut here: short inputs run often, and the parsers' states are all reached early. */
export const captureBytesMax = 4096;

const builtSeed = 1;

/** Captures to start from: the project's own, built ones of every form, and real ones where the collection is there. */
export function captureSeeds(): Uint8Array[] {
  const sample = join(projectRoot, 'captures', 'sample.pcap');
  const files = [...(existsSync(sample) ? [sample] : []), ...sharedCapturePaths()];
  const built = [
    ...fc.sample(arbitrary.classic(12), { numRuns: 40, seed: builtSeed }),
    ...fc.sample(arbitraryPcapng(12), { numRuns: 40, seed: builtSeed }),
  ].map(({ bytes }) => bytes);
  const hard = [
    adversarial.plain(8),
    adversarial.capturesInside(2, 4),
    adversarial.blocksInside(2, 4),
    adversarial.restlessPcapng(3, 2),
    adversarial.damageInTheMiddle(4),
    ...adversarial.tiny(),
  ];
  return [...hard, ...built, ...files.map((file) => readFileSync(file))].map((bytes) =>
    Uint8Array.from(bytes.subarray(0, captureBytesMax)),
  );
}
