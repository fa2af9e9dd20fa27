import { JoinScanner, type FilesBefore, type PartFacts } from '../../pcap/join-scanner.js';
import type { ScanOptions } from '../../pcap/types.js';
import { failedFile, type FailedFile } from '../scan/capture-entry.js';
import { openCapture, type CaptureFile } from '../file/capture-file.js';
import type { Compression } from '../packed/compression.js';
import { TriremeError } from '../../common/errors.js';
import { inflate } from '../packed/inflate-bound.js';
import { soundOutcome, type InflateOutcome } from '../packed/inflated.js';
import { FilePour, pourStream } from '../file/pour.js';
import { readAhead } from '../file/read-ahead.js';

/** What a scan must know of a file of a joined capture. */
export interface RunFile {
  readonly name: string;
  /** Where it is opened; by default its name. */
  readonly path?: string;
  /** Bytes that are counted, though it may have more by now; by default those that it has when it is opened. */
  readonly sizeBytes?: number;
  readonly compression: Compression | null;
}

/** How a file was scanned, or why it was not. Plain JSON. */
export type FileOutcome =
  | {
      readonly facts: PartFacts;
      readonly inflated: InflateOutcome;
      /** Only when it had more bytes after its scan than before: what is behind them is not counted. */
      readonly grew?: true;
    }
  | FailedFile;

export interface ScannedRun {
  /** Holds the counts of all files that have facts, and of no other. */
  readonly scanner: JoinScanner;
  /** One for each file, in the same order. */
  readonly outcomes: readonly FileOutcome[];
}

/**
 * Scans files one after the other into one table. A file that fails after some of it was counted is left out
 * by counting the others again: what is in the table is exact.
 * @param onBytes hears of bytes of files as they are stored, when they are scanned; what it throws ends all
 */
export async function scanRun(
  module: WebAssembly.Module,
  files: readonly RunFile[],
  options: ScanOptions,
  onBytes: (bytes: number, scanner: JoinScanner) => void,
  /** Called between files. */
  pause: () => Promise<void> | void = () => undefined,
  before: FilesBefore | null = null,
): Promise<ScannedRun> {
  const failures = new Map<number, FailedFile>();
  for (;;) {
    const scanner = new JoinScanner(module, options, before);
    const outcomes: FileOutcome[] = [];
    try {
      for (const [i, file] of files.entries()) {
        const known = failures.get(i);
        if (known !== undefined) {
          outcomes.push(known);
          continue;
        }
        try {
          const outcome = scanFile(file, scanner, (bytes) => onBytes(bytes, scanner));
          outcomes.push(outcome instanceof Promise ? await outcome : outcome);
        } catch (error) {
          const failure = failedFile(file.name, error);
          failures.set(i, failure);
          if (scanner.inFile) break;
          outcomes.push(failure);
        }
        await pause();
      }
      if (outcomes.length === files.length) return { scanner, outcomes };
      scanner.cancel();
    } catch (error) {
      scanner.cancel();
      throw error;
    }
  }
}

/** Plain files are read without a turn of the event loop. */
function scanFile(
  { name, path = name, sizeBytes, compression }: RunFile,
  scanner: JoinScanner,
  onBytes: (bytes: number) => void,
): FileOutcome | Promise<FileOutcome> {
  const file = openCapture(path);
  const size = sizeBytes ?? file.sizeBytes ?? 0;
  if (compression !== null) return scanPacked(file, size, compression, scanner, onBytes);
  try {
    scanner.begin();
    new FilePour(file.fd, scanner, 0, size).all(onBytes);
    return ended(file, size, scanner, soundOutcome);
  } finally {
    file.close();
  }
}

async function scanPacked(
  file: CaptureFile,
  size: number,
  compression: Compression,
  scanner: JoinScanner,
  onBytes: (bytes: number) => void,
): Promise<FileOutcome> {
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const bytes of readAhead(file.fd, size)) {
      onBytes(bytes.length);
      yield bytes;
    }
  }
  try {
    const inflated = inflate(counted(), compression);
    scanner.begin();
    await pourStream(inflated.bytes, scanner);
    return ended(file, size, scanner, inflated.outcome());
  } finally {
    file.close();
  }
}

function ended(file: CaptureFile, size: number, scanner: JoinScanner, inflated: InflateOutcome): FileOutcome {
  if ((file.sizeBytes ?? 0) < size)
    throw new TriremeError('FILE_CHANGED', `${file.name}: had ${size} bytes and has ${file.sizeBytes} now`);
  const grew = file.hasGrown() || (file.sizeBytes ?? 0) > size;
  return { facts: scanner.endPart(), inflated, ...(grew ? { grew } : {}) };
}

/** To a thread that scans runs of files. */
export interface RunPlan {
  /** Position of the first file. */
  readonly from: number;
  readonly files: readonly RunFile[];
  /** It is scanned once more, with this. */
  readonly again?: FilesBefore;
}

/** What a run knows of the files before it; null: there are none. */
export const beforeRun = ({ from, again }: RunPlan): FilesBefore | null => again ?? (from === 0 ? null : {});

/** From it; the partial is transferred. */
export interface RunResult {
  readonly from: number;
  readonly again?: FilesBefore;
  readonly outcomes: readonly FileOutcome[];
  readonly partial: Uint8Array;
}
