import { pairedConversationsMax, scanIntervalNs } from '../../pcap/asked-report.js';
import { cutNames } from '../../pcap/name-tables.js';
import type { FactsEntry } from '../entry.js';
import { matrixOf } from '../html/matrix.js';
import { boundsFor } from '../html/report-bounds.js';
import type { KeptEntry } from '../html/report-data.js';
import type { AnalyzeSettings, FileOutputs } from '../settings.js';
import { fitSeries } from './fit-series.js';
import { foldSeries } from './fold-series.js';
import { pairsOf } from './pairs.js';

/** Rows of a time series whose interval was not asked for: more than the pixels of a chart would not be seen. */
const seriesRowsMax = 600;

/** Of an analysis, what its files depend on. */
export type KeptSettings = Pick<AnalyzeSettings, 'top' | 'scan' | 'files' | 'resume'> & {
  readonly written: Pick<FileOutputs, 'top'>;
};

/** What the scan is asked, so that there is enough for files: more rows than are printed, and a time series. */
export function askedForFiles({ top, scan, written }: KeptSettings): Pick<AnalyzeSettings, 'top' | 'scan'> {
  return {
    top: Math.max(top, written.top, pairedConversationsMax),
    scan: { ...scan, intervalNs: scan.intervalNs ?? scanIntervalNs.toString() },
  };
}

/**
 * Whether there is a series that nobody asked for. An analysis that is resumed has one only if it was
 * submitted with it.
 */
const unasked = ({ scan, resume }: KeptSettings): boolean => scan.intervalNs === null && !resume;

/** The entry with all of its rows; a series that nobody asked for is told in plain intervals. */
export function fittedEntry(entry: FactsEntry, settings: KeptSettings): FactsEntry {
  const { series } = entry;
  if (series === undefined || !unasked(settings)) return entry;
  return { ...entry, series: fitSeries(series, seriesRowsMax) };
}

/** An entry as pages and tables of pairs are made of it; what they sum is summed while all of its rows are there. */
export function shownEntry(entry: FactsEntry, settings: KeptSettings): KeptEntry {
  const { files, written } = settings;
  const bounds = boundsFor(files.length);
  const pairs = pairsOf(entry.top.slice(0, askedForFiles(settings).top));
  return {
    entry: cutRows(fittedEntry(entry, settings), written.top),
    pairs: pairs.slice(0, written.top),
    matrix: matrixOf(pairs, bounds.matrixAddresses),
    folded: entry.series === undefined ? null : foldSeries(entry.series, bounds.seriesPoints),
  };
}

/** The entry that is printed: the one that there would be without files. */
export function printedEntry(entry: FactsEntry, settings: KeptSettings): FactsEntry {
  const printed = cutRows(entry, settings.top);
  if (!unasked(settings)) return printed;
  const { series: _ofFiles, ...facts } = printed;
  const { tcp } = facts;
  if (tcp === undefined) return facts;
  // In its place, so that the order of the JSON stays.
  return { ...facts, tcp: { ...tcp, findings: tcp.findings.filter(({ kind }) => kind !== 'when') } };
}

/** The first rows of the long tables. */
export function cutRows(entry: FactsEntry, rows: number): FactsEntry {
  return {
    ...entry,
    top: entry.top.slice(0, rows),
    top_times: entry.top_times.slice(0, rows),
    ...(entry.names === undefined ? {} : { names: cutNames(entry.names, rows) }),
    endpoints: entry.endpoints.slice(0, rows),
  };
}
