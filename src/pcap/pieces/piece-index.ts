import type { ReadState } from '../types.js';
import type { BloomColumn } from './bloom.js';

/** Bytes of the capture for each piece: a piece ends at the first record boundary at or past a multiple of it. */
export const pieceBytes = 4 * 1024 * 1024;

/**
 * Bytes of each filter of a piece at most. With the piece's record they stay under 0.2 % of pieceBytes; where
 * a piece has so many keys that these tell nothing, it holds any key.
 */
export const bloomBytesMax = { addresses: 2_560, ports: 2_304, connections: 3_072 } as const;
export type KeySet = keyof typeof bloomBytesMax;
/** In the order of the engine's sets. */
export const keySets: readonly KeySet[] = ['addresses', 'ports', 'connections'];

/** What the scan of one piece of a capture told. */
export interface Piece {
  /** The record boundary at which it begins; 0 of the first one, which begins with the file's header. */
  readonly start: number;
  readonly packets: number;
  /** Extremes of the times of its packets in ns since 1970; the first is above the last where none has a time. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  /** Blocks of pcapng that hold no packet. */
  readonly others: number;
  /** It holds what the report tells of the whole file: interface statistics, or records of nothing but zeros. */
  readonly told: boolean;
  /** Interfaces and sections that it describes. */
  readonly interfaces: number;
  readonly sections: number;
  /**
   * The state at its start: number in the index's states, of which so many interfaces are in force; -1: none,
   * a header comes.
   */
  readonly state: number;
  readonly interfacesInForce: number;
}

/** What a whole capture is made of, in file order. */
export interface PieceIndex {
  readonly pieces: readonly Piece[];
  /** What each piece may hold. */
  readonly blooms: Readonly<Record<KeySet, BloomColumn>>;
  readonly states: readonly ReadState[];
  /** Byte orders that the capture has: 1 little-endian, 2 big-endian, 3 both. */
  readonly byteOrders: number;
}

export function stateAt({ states }: PieceIndex, piece: Piece): ReadState | null {
  if (piece.state < 0) return null;
  const state = states[piece.state];
  return { ...state, interfaces: state.interfaces.slice(0, piece.interfacesInForce) };
}

/** Link types of the interfaces that the capture describes. */
export function linkTypesOf({ states }: PieceIndex): Set<number> {
  return new Set(states.flatMap(({ interfaces }) => interfaces.map(({ linkType }) => linkType)));
}
