import { captureStatistics, combined, type ToldCounts } from '../../pcap/report-facts.js';
import type { CaptureFacts } from '../../pcap/report-types.js';
import { KnownSections } from './join-sections.js';
import type { CountedFile } from './join-rows.js';

/** Whether the packets of all files, one file after the other, are in the order of their times. */
export function areInOrder(counted: readonly CountedFile[]): boolean {
  let latest: bigint | null = null;
  for (const { facts } of counted) {
    if (!facts.inOrder) return false;
    if (facts.firstNs === null || facts.lastNs === null) continue;
    if (latest !== null && BigInt(facts.firstNs) < latest) return false;
    latest = BigInt(facts.lastNs);
  }
  return true;
}

const highest = (x: bigint, y: bigint): bigint => (x > y ? x : y);

/**
 * Interface statistics count from the start of a capture, so of an interface the highest counts, also where
 * files go on one section; interfaces and sections add up, as in one file.
 */
export function statisticsOf(counted: readonly CountedFile[]): Pick<CaptureFacts, 'capture_statistics'> {
  const known = new KnownSections();
  /** The highest counts by the numbers of section and interface. */
  const last = new Map<string, ToldCounts>();
  const ended: ToldCounts[] = [];
  for (const { facts } of counted) {
    if (facts.statistics === null || facts.endState === null) continue;
    ended.push(facts.statistics.ended);
    const section = known.add(facts.endState);
    for (const [number, counts] of facts.statistics.last) {
      const key = `${section} ${number}`;
      const before = last.get(key);
      last.set(key, before === undefined ? counts : combined(before, counts, highest));
    }
  }
  return captureStatistics([...ended, ...last.values()]);
}
