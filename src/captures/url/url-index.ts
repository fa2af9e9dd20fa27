import { createHash } from 'node:crypto';
import { decodeIndex, indexBytesMaxOf } from '../../pcap/pieces/index-bytes.js';
import type { PieceIndex } from '../../pcap/pieces/piece-index.js';
import { SelectedScanner } from '../../pcap/pieces/selected-scanner.js';
import { selectPieces } from '../../pcap/pieces/select-pieces.js';
import { shownName } from '../file/capture-name.js';
import { identityEndBytes } from '../file/identity.js';
import { indexName } from '../indexed/index-beside.js';
import { selectionText } from '../indexed/scan-selected.js';
import { pourStream } from '../file/pour.js';
import { loadScanModule } from '../scan/scan-module.js';
import type { ScanSettings, WholeScan } from '../scan/scan-settings.js';
import { parseCaptureUrl } from './capture-url.js';
import { discard, httpGet, statusText, type Answer } from './http-get.js';
import type { UrlSource } from './url-identity.js';
import { UrlPrefix } from './url-prefix.js';
import { streamUrl } from './url-stream.js';

/**
 * Scans the pieces of a capture on a server in which packets can match, where an index lies beside it. Null:
 * all of it is to be read.
 * @param first bytes of the capture, identityEndBytes of them or all
 */
export async function scanSelectedUrl(
  source: UrlSource,
  first: Uint8Array,
  settings: ScanSettings,
): Promise<WholeScan | null> {
  const name = shownName(source.url);
  const { sizeBytes } = source.identity;
  const found = await indexOfUrl(source, first);
  if (found === null) return null;
  if (typeof found === 'string') {
    settings.index?.onNote(`${indexName(name)} is ignored: ${found}; make it anew with trireme index`);
    return null;
  }
  const selection = selectPieces(found.index, settings.scan);
  if (selection === null || selection.piecesRead === selection.pieces) return null;
  const scanner = new SelectedScanner(loadScanModule(), settings.scan, selection.skipped);
  for (const run of selection.runs) {
    scanner.begin(run);
    await pourStream(streamUrl(source, run.start, run.end, { exact: true }), scanner);
    settings.onProgress?.(run.end ?? sizeBytes, sizeBytes);
    if (scanner.endRun()) continue;
    scanner.cancel();
    settings.index?.onNote(
      `the index of ${name} does not fit it, so all of it is read; make it anew with trireme index`,
    );
    return null;
  }
  settings.index?.onNote(`${selectionText(name, selection, sizeBytes)}, and ${found.bytes} of the index`);
  return scanner;
}

/**
 * The index that lies beside a capture on its server. Null: there is none. A text: why it is not used.
 * @param first bytes of the capture, identityEndBytes of them or all
 */
export async function indexOfUrl(
  source: UrlSource,
  first: Uint8Array,
): Promise<{ readonly index: PieceIndex; readonly bytes: number } | string | null> {
  const { sizeBytes, lastModified } = source.identity;
  const answer = await answerOf(source);
  if (answer === null || typeof answer === 'string') return answer;
  const bytes = await bodyOf(answer, indexBytesMaxOf(sizeBytes));
  if (typeof bytes === 'string') return bytes;
  const decoded = decodeIndex(bytes);
  if (typeof decoded === 'string') return decoded;
  const { file, index } = decoded;
  if (file.sizeBytes !== sizeBytes) return `it is of ${file.sizeBytes} bytes, and the capture has ${sizeBytes}`;
  const madeAt = Date.parse(String(answer.headers['last-modified'] ?? ''));
  // A server tells whole seconds. The time at which a capture came to a store is another one than that of the file.
  const changedAt = Date.parse(lastModified);
  const sameTime = changedAt === Math.floor(Number(BigInt(file.mtimeNs) / 1_000_000_000n)) * 1000;
  if (!sameTime && changedAt > madeAt) return 'the capture was written after it';
  if ((await endsOf(source, first)) !== file.endsSha256) return 'the capture is another one';
  return { index, bytes: bytes.length };
}

async function answerOf(source: UrlSource): Promise<Answer | string | null> {
  const url = parseCaptureUrl(source.url);
  url.pathname = indexName(url.pathname);
  const prefix = source.prefix === null ? null : UrlPrefix.parse(source.prefix);
  if (prefix !== null && !prefix.allows(url)) return null;
  let answer: Answer;
  try {
    answer = await httpGet(url, prefix, {});
  } catch (error) {
    return `it cannot be read (${(error as Error).message})`;
  }
  if (answer.status === 200) return answer;
  discard(answer);
  // A presigned URL is of the capture alone.
  return [401, 403, 404, 410].includes(answer.status) ? null : `the server answers ${statusText(answer.status)}`;
}

async function bodyOf(answer: Answer, bytesMax: number): Promise<Buffer | string> {
  const pieces: Uint8Array[] = [];
  let held = 0;
  try {
    for await (const piece of answer.body as AsyncIterable<Uint8Array>) {
      held += piece.length;
      if (held > bytesMax) return `it has more than the ${bytesMax} bytes of an index of this capture`;
      pieces.push(piece);
    }
  } catch (error) {
    return `it cannot be read (${(error as Error).message})`;
  } finally {
    discard(answer);
  }
  return Buffer.concat(pieces);
}

/** The hash that ../identity.ts makes of a file. */
async function endsOf(source: UrlSource, first: Uint8Array): Promise<string> {
  const { sizeBytes } = source.identity;
  const hash = createHash('sha256');
  if (sizeBytes <= first.length && sizeBytes <= 2 * identityEndBytes) return hash.update(first).digest('hex');
  hash.update(first.subarray(0, identityEndBytes));
  for await (const piece of streamUrl(source, sizeBytes - identityEndBytes, null)) hash.update(piece);
  return hash.digest('hex');
}
