import type { PieceAnswer, PieceRequest, Port } from '../../web/viewer/messages.js';

/** Bytes of a file that are read at once. */
const pieceBytes = 16 * 2 ** 20;
/**
 * Pieces that are asked for ahead of the one that is counted, which bounds the memory: six pieces, two being
 * those given.
 */
const piecesAhead = 4;

interface Waiting {
  readonly resolve: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly reject: (error: unknown) => void;
}

/** Workers that read pieces of files, and the memory that they read into. */
export class PieceReaders {
  private readonly waiting = new Map<number, Waiting>();
  private readonly free: ArrayBuffer[] = [];
  private asked = 0;

  constructor(private readonly readers: readonly Port[]) {
    for (const reader of readers) reader.onmessage = ({ data }: { readonly data: PieceAnswer }) => this.answered(data);
  }

  /** A file in pieces, in its order. Each is valid until the second one behind it is asked for. */
  async *pieces(content: Blob): AsyncGenerator<Uint8Array> {
    const coming: Promise<Uint8Array<ArrayBuffer>>[] = [];
    const given: ArrayBuffer[] = [];
    let at = 0;
    for (let done = 0; done < content.size;) {
      if (given.length > 1) this.free.push(given.shift()!);
      for (; coming.length < piecesAhead && at < content.size; at += pieceBytes)
        coming.push(this.read(content.slice(at, at + pieceBytes)));
      const bytes = await coming.shift()!;
      done += bytes.length;
      given.push(bytes.buffer);
      yield bytes;
    }
    this.free.push(...given);
  }

  private read(piece: Blob): Promise<Uint8Array<ArrayBuffer>> {
    const id = this.asked++;
    const reader = this.readers[id % this.readers.length];
    const buffer = this.free.pop() ?? new ArrayBuffer(pieceBytes);
    const bytes = new Promise<Uint8Array<ArrayBuffer>>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    // Nobody hears of it when the scan ends before: what it reads is not wanted then.
    bytes.catch(() => undefined);
    reader.postMessage({ id, piece, buffer } satisfies PieceRequest, [buffer]);
    return bytes;
  }

  private answered(answer: PieceAnswer): void {
    const { resolve, reject } = this.waiting.get(answer.id)!;
    this.waiting.delete(answer.id);
    if ('bytes' in answer) resolve(answer.bytes);
    else reject(answer.error);
  }
}
