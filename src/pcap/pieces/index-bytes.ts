import { createHash } from 'node:crypto';
import { isState } from '../chunk-result.js';
import type { ReadState } from '../types.js';
import { keySets, type Piece, type PieceIndex } from './piece-index.js';
import { probesMax } from './bloom.js';

// An index as bytes, little-endian:
//
//   0 magic, 8 bytes | 8 version u32 | 12 bytes of the head u32 | 16 SHA-256 of all that follows, 32 bytes
//   48 the head: JSON
//   the pieces, 56 bytes each, then their filters in the same order, each its addresses, ports and connections
//
// A piece: 0 start u64 | 8 first ns i64 | 16 last ns i64 | 24 packets u32 | 28 other blocks u32 | 32 interfaces u32 |
//   36 sections u32 | 40 state u32, 2^32-1: none | 44 interfaces in force u32 | 48 bytes of its three filters u16 each |
//   54 1: it holds what is told of the whole file u16

/** As of PNG: line ends and the end-of-file byte of DOS, so that a transfer as text shows. */
const magic = Buffer.from('TRIDX\r\n\x1a', 'latin1');
const version = 1;
const prefixBytes = 48;
const recordBytes = 56;
const noState = 0xffff_ffff;

/** An index is under 0.2 % of its capture, beside these bytes: of a small capture its head is more. */
const shareMax = 0.002;
const shareFreeBytes = 128 * 1024;
/** Of a larger one no more is held: 128 GB of capture at the largest share, mostly ten times more. */
export const indexBytesMax = 256 * 1024 * 1024;

/** Bytes that the index of a capture has at most. */
export function indexBytesMaxOf(captureBytes: number): number {
  return Math.min(indexBytesMax, shareFreeBytes + Math.ceil(captureBytes * shareMax));
}

/** Which file an index was made of. */
export interface IndexedFile {
  readonly sizeBytes: number;
  /** Time of the last change in ns since 1970, in decimal. */
  readonly mtimeNs: string;
  /** Hex SHA-256 of the file's ends. */
  readonly endsSha256: string;
}

interface Head {
  readonly file: IndexedFile;
  readonly pieces: number;
  readonly byteOrders: number;
  readonly states: readonly ReadState[];
}

export interface IndexFile {
  readonly file: IndexedFile;
  readonly index: PieceIndex;
}

export function encodeIndex({ file, index }: IndexFile): Buffer {
  const { pieces, states, byteOrders } = index;
  const head: Head = { file, pieces: pieces.length, byteOrders, states };
  const headBytes = Buffer.from(JSON.stringify(head));
  const records = Buffer.alloc(pieces.length * recordBytes);
  for (const [i, piece] of pieces.entries()) writePiece(records.subarray(i * recordBytes), piece);
  const rest = Buffer.concat([headBytes, records, ...pieces.flatMap(({ keys }) => keySets.map((set) => keys[set]))]);
  const prefix = Buffer.alloc(prefixBytes);
  magic.copy(prefix);
  prefix.writeUInt32LE(version, 8);
  prefix.writeUInt32LE(headBytes.length, 12);
  createHash('sha256').update(rest).digest().copy(prefix, 16);
  return Buffer.concat([prefix, rest]);
}

function writePiece(to: Buffer, piece: Piece): void {
  to.writeBigUInt64LE(BigInt(piece.start), 0);
  to.writeBigInt64LE(piece.firstNs, 8);
  to.writeBigInt64LE(piece.lastNs, 16);
  const numbers = [piece.packets, piece.others, piece.interfaces, piece.sections];
  for (const [i, number] of numbers.entries()) to.writeUInt32LE(number, 24 + 4 * i);
  to.writeUInt32LE(piece.state < 0 ? noState : piece.state, 40);
  to.writeUInt32LE(piece.interfacesInForce, 44);
  to.writeUInt16LE(piece.told ? 1 : 0, 54);
  for (const [i, set] of keySets.entries()) to.writeUInt16LE(piece.keys[set].length, 48 + 2 * i);
}

/** @returns what it holds, or in words why it is no index that can be used */
export function decodeIndex(bytes: Buffer): IndexFile | string {
  if (bytes.length < prefixBytes || !bytes.subarray(0, magic.length).equals(magic)) return 'it is no index';
  const found = bytes.readUInt32LE(8);
  if (found !== version) return `it is of version ${found}, and version ${version} is read`;
  const rest = bytes.subarray(prefixBytes);
  if (!createHash('sha256').update(rest).digest().equals(bytes.subarray(16, prefixBytes)))
    return 'it is damaged: its checksum does not fit';
  try {
    return readRest(rest, bytes.readUInt32LE(12)) ?? 'what it says cannot be';
  } catch {
    return 'what it says cannot be';
  }
}

/** The checksum holds, so that only who wrote it on purpose can have written what is not sound. Null: it is not. */
function readRest(rest: Buffer, headBytes: number): IndexFile | null {
  const head = JSON.parse(rest.toString('utf8', 0, headBytes)) as Head;
  const { file, states, byteOrders } = head;
  const soundHead =
    Number.isSafeInteger(file.sizeBytes) &&
    Number.isSafeInteger(head.pieces) &&
    head.pieces >= 1 &&
    [0, 1, 2, 3].includes(byteOrders) &&
    states.every(isState);
  let bloomsAt = headBytes + head.pieces * recordBytes;
  if (!soundHead || bloomsAt > rest.length) return null;
  const pieces: Piece[] = [];
  for (let i = 0; i < head.pieces; i++) {
    const { piece, end } = readPiece(rest, headBytes + i * recordBytes, bloomsAt);
    bloomsAt = end;
    if (bloomsAt > rest.length || !isSound(piece, pieces.at(-1), states, file.sizeBytes)) return null;
    pieces.push(piece);
  }
  return bloomsAt === rest.length ? { file, index: { pieces, states, byteOrders } } : null;
}

function readPiece(rest: Buffer, at: number, bloomsAt: number): { piece: Piece; end: number } {
  const portsAt = bloomsAt + rest.readUInt16LE(at + 48);
  const connectionsAt = portsAt + rest.readUInt16LE(at + 50);
  const end = connectionsAt + rest.readUInt16LE(at + 52);
  const state = rest.readUInt32LE(at + 40);
  const piece: Piece = {
    start: Number(rest.readBigUInt64LE(at)),
    firstNs: rest.readBigInt64LE(at + 8),
    lastNs: rest.readBigInt64LE(at + 16),
    packets: rest.readUInt32LE(at + 24),
    others: rest.readUInt32LE(at + 28),
    interfaces: rest.readUInt32LE(at + 32),
    sections: rest.readUInt32LE(at + 36),
    state: state === noState ? -1 : state,
    interfacesInForce: rest.readUInt32LE(at + 44),
    told: rest.readUInt16LE(at + 54) !== 0,
    keys: {
      addresses: rest.subarray(bloomsAt, portsAt),
      ports: rest.subarray(portsAt, connectionsAt),
      connections: rest.subarray(connectionsAt, end),
    },
  };
  return { piece, end };
}

function isSound(piece: Piece, before: Piece | undefined, states: readonly ReadState[], sizeBytes: number): boolean {
  const { start, state, interfacesInForce, keys } = piece;
  const first = before === undefined;
  const soundStart = first ? start === 0 && state < 0 : start > before.start && start <= sizeBytes && state >= 0;
  const soundState = state < 0 || (state < states.length && interfacesInForce <= states[state].interfaces.length);
  return soundStart && soundState && keySets.every((set) => keys[set].length === 0 || keys[set][0] <= probesMax);
}
