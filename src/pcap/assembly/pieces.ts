// What an index of the capture holds of the piece that is scanned: packets are noted here before a filter sees them.

import { I64_MAX, I64_MIN } from './layout';
import { beginKeys, beginPieceKeys } from './piece-keys';
import { setSelective } from './status';

/** Pieces are noted. */
export let indexing: bool = false;
/** They are noted and nothing is counted. */
export let onlyIndexing: bool = false;
/** Extremes of the times of the piece's packets; the first is above the last where none has a time. */
export let pieceFirstNs: i64 = I64_MAX;
export let pieceLastNs: i64 = I64_MIN;
/** Blocks of the piece that hold no packet. */
export let pieceOthers: u32 = 0;
/** It holds what the report tells of the whole file: interface statistics, or records of nothing but zeros. */
export let pieceTold: bool = false;

export function stopIndexing(): void {
  indexing = false;
  onlyIndexing = false;
}

/** From now on each packet is looked at. */
export function setIndexing(only: bool): void {
  indexing = true;
  onlyIndexing = only;
  setSelective();
  beginKeys();
  beginPiece();
}

/** The next packet is the first of a piece. */
export function beginPiece(): void {
  pieceFirstNs = I64_MAX;
  pieceLastNs = I64_MIN;
  pieceOthers = 0;
  pieceTold = false;
  beginPieceKeys();
}

// @ts-ignore: decorator
@inline
export function noteTime(time: i64): void {
  if (time < pieceFirstNs) pieceFirstNs = time;
  if (time > pieceLastNs) pieceLastNs = time;
}

export function noteTold(): void {
  pieceTold = true;
}

export function noteOther(): void {
  pieceOthers++;
}
