import { extendsState } from '../../pcap/read-state.js';
import type { ReadState } from '../../pcap/types.js';
import type { CountedFile } from './join-rows.js';

/**
 * Sections that are compared interface by interface: those that began last. Equal ones are found however old they are.
 */
const comparedMax = 32;

/** A section as a file left it. */
interface KnownSection {
  readonly number: number;
  readonly state: ReadState;
}

/** Sections that files have been in, to know one again in the header of another file. */
export class KnownSections {
  private readonly whole = new Map<string, number>();
  private readonly latest: KnownSection[] = [];
  private count = 0;

  /** @returns the number of the section, the same for all files that go on with it */
  add(state: ReadState): number {
    const key = JSON.stringify(state);
    const known = this.whole.get(key);
    if (known !== undefined) return known;
    const number = this.alike(state)[0]?.number ?? this.count++;
    this.whole.set(key, number);
    if (this.latest.push({ number, state }) > comparedMax) this.latest.shift();
    return number;
  }

  /** Interfaces of a section that an earlier file has described; null: it is none that was met. */
  described(state: ReadState): number | null {
    if (this.whole.has(JSON.stringify(state))) return state.interfaces.length;
    const alike = this.alike(state);
    if (alike.length === 0) return null;
    return Math.max(...alike.map((known) => Math.min(known.state.interfaces.length, state.interfaces.length)));
  }

  private alike(state: ReadState): KnownSection[] {
    return this.latest.filter((known) => extendsState(state, known.state) || extendsState(known.state, state));
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
    // Of a file with one section the end tells all its interfaces, also those that are described behind the
    // first packet.
    const first = facts.sections <= 1 ? end : (head.state ?? end);
    const described = known.described(first);
    sections += facts.sections - (described === null ? 0 : 1);
    interfaces += facts.interfaces - (described ?? 0);
    known.add(first);
    known.add(end);
  }
  return { interfaces, sections };
}
