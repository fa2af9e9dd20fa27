import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { kind as getTime } from '../../../src/kinds/get-time.kind.js';
import { kind as mineBitcoin } from '../../../src/kinds/mine-bitcoin.kind.js';
import { answerBytes, loadMiner } from '../../../src/kinds/miner.js';
import { PlainBatch } from '../../support/kind-batch.js';
import { sized } from '../../support/property.js';

/** The definition, word by word. */
function mined(second: number): string {
  let digest = createHash('sha256').update(String(second)).digest();
  for (let round = 1; round < 256; round++) digest = createHash('sha256').update(digest).digest();
  return digest.toString('hex');
}

const currentSecond = (): number => Math.floor(Date.now() / 1000);

describe('GET_TIME', () => {
  test('answers each job with the current second in decimal', async () => {
    const before = currentSecond();
    const batch = new PlainBatch(1000);
    await getTime.run(batch);
    const after = currentSecond();
    expect(batch.answers).toHaveLength(1000);
    for (const { status, text } of batch.answers) {
      expect(status).toBe('DONE');
      expect(text).toMatch(/^\d{10}$/);
      expect(Number(text)).toBeGreaterThanOrEqual(before);
      expect(Number(text)).toBeLessThanOrEqual(after);
    }
  });

  test('calibrates to a positive number of seconds', () => {
    expect(getTime.calibrate()).toBeGreaterThan(0);
  });
});

describe('MINE_BITCOIN', () => {
  const miner = loadMiner();
  const second = fc.oneof(
    fc.integer({ min: 1_700_000_000, max: 2_000_000_000 }),
    // Any number of digits that one block of SHA-256 can meet: 0 to the last safe whole number.
    fc.maxSafeNat(),
    fc.nat(99),
  );
  const text = (digests: Uint8Array): string => Buffer.from(digests).toString('latin1');

  test('four lanes and one lane hash as node:crypto does, for any number of jobs', () => {
    fc.assert(
      fc.property(fc.array(second, { minLength: 1, maxLength: 13 }), (seconds) => {
        miner.seconds.set(seconds);
        const expected = seconds.map(mined).join('');
        expect(text(miner.mine(seconds.length))).toBe(expected);
        expect(text(miner.mineOneLane(seconds.length))).toBe(expected);
      }),
      sized(60),
    );
  });

  test('a batch larger than the memory of the kernel is answered whole, each for the second in which it ran', async () => {
    const before = currentSecond();
    const batch = new PlainBatch(miner.jobsMax * 2 + 3);
    await mineBitcoin.run(batch);
    const possible = new Set<string>();
    for (let at = before; at <= currentSecond(); at++) possible.add(mined(at));
    expect(batch.answers).toHaveLength(miner.jobsMax * 2 + 3);
    for (const answer of batch.answers) {
      expect(answer.bytes).toHaveLength(answerBytes);
      expect(possible).toContain(answer.text);
    }
  });

  test('calibrates to a positive number of seconds', () => {
    expect(mineBitcoin.calibrate()).toBeGreaterThan(0);
  });
});
