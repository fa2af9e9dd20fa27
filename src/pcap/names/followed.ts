import type { NameEvents } from './events.js';
import { Generations } from './generations.js';
import { refuseNames, takeCount, takeList, takeText } from './invalid-names.js';

/** As assembly/names-follow.ts: what is looked at for the rest. Nothing may be taken that is left out there. */
const followedPackets = 4096;
const streamBytesMax = 16_640;
/** More pieces than segments of the smallest path (RFC 879: 536 bytes) would make. */
export const piecesMax = 64;
/**
 * Bytes of these: a stream and all of it sent again. So 4,097 to twice as many that are not whole hold some
 * 270 MB at most.
 */
const pieceBytesMax = 2 * streamBytesMax;
/** What is not whole: each begins in a packet, and none is followed over more packets. */
const startedKept = followedPackets + 1;

/** A ClientHello, or the head of a request, that goes on behind its first segment. */
export interface Started {
  readonly isHttp: boolean;
  /** Packet and sequence number of its first segment. */
  readonly number: number;
  readonly seq: number;
  readonly pieces: [at: number, bytes: Buffer][];
}

/**
 * What has begun and is not whole: the latest one of each direction. What begins anew ends what was there,
 * also where it is sent again, since the kernel follows the latest only.
 */
export class Followed {
  private readonly open = new Generations<Started>(startedKept);

  /** @param number of the packet, from the start of the file */
  begin(packet: NameEvents, number: number, isHttp: boolean): Started {
    return { isHttp, number, seq: packet.sequence, pieces: [] };
  }

  keep(packet: NameEvents, started: Started): void {
    const last = started.pieces[started.pieces.length - 1];
    last[1] = Buffer.from(last[1]);
    this.open.set(packet.flowTo(false), started);
  }

  end(packet: NameEvents): void {
    this.open.delete(packet.flowTo(false));
  }

  /** What the packet may have more of. */
  of(packet: NameEvents, number: number): Started | undefined {
    const open = this.open.get(packet.flowTo(false));
    if (open === undefined || number - open.number > followedPackets) return undefined;
    return (packet.sequence - open.seq) >>> 0 < streamBytesMax ? open : undefined;
  }

  state(): unknown {
    return this.open.state(({ isHttp, number, seq, pieces }) => [...[isHttp ? 1 : 0, number, seq], pieceState(pieces)]);
  }

  /** @throws TriremeError JOB_FAILED */
  restore(state: unknown): void {
    this.open.restore(state, (value) => {
      const [isHttp, number, seq, told] = takeList(value);
      const pieces = readPieces(told, piecesMax);
      return { isHttp: takeCount(isHttp) === 1, number: takeCount(number), seq: takeCount(seq), pieces };
    });
  }
}

/**
 * Adds a segment, of which keep() makes a copy: the log goes.
 * @returns the bytes without a gap, from the first segment on; null: there are too many pieces or bytes
 */
export function streamWith({ seq, pieces }: Started, packet: NameEvents): Buffer | null {
  const { bytes, payload, captured } = packet;
  pieces.push([(packet.sequence - seq) >>> 0, bytes.subarray(payload, payload + captured)]);
  const held = pieces.reduce((sum, [, piece]) => sum + piece.length, 0);
  return pieces.length > piecesMax || held > pieceBytesMax ? null : joined(pieces);
}

export const pieceState = (pieces: Started['pieces']): unknown =>
  pieces.map(([at, bytes]) => [at, bytes.toString('latin1')]);

/** @throws TriremeError JOB_FAILED */
export function readPieces(state: unknown, most: number): [at: number, bytes: Buffer][] {
  const pieces = takeList(state).map((piece): [number, Buffer] => {
    const [at, bytes] = takeList(piece);
    return [takeCount(at), Buffer.from(takeText(bytes), 'latin1')];
  });
  return pieces.length > most ? refuseNames('what is not whole') : pieces;
}

/** Pieces of a stream from 0 to the first gap; of bytes that came twice those that came first. */
export function joined(pieces: readonly (readonly [at: number, bytes: Buffer])[]): Buffer {
  if (pieces.length === 1 && pieces[0][0] === 0) return pieces[0][1];
  const sorted = [...pieces].sort(([x], [y]) => x - y);
  const parts: Buffer[] = [];
  let end = 0;
  for (const [at, bytes] of sorted) {
    if (at > end) break;
    if (at + bytes.length <= end) continue;
    parts.push(bytes.subarray(end - at));
    end = at + bytes.length;
  }
  return Buffer.concat(parts);
}
