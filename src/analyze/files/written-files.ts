import { join } from 'node:path';
import { forTerminal } from '../../common/for-terminal.js';
import { cutNames } from '../../pcap/name-tables.js';
import type { TimeSeries } from '../../pcap/report-types.js';
import { csvDocument } from '../csv-tables.js';
import { namesTables } from '../names-tables.js';
import { hasFacts, type Entry, type FactsEntry } from '../entry.js';
import { boundsFor } from '../html/report-bounds.js';
import { matrixOf } from '../html/matrix.js';
import type { KeptEntry } from '../html/report-data.js';
import type { AnalyzeSettings } from '../settings.js';
import { tableNames } from '../tables.js';
import { humanBytes } from '../units.js';
import { fitSeries } from './fit-series.js';
import { foldSeries } from './fold-series.js';
import { checkHtmlName, ensureFolder, writeWhole } from './out-file.js';
import { pairsOf } from './pairs.js';
import { pairsTable } from './pairs-table.js';
import type { ParquetFolder } from '../parquet/folder.js';

/**
 * Conversations that pairs and the matrix are summed from: in nearly every capture all of them, and their rows still fit a
 * message of the cluster.
 */
const pairedConversationsMax = 20_000;
/** Nanoseconds of a row while the scan does not know how long the capture is: 1/512 s, whose doublings meet 1 s. */
const scanIntervalNs = 1_953_125n;
/** Rows of a time series whose interval was not asked for: more than the pixels of a chart would not be seen. */
const seriesRowsMax = 600;

/** The report and the tables that an analysis writes beside what it prints. */
export class WrittenFiles {
  /** What the scan is asked, so that there is enough for files: more rows than are printed, and a time series. */
  readonly asked: AnalyzeSettings;
  readonly #kept: KeptEntry[] = [];
  readonly #parquet: ParquetFolder | null = null;
  /** There is a report, or the folder of CSV tables. */
  readonly #shown: boolean;

  /** @throws TriremeError where they could not be written: better now than after the scan */
  constructor(private readonly settings: AnalyzeSettings) {
    const { written, scan, top } = settings;
    const { parquet } = written;
    this.#shown = written.html !== null || written.csvFolder !== null || settings.output.form === 'html';
    if (written.html !== null) checkHtmlName(written.html);
    if (written.csvFolder !== null) ensureFolder('--csv', written.csvFolder);
    if (parquet !== null) {
      ensureFolder('--parquet', parquet.folder);
      // Loaded only for these.
      const folder = require('../parquet/folder.js') as typeof import('../parquet/folder.js');
      this.#parquet = new folder.ParquetFolder(parquet.folder, parquet.top);
    }
    this.asked = {
      ...settings,
      top: Math.max(top, parquet?.top ?? 0, ...(this.#shown ? [written.top, pairedConversationsMax] : [])),
      scan: { ...scan, intervalNs: scan.intervalNs ?? scanIntervalNs.toString() },
    };
  }

  /** Keeps what files tell of an entry, and gives the entry that is printed: the one that there would be without files. */
  take(entry: Entry): Entry {
    if (!hasFacts(entry)) {
      this.#parquet?.add(entry);
      this.#kept.push({ entry, pairs: [], matrix: null });
      return entry;
    }
    const { settings } = this;
    const { top } = settings.written;
    // A series that nobody asked for is told in plain intervals.
    const unasked = settings.scan.intervalNs === null && !settings.resume;
    const fitted = (series: TimeSeries): TimeSeries => (unasked ? fitSeries(series, seriesRowsMax) : series);
    const told = entry.series === undefined ? entry : { ...entry, series: fitted(entry.series) };
    this.#parquet?.add(cut(told, settings.written.parquet!.top));
    // Cut at once: many files would fill memory with rows that nothing shows.
    const kept = cut(told, top);
    this.#kept.push(this.#shown ? this.#summed(entry, kept) : { entry: kept, pairs: [], matrix: null });
    const printed = cut(entry, settings.top);
    if (!unasked) return printed;
    const { series: _ofFiles, ...facts } = printed;
    return facts;
  }

  /** An entry with what pages and tables of pairs are made of, while all of its rows are there. */
  #summed(whole: FactsEntry, entry: FactsEntry): KeptEntry {
    const { files, top, written } = this.settings;
    const bounds = boundsFor(files.length);
    const pairs = pairsOf(whole.top.slice(0, Math.max(top, written.top, pairedConversationsMax)));
    return {
      entry,
      pairs: pairs.slice(0, written.top),
      matrix: matrixOf(pairs, bounds.matrixAddresses),
      folded: whole.series === undefined ? null : foldSeries(whole.series, bounds.seriesPoints),
    };
  }

  /** Writes the files. @throws TriremeError FILE_UNWRITABLE */
  write(): void {
    const { html, csvFolder } = this.settings.written;
    if (csvFolder !== null) this.#writeTables(csvFolder);
    if (html !== null) this.#say(html, writeWhole('--html', html, this.html()));
    if (this.#parquet !== null) this.#writeParquet(this.#parquet);
  }

  /** The report, in pieces. */
  html(): Iterable<string> {
    // Loaded only for a report.
    const { htmlDocument } = require('../html/document.js') as typeof import('../html/document.js');
    return htmlDocument(this.#kept, this.settings.sort, this.settings.bits);
  }

  #writeParquet(parquet: ParquetFolder): void {
    const { folder, topAsked } = this.settings.written.parquet!;
    this.#say(`${parquet.tables} Parquet tables in ${folder}`, parquet.write());
    // Who asked for so many rows knows.
    const more = this.settings.master === null ? '; --top gives more' : ', the most that fit a message of the cluster';
    if (topAsked || this.settings.quiet) return;
    for (const note of parquet.notes) process.stderr.write(`trireme: ${forTerminal(note)}${more}\n`);
  }

  #writeTables(folder: string): void {
    const entries = this.#kept.map(({ entry }) => entry);
    let bytes = 0;
    // Without a joined capture there is no table of its files, and without --tcp and --names none of these.
    const joined = entries.some((entry) => entry.files !== undefined);
    const watched = entries.some((entry) => hasFacts(entry) && entry.tcp !== undefined);
    const named = entries.some((entry) => hasFacts(entry) && entry.names !== undefined);
    const names = tableNames.filter(
      (name) => (name !== 'files' || joined) && (name !== 'tcp' || watched) && (named || !(name in namesTables)),
    );
    for (const name of names) {
      bytes += writeWhole('--csv', join(folder, `${name}.csv`), csvDocument(name, entries));
    }
    bytes += writeWhole('--csv', join(folder, 'pairs.csv'), pairsTable(this.#kept));
    this.#say(`${names.length + 1} tables in ${folder}`, bytes);
  }

  #say(what: string, bytes: number): void {
    if (!this.settings.quiet) process.stderr.write(`trireme: wrote ${forTerminal(what)} (${humanBytes(bytes)})\n`);
  }
}

/** The first rows of the long tables. */
function cut(entry: FactsEntry, rows: number): FactsEntry {
  return {
    ...entry,
    top: entry.top.slice(0, rows),
    top_times: entry.top_times.slice(0, rows),
    ...(entry.names === undefined ? {} : { names: cutNames(entry.names, rows) }),
    endpoints: entry.endpoints.slice(0, rows),
  };
}
