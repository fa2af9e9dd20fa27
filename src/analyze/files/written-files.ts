import { join } from 'node:path';
import { forTerminal } from '../../common/for-terminal.js';
import { csvDocument } from '../csv-tables.js';
import { namesTables } from '../names-tables.js';
import { hasFacts, type Entry } from '../entry.js';
import type { KeptEntry } from '../html/report-data.js';
import type { AnalyzeSettings } from '../settings.js';
import { tableNames } from '../tables.js';
import { humanBytes } from '../units.js';
import { askedForFiles, cutRows, fittedEntry, printedEntry, shownEntry } from './kept-entries.js';
import { checkHtmlName, ensureFolder, removeFile, writeWhole } from './out-file.js';
import { pairsTable } from './pairs-table.js';
import type { ParquetFolder } from '../parquet/folder.js';

/** The report and the tables that an analysis writes beside what it prints. */
export class WrittenFiles {
  /** What the scan is asked, so that there is enough for files: more rows than are printed, and a time series. */
  readonly asked: AnalyzeSettings;
  private readonly kept: KeptEntry[] = [];
  private readonly parquet: ParquetFolder | null = null;
  /** There is a report, or the folder of CSV tables. */
  private readonly shown: boolean;

  /** @throws TriremeError where they could not be written: better now than after the scan */
  constructor(private readonly settings: AnalyzeSettings) {
    const { written, top } = settings;
    const { parquet } = written;
    this.shown = written.html !== null || written.csvFolder !== null || settings.output.form === 'html';
    if (written.html !== null) checkHtmlName(written.html);
    if (written.csvFolder !== null) ensureFolder('--csv', written.csvFolder);
    if (parquet !== null) {
      ensureFolder('--parquet', parquet.folder);
      // Loaded only for these.
      const folder = require('../parquet/folder.js') as typeof import('../parquet/folder.js');
      this.parquet = new folder.ParquetFolder(parquet.folder, parquet.top);
    }
    const asked = askedForFiles(settings);
    this.asked = {
      ...settings,
      top: Math.max(top, parquet?.top ?? 0, this.shown ? asked.top : 0),
      scan: asked.scan,
    };
  }

  /**
   * Keeps what files tell of an entry, and gives the entry that is printed: the one that there would be without files.
   */
  take(entry: Entry): Entry {
    if (!hasFacts(entry)) {
      this.parquet?.add(entry);
      this.kept.push({ entry, pairs: [], matrix: null });
      return entry;
    }
    const { settings } = this;
    const { written } = settings;
    const told = fittedEntry(entry, settings);
    this.parquet?.add(cutRows(told, written.parquet!.top));
    // Cut at once: many files would fill memory with rows that nothing shows.
    const kept = { entry: cutRows(told, written.top), pairs: [], matrix: null };
    this.kept.push(this.shown ? shownEntry(entry, settings) : kept);
    return printedEntry(entry, settings);
  }

  /** Writes the files. @throws TriremeError FILE_UNWRITABLE */
  write(): void {
    const { html, csvFolder } = this.settings.written;
    if (csvFolder !== null) this.writeTables(csvFolder);
    if (html !== null) this.say(html, writeWhole('--html', html, this.html()));
    if (this.parquet !== null) this.writeParquet(this.parquet);
  }

  /** The report, in pieces. */
  html(): Iterable<string> {
    // Loaded only for a report.
    const { htmlDocument } = require('../html/document.js') as typeof import('../html/document.js');
    return htmlDocument(this.kept, this.settings.sort, this.settings.bits);
  }

  private writeParquet(parquet: ParquetFolder): void {
    const { folder, topAsked } = this.settings.written.parquet!;
    this.say(`${parquet.tables} Parquet tables in ${folder}`, parquet.write());
    // Who asked for so many rows knows.
    const more = this.settings.master === null ? '; --top gives more' : ', the most that fit a message of the cluster';
    if (topAsked || this.settings.quiet) return;
    for (const note of parquet.notes) process.stderr.write(`trireme: ${forTerminal(note)}${more}\n`);
  }

  private writeTables(folder: string): void {
    const entries = this.kept.map(({ entry }) => entry);
    let bytes = 0;
    // Without a joined capture there is no table of its files, and without --tcp and --names none of these.
    const joined = entries.some((entry) => entry.files !== undefined);
    const watched = entries.some((entry) => hasFacts(entry) && entry.tcp !== undefined);
    const named = entries.some((entry) => hasFacts(entry) && entry.names !== undefined);
    const names = tableNames.filter(
      (name) => (name !== 'files' || joined) && (name !== 'tcp' || watched) && (named || !(name in namesTables)),
    );
    // A table of a run before would stand beside those of another capture.
    for (const name of tableNames) {
      if (!names.includes(name)) removeFile('--csv', join(folder, `${name}.csv`));
    }
    for (const name of names) {
      bytes += writeWhole('--csv', join(folder, `${name}.csv`), csvDocument(name, entries));
    }
    bytes += writeWhole('--csv', join(folder, 'pairs.csv'), pairsTable(this.kept));
    this.say(`${names.length + 1} tables in ${folder}`, bytes);
  }

  private say(what: string, bytes: number): void {
    if (!this.settings.quiet) process.stderr.write(`trireme: wrote ${forTerminal(what)} (${humanBytes(bytes)})\n`);
  }
}
