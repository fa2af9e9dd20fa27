import { extendsState } from '../../pcap/read-state.js';
import { captureStatistics, combined, type ToldCounts } from '../../pcap/report-facts.js';
import type { CaptureFacts } from '../../pcap/report-types.js';
import type { ReadState } from '../../pcap/types.js';
import { comparedMax } from './join-sections.js';
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

/** A section that one file or several were in, and the highest counts of its interfaces. */
interface Section {
  state: ReadState;
  readonly interfaces: Map<number, ToldCounts>;
}

const highest = (x: bigint, y: bigint): bigint => (x > y ? x : y);

/**
 * Interface statistics count from the start of a capture, so of an interface the highest counts, also where files go on one
 * section; interfaces and sections add up, as in one file.
 */
export function statisticsOf(counted: readonly CountedFile[]): Pick<CaptureFacts, 'capture_statistics'> {
  const sections: Section[] = [];
  const byState = new Map<string, Section>();
  const ended: ToldCounts[] = [];
  for (const { facts } of counted) {
    if (facts.statistics === null || facts.endState === null) continue;
    ended.push(facts.statistics.ended);
    const { interfaces } = sectionOf(facts.endState, sections, byState);
    for (const [number, counts] of facts.statistics.last) {
      const before = interfaces.get(number);
      interfaces.set(number, before === undefined ? counts : combined(before, counts, highest));
    }
  }
  return captureStatistics([...ended, ...sections.flatMap(({ interfaces }) => [...interfaces.values()])]);
}

function sectionOf(state: ReadState, sections: Section[], byState: Map<string, Section>): Section {
  const key = JSON.stringify(state);
  let section = byState.get(key) ?? sections.slice(-comparedMax).find((known) => goesOn(known.state, state));
  if (section === undefined) sections.push((section = { state, interfaces: new Map() }));
  byState.set(key, section);
  if (extendsState(state, section.state)) section.state = state;
  return section;
}

const goesOn = (x: ReadState, y: ReadState): boolean => extendsState(x, y) || extendsState(y, x);
