/**
 * Bounds of a report. Together they keep it under 1 MB whatever was captured and however many files there are: several
 * files share what one may have.
 */

/** One bound: of a single file, of all files together, and what each file has at least. */
interface Bound {
  readonly perFile: number;
  readonly together: number;
  readonly least: number;
}

/** Rows of each long table, at up to 500 bytes a conversation and 200 a talker. */
const tableRows: Bound = { perFile: 500, together: 520, least: 10 };
/** Points of the charts, at 70 bytes; the pixels of a chart are not many more. */
const seriesPoints: Bound = { perFile: 600, together: 1500, least: 30 };
/** Lines of the protocol tree, at 110 bytes: a hostile capture has 65,536 of them. Link types likewise. */
const protocolRows: Bound = { perFile: 100, together: 800, least: 12 };
/** Lines of the table of tunnels, at 90 bytes: a hostile capture has 120 of them. */
const tunnelRows: Bound = { perFile: 60, together: 120, least: 3 };
/** Rows of each table of names, at up to 600 bytes. */
const nameRows: Bound = { perFile: 50, together: 80, least: 2 };
/** Squares of the matrix, at 55 bytes: more would be too small to tell apart. */
const matrixCells: Bound = { perFile: 24 * 24, together: 2000, least: 6 * 6 };

/** Files with charts and tables; of the others only the line in the list of files is kept. */
export const filesShownMax = 40;
/** Files in that list, at up to 300 bytes. */
export const filesListedMax = 500;
/** Characters of a file's name, and of what is wrong with it: neither has a bound of its own. */
export const textLengthMax = 200;
/** Characters of the tunnels of a conversation: clouds and carriers nest three. */
export const tunnelLengthMax = 60;

/** What each of so many files may have. */
export interface ReportBounds {
  readonly tableRows: number;
  readonly seriesPoints: number;
  readonly protocolRows: number;
  readonly tunnelRows: number;
  readonly nameRows: number;
  /** Addresses on each side of the matrix. */
  readonly matrixAddresses: number;
}

export function boundsFor(files: number): ReportBounds {
  const shown = Math.max(1, Math.min(files, filesShownMax));
  const share = ({ perFile, together, least }: Bound): number =>
    Math.min(perFile, Math.max(least, Math.floor(together / shown)));
  return {
    tableRows: share(tableRows),
    seriesPoints: share(seriesPoints),
    protocolRows: share(protocolRows),
    tunnelRows: share(tunnelRows),
    nameRows: share(nameRows),
    matrixAddresses: Math.floor(Math.sqrt(share(matrixCells))),
  };
}
