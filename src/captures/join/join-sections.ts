import { extendsState } from '../../pcap/read-state.js';
import type { ReadState } from '../../pcap/types.js';
import type { CountedFile } from './join-rows.js';

/** Sections that are compared interface by interface: those that began last. Equal ones are found however old they are. */
export const comparedMax = 32;

/** Sections that files have been in, to know one again in the header of another file. */
class KnownSections {
  private readonly whole = new Set<string>();
  private readonly latest: ReadState[] = [];

  add(state: ReadState): void {
    const key = JSON.stringify(state);
    if (this.whole.has(key)) return;
    this.whole.add(key);
    if (this.latest.push(state) > comparedMax) this.latest.shift();
  }

  /** Interfaces of a section that an earlier file has described; null: it is none that was met. */
  described(state: ReadState): number | null {
    if (this.whole.has(JSON.stringify(state))) return state.interfaces.length;
    const alike = this.latest.filter((known) => extendsState(state, known) || extendsState(known, state));
    if (alike.length === 0) return null;
    return Math.max(...alike.map((known) => Math.min(known.interfaces.length, state.interfaces.length)));
  }
}

/**
 * Sections and interfaces of the one file that would hold all packets: each file's own, without the header that only
 * repeats a section which an earlier file was in, as every file of a ring does.
 */
export function sectionsOf(counted: readonly CountedFile[]): { interfaces: number; sections: number } {
  const known = new KnownSections();
  let interfaces = 0;
  let sections = 0;
  for (const { head, facts } of counted) {
    const end = facts.endState!;
    // Of a file with one section the end tells all its interfaces, also those that are described behind the first packet.
    const first = facts.sections <= 1 ? end : (head.state ?? end);
    const described = known.described(first);
    sections += facts.sections - (described === null ? 0 : 1);
    interfaces += facts.interfaces - (described ?? 0);
    known.add(first);
    known.add(end);
  }
  return { interfaces, sections };
}
