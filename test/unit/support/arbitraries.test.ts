import fc from 'fast-check';

import { arbitrary, arbitraryPcapng } from '../../support/capture-builder.js';
import { oracleResult, type OracleFacts } from '../../support/oracle/index.js';

/** A fixed seed: this asks whether the generators are worth their name, not whether a property holds. */
const sample = (captures: fc.Arbitrary<{ bytes: Uint8Array }>): OracleFacts[] =>
  fc
    .sample(captures, { numRuns: 300, seed: 1 })
    .map(({ bytes }) => oracleResult(bytes))
    .filter((result): result is OracleFacts => result.error !== 'not-a-capture');

const sum = (all: readonly OracleFacts[], field: 'packets' | 'ipv4' | 'ipv6' | 'ipv6_udp' | 'conversations'): number =>
  all.reduce((total, facts) => total + facts[field], 0);

test('random captures hold IP of both versions, conversations and sound ends', () => {
  for (const captures of [sample(arbitrary.classic()), sample(arbitraryPcapng())]) {
    expect(captures).toHaveLength(300);
    expect(captures.every(({ error, truncated }) => error === null && !truncated)).toBe(true);
    expect(sum(captures, 'ipv4')).toBeGreaterThan(sum(captures, 'packets') / 7);
    expect(sum(captures, 'ipv6')).toBeGreaterThan(sum(captures, 'packets') / 7);
    expect(sum(captures, 'ipv6_udp')).toBeGreaterThan(50);
    expect(sum(captures, 'conversations')).toBeGreaterThan(100);
  }
});

test('damage to random captures leaves packets before it, and of each kind some', () => {
  for (const captures of [
    sample(arbitrary.mutated(arbitrary.classic())),
    sample(arbitrary.mutated(arbitraryPcapng())),
  ]) {
    expect(captures.length).toBeGreaterThan(200);
    expect(captures.filter(({ error }) => error === 'damaged').length).toBeGreaterThan(50);
    expect(captures.filter(({ truncated }) => truncated).length).toBeGreaterThan(30);
    expect(captures.filter(({ packets, error }) => packets > 2 && error !== null).length).toBeGreaterThan(15);
  }
});
