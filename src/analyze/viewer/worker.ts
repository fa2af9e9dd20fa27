// The engine in a worker of a browser: bundled into dist/web/viewer-worker.js, with what it takes of Node replaced by
// browser-modules/.
import { ByteReader } from '../../captures/file/byte-reader.js';
import { compressionAhead } from '../../captures/packed/compression.js';
import { loadRowWriter } from '../../captures/scan/scan-module.js';
import { scanStream } from '../../captures/scan/scan-stream.js';
import { TriremeError } from '../../common/errors.js';
import { exactJson } from '../../common/exact-json.js';
import { jsonPieces } from '../../pcap/rows/json-pieces.js';
import { compileAsked, topDefault, type AskedNames } from '../../pcap/request.js';
import { failedEntry, hasFacts, jsonDocument, type Entry } from '../entry.js';
import { askedForFiles, printedEntry, shownEntry, type KeptSettings } from '../files/kept-entries.js';
import { reportDataOf, type KeptEntry } from '../html/report-data.js';
import { answerPieces } from './piece-reader.js';
import { PieceReaders } from './piece-readers.js';
import { provideParts } from './browser-modules/node.js';
import {
  readersFromBytes,
  type ReaderRequest,
  type ViewerMessage,
  type ViewerRequest,
} from '../../web/viewer/messages.js';

/** What a worker of a browser has, as far as it is used here. */
declare const self: {
  onmessage: ((message: { readonly data: ViewerRequest | ReaderRequest }) => void) | null;
  postMessage(message: ViewerMessage): void;
};

/** Milliseconds between two words on how far it is. */
const progressIntervalMs = 100;
/** Rows of each table, as in a report of the command line. */
const topInReport = 500;

const fields: AskedNames = {
  ...{ top: 'top', sort: 'sort', intervalNs: 'interval', conversationsMax: 'conversations', client: 'client' },
  ...{ server: 'server', filter: 'the filter', filterTags: 'filterTags', after: 'after', before: 'before' },
  ...{ inner: 'inner', tcp: 'tcp', names: 'names' },
};

self.onmessage = ({ data }) => {
  if ('asked' in data) return answerPieces(data.asked);
  analyse(data, (message) => self.postMessage(message)).catch((error: unknown) =>
    self.postMessage({ event: 'failed', message: TriremeError.from(error).message }),
  );
};

async function analyse(
  { parts, files, filter, tcp, names, readers }: ViewerRequest,
  say: (message: ViewerMessage) => void,
): Promise<void> {
  provideParts(parts);
  const asked = { filter: filter.trim() === '' ? undefined : filter, tcp, names };
  const { scan, sort } = compileAsked(asked, fields, { max: topInReport, why: 'the rows of a report' });
  const settings: KeptSettings = {
    ...{ top: topDefault, scan, files: files.map(({ name }) => name), resume: false },
    written: { top: topInReport },
  };
  const wanted = askedForFiles(settings);
  const bytesTotal = files.reduce((sum, { content }) => sum + content.size, 0);
  const kept: KeptEntry[] = [];
  const printed: Entry[] = [];
  let before = 0;
  let toldMs = 0;
  const pieceReaders = new PieceReaders(readers);
  for (const { name, content } of files) {
    const begun = before;
    const onBytes = (bytes: number): void => {
      if (performance.now() - toldMs < progressIntervalMs) return;
      toldMs = performance.now();
      say({ event: 'progress', bytesDone: begun + bytes, bytesTotal, file: name });
    };
    const entry = await entryOf(name, content, pieceReaders, { ...wanted, sort }, onBytes);
    before += content.size;
    const facts = hasFacts(entry) ? entry : null;
    kept.push(facts === null ? { entry, pairs: [], matrix: null } : shownEntry(facts, settings));
    printed.push(facts === null ? entry : printedEntry(facts, settings));
  }
  const report = exactJson(reportDataOf(kept, sort, false));
  say({ event: 'done', report, json: [...jsonPieces(jsonDocument(printed), loadRowWriter)] });
}

async function entryOf(
  file: string,
  content: Blob,
  readers: PieceReaders,
  settings: Pick<Parameters<typeof scanStream>[2], 'scan' | 'top' | 'sort'>,
  onBytes: (bytes: number) => void,
): Promise<Entry> {
  const reader = new ByteReader(piecesOf(content, readers, onBytes));
  try {
    const compression = await compressionAhead(reader);
    const bytes = reader.remaining(Number.MAX_SAFE_INTEGER);
    return { file, ...(await scanStream(bytes, compression, { ...settings, packedRows: true })) };
  } catch (error) {
    // A file that was removed or changed since it was chosen can be read no more.
    if (error instanceof DOMException)
      return failedEntry(file, new TriremeError('FILE_UNREADABLE', `${file}: ${error.message}`, { cause: error }));
    return failedEntry(file, error);
  } finally {
    await reader.close();
  }
}

/** A file in pieces, with word of how far it is. */
async function* piecesOf(
  content: Blob,
  readers: PieceReaders,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  if (content.size < readersFromBytes) {
    yield new Uint8Array(await content.arrayBuffer());
    return;
  }
  let done = 0;
  for await (const bytes of readers.pieces(content)) {
    done += bytes.length;
    yield bytes;
    onBytes(done);
  }
}
