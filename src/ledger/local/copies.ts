import { sameSum, sumOf, type ContentSum, type Values } from './content-sum.js';
import type { JournalContents } from './journal-lines.js';

/** The two copies of what a folder holds, as they were found; and what the witness beside them says. */
export interface FoundCopies {
  /** LevelDB; null: nothing is there. */
  readonly level: FoundLevel | null;
  /** The journal; null: nothing is there. */
  readonly journal: JournalContents | 'damaged' | null;
  /** Number of the last write that the witness saw, or the one before it; null: it is not there, or cannot be read. */
  readonly witnessSeq: number | null;
}

export interface FoundLevel {
  readonly values: Values;
  /** What it says of itself; null: it says nothing that can be read. */
  readonly head: LevelHead | null;
  /** Why it could not be read to its end; null: it was. */
  readonly damage: string | null;
}

/** Written into LevelDB with each write: a part that is lost shows in the sum. */
export interface LevelHead extends ContentSum {
  readonly seq: number;
  readonly atMs: number;
}

/** What is to be taken for true, and what must be told. */
export interface Judged {
  readonly values: Values;
  readonly seq: number;
  readonly atMs: number;
  /** The copy is to be made anew from the other one. */
  readonly rebuild: { readonly level: boolean; readonly journal: boolean };
  /** Bytes of the journal that count, when it is not made anew. */
  readonly journalBytes: number;
  /** What was damaged and could be repaired, in words. */
  readonly repaired: readonly string[];
  /** What is lost, in words. */
  readonly lost: readonly string[];
}

/** Writes that one copy may have and the other not when its process was killed: the one that was under way. */
const writesUnderWayMax = 1;

/**
 * Decides which copy is believed. Each tells of damage to itself, and each tells when the other one lost its end; so
 * any damage to one of them is repaired from the other.
 * @returns the reason, when nothing is left that can be believed
 */
export function judge({ level, journal, witnessSeq }: FoundCopies): Judged | string {
  const levelWrong = level === null ? 'db is missing' : levelDamage(level);
  const read = journal === 'damaged' ? null : journal;
  const journalWrong =
    journal === null ? 'journal is missing' : journal === 'damaged' ? 'the start of journal cannot be read' : null;
  const levelSeq = levelWrong === null ? (level?.head?.seq ?? -1) : -1;
  const journalSeq = read?.seq ?? -1;
  if (levelSeq < 0 && journalSeq < 0) {
    if (level === null && journal === null && (witnessSeq ?? 0) === 0) return fresh;
    return [levelWrong, journalWrong].join(', and ');
  }
  const repaired: string[] = [];
  const lost: string[] = [];
  if (levelWrong !== null) repaired.push(levelWrong);
  if (journalWrong !== null) repaired.push(journalWrong);
  else if (read?.damage != null) repaired.push(`journal is damaged: ${read.damage}`);
  const fromLevel = levelSeq > journalSeq;
  const seq = Math.max(levelSeq, journalSeq);
  if (levelWrong === null && read !== null && read.damage === null) {
    const behind = Math.abs(levelSeq - journalSeq);
    if (behind > writesUnderWayMax) repaired.push(`${fromLevel ? 'journal' : 'db'} lacks its last ${behind} writes`);
  }
  const behindWitness = witnessSeq !== null && witnessSeq > seq;
  const writesLost = `the writes from ${seq + 1} to ${witnessSeq}`;
  // A machine that stops may take the end of both copies, and leaves both sound before it. Anything else is for a
  // person to see.
  if (behindWitness && (levelWrong !== null || journalWrong !== null)) {
    return [...repaired, `the other one lacks ${writesLost}`].join(', and ');
  }
  if (behindWitness) lost.push(writesLost);
  else if (witnessSeq === null && repaired.length > 0)
    lost.push(`what was written after write ${seq}, if anything was`);
  return {
    values: fromLevel ? (level as FoundLevel).values : (read as JournalContents).values,
    seq,
    atMs: fromLevel ? ((level as FoundLevel).head?.atMs ?? 0) : (read as JournalContents).atMs,
    rebuild: {
      level: levelSeq !== seq,
      journal: journalSeq !== seq || read?.damage != null,
    },
    journalBytes: read?.soundBytes ?? 0,
    // A kill as the folder was made leaves one of them.
    repaired: seq === 0 ? [] : repaired,
    lost: seq === 0 ? [] : lost,
  };
}

/** Nothing was ever written here. */
const fresh: Judged = {
  values: new Map(),
  seq: 0,
  atMs: 0,
  rebuild: { level: true, journal: true },
  journalBytes: 0,
  repaired: [],
  lost: [],
};

/** Null: it holds what it says. */
function levelDamage({ values, head, damage }: FoundLevel): string | null {
  if (damage !== null) return `db is damaged: ${damage}`;
  if (head === null) return 'db is damaged: it does not say what it holds';
  return sameSum(head, sumOf(values))
    ? null
    : `db is damaged: it says that it holds ${head.count} values, and holds ${values.size} or others`;
}
