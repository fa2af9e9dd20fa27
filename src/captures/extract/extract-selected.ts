import { TriremeError } from '../../common/errors.js';
import { Extractor, type ExtractOptions, type ExtractOutcome } from '../../pcap/extractor.js';
import { bytesOf, selectPieces, type PieceRun, type Selection } from '../../pcap/pieces/select-pieces.js';
import type { CaptureFile } from '../file/capture-file.js';
import { withFirstPacket } from '../scan/first-packet.js';
import { FilePour } from '../file/pour.js';
import { loadScanModule } from '../scan/scan-module.js';
import { indexBeside, indexName } from '../indexed/index-beside.js';
import { selectionText } from '../indexed/scan-selected.js';

/** The pieces that an extraction reads. */
export interface SelectedPieces {
  readonly selection: Selection;
  /** With the time of the first packet, where the span counts from it. */
  readonly options: ExtractOptions;
}

/**
 * The pieces of a plain file in which packets can match, or blocks lie that are kept; null: all of it is to be read.
 * @param threads that would read all of it
 */
export function selectedPieces(
  file: CaptureFile,
  options: ExtractOptions,
  threads: number,
  onNote: (text: string) => void,
): SelectedPieces | null {
  const beside = indexBeside(file);
  if (beside === null) return null;
  if ('note' in beside) {
    onNote(beside.note);
    return null;
  }
  const known = withFirstPacket(file.fd, { scan: { span: options.span } });
  if (known === null) return null;
  const { span } = known.scan;
  const selection = selectPieces(beside.index, { filter: options.filter, span }, true);
  if (selection === null || selection.piecesRead === selection.pieces) return null;
  if (bytesOf(selection, file.sizeBytes!) > file.sizeBytes! / threads) return null;
  onNote(selectionText(file.name, selection, file.sizeBytes!));
  return { selection, options: { ...options, span } };
}

/**
 * Takes the packets out of the pieces that were selected: the very bytes that a pass over the file takes out.
 * @param afterPortion is called between two portions of the file, and waited for
 * @param gatherBytes that are there before `onBytes` hears of them; 0: any
 * @throws TriremeError FILE_CHANGED where the file is not as it was indexed
 */
export async function extractSelected(
  file: CaptureFile,
  { selection, options }: SelectedPieces,
  onBytes: (bytes: Uint8Array) => void,
  afterPortion: () => Promise<void>,
  gatherBytes: number,
): Promise<ExtractOutcome> {
  let packets = 0n;
  let ofPackets = 0n;
  let outcome: ExtractOutcome | null = null;
  for (const run of selection.runs) {
    const packetsMax = options.packetsMax === undefined ? undefined : options.packetsMax - packets;
    const plan = { start: run.start, end: run.end, startCertain: true, state: run.state };
    const extractor = new Extractor(loadScanModule(), { ...options, packetsMax }, onBytes, plan, gatherBytes);
    const pour = new FilePour(file.fd, extractor, run.start, run.end ?? file.sizeBytes!);
    while (pour.step() > 0) await afterPortion();
    outcome = extractor.end();
    packets += outcome.packets;
    ofPackets += BigInt(run.skippedBefore) + outcome.ofPackets;
    if (packetsMax !== undefined && outcome.packets === packetsMax) break;
    if (!isAsIndexed(run, outcome))
      throw new TriremeError(
        'FILE_CHANGED',
        `${file.name}: is not as ${indexName(file.name)} says at ${run.start}: make it anew with trireme index`,
      );
  }
  if (outcome === null) throw new TriremeError('INTERNAL', 'an index selects no piece');
  return { ...outcome, packets, ofPackets };
}

function isAsIndexed({ end, packets }: PieceRun, outcome: ExtractOutcome): boolean {
  if (end === null) return true;
  return outcome.damage === null && outcome.end === end && outcome.ofPackets === BigInt(packets!);
}
