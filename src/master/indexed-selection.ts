import { shownName } from '../captures/file/capture-name.js';
import { indexName, usableIndex } from '../captures/indexed/index-beside.js';
import { selectionText } from '../captures/indexed/scan-selected.js';
import type { PieceIndex } from '../pcap/pieces/piece-index.js';
import { selectPieces, type Selection } from '../pcap/pieces/select-pieces.js';
import type { ScanOptions } from '../pcap/types.js';
import type { CaptureBytes } from './open-capture.js';
import type { BesideBytes } from './read-index.js';

/** What is asked of a capture of which some may not have to be read. */
export interface AskedOfPieces {
  readonly path: string;
  readonly bytes: CaptureBytes;
  readonly sizeBytes: number;
  /** Of a file. */
  readonly beside: BesideBytes | null;
  /** With the time of the first packet, where the span counts from it. */
  readonly scan: Pick<ScanOptions, 'filter' | 'span'>;
  /** Blocks that hold no packet are read too. */
  readonly others: boolean;
  /** Of a chunk, about. */
  readonly chunkBytes: number;
}

/**
 * The pieces that an index beside a capture selects, where there is one that can be used; and what is to be said of it.
 */
export interface Selected {
  readonly selection: Selection | null;
  readonly note: string;
}

/** Looks for an index beside the capture, in its folder or on its server. */
export async function selectedBy(asked: AskedOfPieces): Promise<Selected> {
  const { path, sizeBytes, scan, others, chunkBytes } = asked;
  const found = await indexOf(asked);
  if (found === null) return { selection: null, note: '' };
  if (typeof found === 'string') return { selection: null, note: found };
  const selection = selectPieces(found, scan, others, chunkBytes);
  return selection === null || selection.piecesRead === selection.pieces
    ? { selection: null, note: '' }
    : { selection, note: selectionText(shownName(path), selection, sizeBytes) };
}

/** Null: there is none. A text: why it is not used. */
async function indexOf({ path, bytes, beside }: AskedOfPieces): Promise<PieceIndex | string | null> {
  if (bytes.at === 'join') return null;
  if (bytes.at === 'file') {
    if (beside === null) return null;
    const { name, bytes: found, file } = beside;
    const usable = usableIndex(name, typeof found === 'string' ? found : Buffer.from(found), file);
    return 'note' in usable ? usable.note : usable.index;
  }
  // Loaded only here: it brings the HTTP client.
  const { indexOfUrl } = await import('../captures/url/url-index.js');
  const found = await indexOfUrl(bytes.source, bytes.first);
  if (typeof found !== 'string') return found?.index ?? null;
  return `${indexName(shownName(path))} is ignored: ${found}; make it anew with trireme index`;
}
