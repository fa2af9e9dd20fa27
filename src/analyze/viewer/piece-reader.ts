// How the viewer reads a chosen file: a browser hands it over in pieces of some KB through another process, which takes
// longer than counting them. So workers of their own read several pieces at once, each into memory that is used again.

import type { PieceAnswer, PieceRequest, Port } from '../../web/viewer/messages.js';

/** Reads a piece into a buffer. The buffer that was given is gone then: its memory is that of the result. */
async function readInto(piece: Blob, buffer: ArrayBuffer): Promise<Uint8Array<ArrayBuffer>> {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = piece.stream().getReader({ mode: 'byob' });
  } catch {
    // Safari before 26.
    return new Uint8Array(await piece.arrayBuffer());
  }
  let held = 0;
  for (let room = buffer; held < piece.size;) {
    const { value } = await reader.read(new Uint8Array(room, held, piece.size - held));
    if (value === undefined || value.length === 0) break;
    held += value.length;
    room = buffer = value.buffer;
  }
  if (held < piece.size) throw new DOMException('it has become shorter since it was chosen', 'NotReadableError');
  return new Uint8Array(buffer, 0, held);
}

/** Reads what is asked for through a port, several pieces at a time. */
export function answerPieces(port: Port): void {
  port.onmessage = ({ data }: { readonly data: PieceRequest }) => void answerPiece(data, port);
}

async function answerPiece({ id, piece, buffer }: PieceRequest, port: Port): Promise<void> {
  try {
    const bytes = await readInto(piece, buffer);
    port.postMessage({ id, bytes } satisfies PieceAnswer, [bytes.buffer]);
  } catch (error) {
    port.postMessage({ id, error } satisfies PieceAnswer, []);
  }
}
