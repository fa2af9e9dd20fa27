import { needsOf, type Need } from '../../filter/needs.js';
import { filterOf } from '../filter-functions.js';
import { spanNs } from '../scan-options.js';
import type { ReadState, ScanOptions } from '../types.js';
import { holderOf } from './bloom.js';
import { addressKey, connectionKey, portKey } from './keys.js';
import { linkTypesOf, stateAt, type PieceIndex } from './piece-index.js';

/** Pieces next to each other that are read in one go. */
export interface PieceRun {
  readonly start: number;
  /** Null: to the end of the file. */
  readonly end: number | null;
  /** Null: it begins with the file's header. */
  readonly state: ReadState | null;
  /** Packets of all pieces but of the last one of the file, which is read to its end whatever it holds. */
  readonly packets: number | null;
  /** Packets of the pieces between the run before and this one. */
  readonly skippedBefore: number;
}

/** What pieces that are not read add to the counts of a scan. */
export interface PieceSums {
  readonly packets: number;
  readonly interfaces: number;
  readonly sections: number;
  readonly byteOrders: number;
}

export interface Selection {
  readonly runs: readonly PieceRun[];
  readonly skipped: PieceSums;
  readonly piecesRead: number;
  readonly pieces: number;
}

type Asked = Pick<ScanOptions, 'filter' | 'span'>;
/** Of a piece by its number. */
type MayMatch = (piece: number) => boolean;

/**
 * The pieces in which a packet can match, and those that hold what is told of the whole file. The first and
 * the last are always read: with them the scan learns what the header says, and how the file ends.
 * @param others pieces with blocks that hold no packet are read too
 * @param runBytes pieces that lie next to each other are one run up to about so many bytes
 * @returns null where the index tells nothing: the filter does not fit a link type, or asks for nothing that
 * an index holds
 */
export function selectPieces(index: PieceIndex, asked: Asked, others = false, runBytes = Infinity): Selection | null {
  const mayMatch = matcherFor(index, asked);
  if (mayMatch === null) return null;
  const { pieces, byteOrders } = index;
  const last = pieces.length - 1;
  // Statistics are of the section in which they stand, so that its header is met too.
  const told = pieces.some((piece) => piece.told);
  const wanted = pieces.map(
    (piece, i) =>
      i === 0 ||
      i === last ||
      piece.told ||
      (told && piece.sections > 0) ||
      (others && piece.others > 0) ||
      mayMatch(i),
  );
  const runs: PieceRun[] = [];
  const skipped = { packets: 0, interfaces: 0, sections: 0, byteOrders };
  let skippedBefore = 0;
  for (let i = 0; i <= last;) {
    if (!wanted[i]) {
      skippedBefore += pieces[i].packets;
      skipped.packets += pieces[i].packets;
      skipped.interfaces += pieces[i].interfaces;
      skipped.sections += pieces[i].sections;
      i++;
      continue;
    }
    const first = i;
    for (i++; i <= last && wanted[i] && pieces[i].start - pieces[first].start < runBytes;) i++;
    runs.push({ ...runOf(index, first, i), skippedBefore });
    skippedBefore = 0;
  }
  return { runs, skipped, piecesRead: wanted.filter(Boolean).length, pieces: pieces.length };
}

function runOf(index: PieceIndex, first: number, end: number): Omit<PieceRun, 'skippedBefore'> {
  const { pieces } = index;
  const toTheEnd = end === pieces.length;
  return {
    start: pieces[first].start,
    end: toTheEnd ? null : pieces[end].start,
    state: stateAt(index, pieces[first]),
    packets: toTheEnd ? null : pieces.slice(first, end).reduce((sum, { packets }) => sum + packets, 0),
  };
}

/** Bytes that a selection reads of a file. */
export function bytesOf({ runs }: Selection, sizeBytes: number): number {
  return runs.reduce((sum, { start, end }) => sum + (end ?? sizeBytes) - start, 0);
}

/** Tells of each piece, by its number, whether a packet in it can match. Null: the index tells nothing. */
export function matcherFor(index: PieceIndex, { filter, span }: Asked): MayMatch | null {
  const tests: MayMatch[] = [];
  if (span !== undefined) {
    const [after, before, relative] = spanNs(span);
    if (relative !== 0) return null;
    tests.push((piece) => {
      const { firstNs, lastNs } = index.pieces[piece];
      return lastNs >= after && firstNs < before && firstNs <= lastNs;
    });
  }
  if (filter !== undefined) {
    const read = filterOf(filter);
    if (![...linkTypesOf(index)].every((link) => fits(() => read.for(link)))) return null;
    const need = needsOf(read);
    if (need.needs !== 'maybe') tests.push(testOf(need, index));
  }
  return tests.length === 0 ? null : (piece) => tests.every((test) => test(piece));
}

function fits(compile: () => unknown): boolean {
  try {
    compile();
    return true;
  } catch {
    // The scan meets the packet for which it does not fit, and says so.
    return false;
  }
}

function testOf(need: Need, index: PieceIndex): MayMatch {
  const { addresses, ports, connections } = index.blooms;
  switch (need.needs) {
    case 'maybe':
      return () => true;
    case 'all': {
      const tests = need.of.map((one) => testOf(one, index));
      return (piece) => tests.every((test) => test(piece));
    }
    case 'any': {
      const tests = need.of.map((one) => testOf(one, index));
      return (piece) => tests.some((test) => test(piece));
    }
    case 'address':
      return holderOf(addresses, addressKey(need.words));
    case 'port':
      return holderOf(ports, portKey(need.port));
    case 'connection':
      return holderOf(connections, connectionKey(...need.ends));
  }
}
