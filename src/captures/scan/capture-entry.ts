import { TriremeError } from '../../common/errors.js';
import { emptyFile, looksTransferredAsText } from '../../pcap/foreign.js';
import type { CaptureFacts, CaptureReport, NotACapture } from '../../pcap/report-types.js';
import type { Compression } from '../packed/compression.js';
import type { InflateOutcome } from '../packed/inflated.js';

/** A report with what the file around the capture adds. */
export type CaptureEntry = (CaptureFacts & { readonly compression: Compression | null }) | NotACapture;

/** Bytes from the start of a damaged capture that are looked at for the marks of a transfer as text. */
const textBytes = 64 * 1024;

const transferRemedy =
  'its line ends were changed by a transfer as text (FTP in ASCII mode): transfer it again in binary mode';

/** In place of what a report says of a cut. */
export const notCut = {
  truncated: false,
  truncated_offset: undefined,
  truncated_claimed: undefined,
  truncated_held: undefined,
} as const;

/**
 * The entry of a file that was counted to the size that it had when it was opened and has more bytes by now:
 * the record in which it ended then is one that was not yet complete.
 */
export function stillWritten<T extends { readonly error: string | null }>(entry: T): T {
  return entry.error === null ? { ...entry, ...notCut, grew: true } : entry;
}

/**
 * The report of a capture that came out of a compressed stream. Damage of that stream is damage of the
 * capture, told with its offset in the file as it is stored; of a cut the report has already been told.
 * `firstBytes` gives the start of a file that is not packed, which may tell why it is damaged.
 */
export function capturedIn(
  report: CaptureReport,
  compression: Compression | null,
  { truncated, damage, restBytes = 0 }: InflateOutcome,
  firstBytes: () => Uint8Array = () => new Uint8Array(0),
): CaptureEntry {
  if (report.error === 'not-a-capture') {
    if (damage !== null) return { ...report, error_detail: damage };
    if (compression === null) return report;
    if (!truncated) return { ...report, error_detail: inside(report.error_detail, compression) };
    const cut = `the ${compression} stream is cut short`;
    // What came out of it is empty, the file is not.
    const nothing = report.error_detail === emptyFile;
    return { ...report, error_detail: nothing ? `${cut} before its first byte` : `${report.error_detail}: ${cut}` };
  }
  if ((report.error !== null || report.truncated) && looksTransferredAsText(firstBytes().subarray(0, textBytes))) {
    const detail = report.error === null ? `perhaps ${transferRemedy}` : `${report.error_detail}; ${transferRemedy}`;
    return { ...report, error_detail: detail, compression };
  }
  const rest = restBytes > 0 ? { rest_bytes: restBytes } : {};
  if (report.error !== null && compression !== null)
    return { ...report, error_detail: inside(report.error_detail ?? '', compression), ...rest, compression };
  if (report.error !== null || damage === null) return { ...report, ...rest, compression };
  return { ...report, ...notCut, error: 'damaged', error_detail: damage, compression };
}

const unpackers: Readonly<Record<Compression, string>> = { gzip: 'gzip -dc', zstd: 'zstd -dc', lz4: 'lz4 -dc' };

/** Of a command that reads FILE and writes what it makes of it; unzip, 7z and unrar need a file. */
const pipedCommand = /: ((?!unzip|7z|unrar)[a-z][^:;|]*) FILE \| trireme/;

/** Commands that unpack by themselves. */
const readsPacked = /: (?:tar -xf|editcap -F pcap) FILE/;

/** Words about the bytes inside a packed file: where they name a command for FILE, that file must be unpacked first. */
function inside(detail: string, compression: Compression): string {
  if (!/\bFILE\b/.test(detail)) return detail;
  const unpacker = unpackers[compression];
  if (readsPacked.test(detail)) return `inside ${compression}: ${detail}`;
  const piped = detail.replace(pipedCommand, (_all, command: string) => `: ${unpacker} FILE | ${command} | trireme`);
  return `inside ${compression}: ${piped === detail ? `${detail} (FILE: what ${unpacker} gives)` : piped}`;
}

/** A file that gave no counts: it could not be opened, read, or filtered, or changed meanwhile. */
export interface FailedFile {
  readonly error: 'unreadable' | 'changed';
  readonly error_detail: string;
}

/** What is told of a file that failed. An error that is not about the file is thrown again. */
export function failedFile(file: string, caught: unknown): FailedFile {
  const error = TriremeError.from(caught);
  if (error.code === 'FILE_UNREADABLE' || error.code === 'FILE_SILENT' || error.code === 'PATH_REFUSED') {
    return { error: 'unreadable', error_detail: error.message };
  }
  if (error.code === 'FILTER_UNFIT') return { error: 'unreadable', error_detail: `${file}: ${error.message}` };
  if (error.code === 'FILE_CHANGED') return { error: 'changed', error_detail: error.message };
  const { syscall, code } = (caught ?? {}) as NodeJS.ErrnoException;
  if (syscall === 'read') {
    return { error: 'unreadable', error_detail: `${file}: cannot be read: ${code ?? error.message}` };
  }
  throw caught;
}
