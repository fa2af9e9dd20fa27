import { exactCount } from '../../pcap/report-total.js';
import type { CaptureFacts, CaptureStatistics } from '../../pcap/report-types.js';
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

/**
 * Interface statistics count from the start of a capture, so of files that go on one section the highest counts, as in one
 * file; different sections add up. Sections are told apart by the header in which each file ended.
 */
export function statisticsOf(counted: readonly CountedFile[]): Pick<CaptureFacts, 'capture_statistics'> {
  const sections = new Map<string, CaptureStatistics>();
  for (const { facts } of counted) {
    if (facts.statistics === null) continue;
    const section = JSON.stringify(facts.endState);
    sections.set(
      section,
      merged(sections.get(section), facts.statistics, (x, y) => (x > y ? x : y)),
    );
  }
  const all = [...sections.values()].reduce<CaptureStatistics | undefined>(
    (sum, one) => merged(sum, one, (x, y) => x + y),
    undefined,
  );
  return { capture_statistics: all };
}

function merged(
  x: CaptureStatistics | undefined,
  y: CaptureStatistics,
  how: (x: bigint, y: bigint) => bigint,
): CaptureStatistics {
  if (x === undefined) return y;
  const field = (name: keyof CaptureStatistics) => {
    const [one, other] = [x[name], y[name]];
    if (one === null || other === null) return one ?? other;
    return exactCount(how(BigInt(one), BigInt(other)));
  };
  return {
    packets_received: field('packets_received'),
    packets_dropped: field('packets_dropped'),
    packets_dropped_by_system: field('packets_dropped_by_system'),
  };
}
