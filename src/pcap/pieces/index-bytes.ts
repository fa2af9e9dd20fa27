import { createHash } from 'node:crypto';
import { isState } from '../chunk-result.js';
import type { ReadState } from '../types.js';
import { probesMax, type BloomColumn } from './bloom.js';
import { keySets, type KeySet, type Piece, type PieceIndex } from './piece-index.js';

// An index as bytes, little-endian:
//
//   0 magic, 8 bytes | 8 version u32 | 12 bytes of the head u32 | 16 SHA-256 of all that follows, 32 bytes
//   48 the head: JSON, with blanks up to a multiple of 8
//   columns with an entry for each piece: start, first ns, last ns, i64 each; then u32 each: packets | other blocks |
//   interfaces | sections | state, 2^32-1: none | interfaces in force | 1: it holds what is told of the whole file |
//   where its filter of addresses ends in that column, of ports, of connections
//   the filters of all pieces: addresses, ports, connections

/** As of PNG: line ends and the end-of-file byte of DOS, so that a transfer as text shows. */
const magic = Buffer.from('TRIDX\r\n\x1a', 'latin1');
const version = 2;
const prefixBytes = 48;
const longColumns = 3;
const wordColumns = 10;
/** Of a piece in all columns. */
const recordBytes = 8 * longColumns + 4 * wordColumns;
const columnAlignment = 8;
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
  const { pieces, blooms, states, byteOrders } = index;
  const head: Head = { file, pieces: pieces.length, byteOrders, states };
  const text = Buffer.from(JSON.stringify(head));
  const headBytes = Buffer.alloc(Math.ceil(text.length / columnAlignment) * columnAlignment, ' ');
  text.copy(headBytes);
  const records = new ArrayBuffer(pieces.length * recordBytes);
  const {
    starts,
    firsts,
    lasts,
    packets,
    others,
    interfaces,
    sections,
    states: numbers,
    inForce,
    told,
    ends,
  } = columnsIn(records, pieces.length);
  for (const [i, piece] of pieces.entries()) {
    starts[i] = BigInt(piece.start);
    firsts[i] = piece.firstNs;
    lasts[i] = piece.lastNs;
    packets[i] = piece.packets;
    others[i] = piece.others;
    interfaces[i] = piece.interfaces;
    sections[i] = piece.sections;
    numbers[i] = piece.state < 0 ? noState : piece.state;
    inForce[i] = piece.interfacesInForce;
    told[i] = piece.told ? 1 : 0;
  }
  for (const set of keySets) ends[set].set(blooms[set].ends);
  const rest = Buffer.concat([headBytes, Buffer.from(records), ...keySets.map((set) => blooms[set].bytes)]);
  const prefix = Buffer.alloc(prefixBytes);
  magic.copy(prefix);
  prefix.writeUInt32LE(version, 8);
  prefix.writeUInt32LE(headBytes.length, 12);
  createHash('sha256').update(rest).digest().copy(prefix, 16);
  return Buffer.concat([prefix, rest]);
}

/** The columns in memory that begins at a multiple of 8. */
function columnsIn(memory: ArrayBuffer, pieces: number) {
  const longs = (column: number) => new BigInt64Array(memory, 8 * column * pieces, pieces);
  const words = (column: number) => new Uint32Array(memory, (8 * longColumns + 4 * column) * pieces, pieces);
  return {
    ...{ starts: longs(0), firsts: longs(1), lasts: longs(2) },
    ...{ packets: words(0), others: words(1), interfaces: words(2), sections: words(3) },
    ...{ states: words(4), inForce: words(5), told: words(6) },
    ends: { addresses: words(7), ports: words(8), connections: words(9) },
  };
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
  const bloomsAt = headBytes + head.pieces * recordBytes;
  if (!soundHead || bloomsAt > rest.length) return null;
  // Copied, because a column begins at a multiple of its width.
  const records = new Uint8Array(rest.subarray(headBytes, bloomsAt)).buffer;
  const columns = columnsIn(records, head.pieces);
  const pieces = piecesOf(columns, states, file.sizeBytes);
  const blooms = bloomsOf(rest.subarray(bloomsAt), columns.ends);
  return pieces === null || blooms === null ? null : { file, index: { pieces, blooms, states, byteOrders } };
}

/** Null: they are not sound. */
function piecesOf(
  columns: ReturnType<typeof columnsIn>,
  states: readonly ReadState[],
  sizeBytes: number,
): Piece[] | null {
  const { starts, firsts, lasts, packets, others, interfaces, sections, states: numbers, inForce, told } = columns;
  const pieces: Piece[] = [];
  for (let i = 0; i < starts.length; i++) {
    const piece = {
      start: Number(starts[i]),
      packets: packets[i],
      firstNs: firsts[i],
      lastNs: lasts[i],
      others: others[i],
      told: told[i] !== 0,
      interfaces: interfaces[i],
      sections: sections[i],
      state: numbers[i] === noState ? -1 : numbers[i],
      interfacesInForce: inForce[i],
    };
    if (!isSound(piece, pieces.at(-1), states, sizeBytes)) return null;
    pieces.push(piece);
  }
  return pieces;
}

/** Null: they are not sound. */
function bloomsOf(bytes: Buffer, ends: Readonly<Record<KeySet, Uint32Array>>): PieceIndex['blooms'] | null {
  let at = 0;
  const blooms = keySets.map((set) => {
    const column = { bytes: bytes.subarray(at, at + (ends[set].at(-1) ?? 0)), ends: ends[set] };
    at += ends[set].at(-1) ?? 0;
    return column;
  });
  const [addresses, ports, connections] = blooms;
  return at === bytes.length && blooms.every(isSoundColumn) ? { addresses, ports, connections } : null;
}

function isSoundColumn({ bytes, ends }: BloomColumn): boolean {
  for (let i = 0, start = 0; i < ends.length; start = ends[i++])
    if (ends[i] < start || (ends[i] > start && bytes[start] > probesMax)) return false;
  return true;
}

function isSound(piece: Piece, before: Piece | undefined, states: readonly ReadState[], sizeBytes: number): boolean {
  const { start, state, interfacesInForce } = piece;
  const first = before === undefined;
  const soundStart = first ? start === 0 && state < 0 : start > before.start && start <= sizeBytes && state >= 0;
  return soundStart && (state < 0 || (state < states.length && interfacesInForce <= states[state].interfaces.length));
}
