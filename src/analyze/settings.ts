import { join as joinPath } from 'node:path';
import { TriremeError } from '../common/errors.js';
import type { HostPort } from '../common/options.js';
import {
  compileDiallerTrust,
  noTrust,
  trustOptionGiven,
  type TrustOptions,
  type TrustSettings,
} from '../common/trust/options.js';
import { standardInput } from '../captures/file/capture-file.js';
import { isUrl } from '../captures/file/capture-name.js';
import type { IndexSettings } from '../captures/scan/scan-settings.js';
import { threadsToUse } from '../captures/threads/address-room.js';
import {
  compileAsked,
  topAll,
  topObjectsMax,
  topOfInner,
  topOfMessage,
  type Asked,
  type AskedNames,
  type TopBound,
} from '../pcap/request.js';
import type { ScanOptions, SortOrder } from '../pcap/types.js';
import { namesTables } from './names-tables.js';
import { noteUnless } from './notes.js';
import { tableNames, type TableName } from './tables.js';

/** What commander hands over: each option as its parser gave it. */
export interface AnalyzeOptions extends TrustOptions {
  readonly read?: readonly string[];
  readonly client?: string;
  readonly server?: string;
  readonly multi?: boolean;
  readonly cores?: number;
  readonly threadBytes?: number;
  readonly master?: HostPort;
  readonly wait?: number;
  readonly resume?: readonly string[];
  readonly detach?: boolean;
  readonly join?: boolean;
  readonly recursive?: boolean;
  readonly json?: boolean;
  readonly csv?: string | true;
  readonly html?: string;
  readonly parquet?: string;
  readonly top?: number;
  readonly sort: string;
  readonly interval?: bigint;
  readonly every?: number;
  readonly follow?: boolean;
  readonly filter?: string;
  readonly filterTags?: string;
  /** ns in decimal, with a '+' from the first packet. */
  readonly after?: string;
  readonly before?: string;
  /** Conversations and endpoints of the innermost IP header. */
  readonly inner?: boolean;
  /** The health of TCP conversations. */
  readonly tcp?: boolean;
  /** What packets tell of names. */
  readonly names?: boolean;
  readonly communityId?: boolean;
  readonly communityIdSeed?: number;
  /** True: make one; false: use none. */
  readonly index?: boolean;
  readonly maxConversations: number;
  readonly human?: boolean;
  readonly bits?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

export type OutputForm =
  | { readonly form: 'text' }
  | { readonly form: 'json' }
  | { readonly form: 'csv'; readonly table: TableName }
  | { readonly form: 'html' };

/** What is written beside standard output. */
export interface FileOutputs {
  /** The report's file; null: none, or standard output. */
  readonly html: string | null;
  /** The folder of all CSV tables. */
  readonly csvFolder: string | null;
  /** Rows of the tables in both. */
  readonly top: number;
  readonly parquet: ParquetSettings | null;
}

export interface ParquetSettings {
  /** The folder of all Parquet tables. */
  readonly folder: string;
  /** Rows of each: what was asked, or all that the analysis can give. */
  readonly top: number;
  readonly topAsked: boolean;
}

/** What the code runs on: complete and checked. */
export interface AnalyzeSettings {
  /** Names of captures; with `resume`, ids of analyses. */
  readonly files: readonly string[];
  readonly resume: boolean;
  /** The files, and those of the folders, are one capture. */
  readonly join: boolean;
  /** Folders within the folders too. */
  readonly recursive: boolean;
  /** The file, and all that its ring writes after it, are one capture. */
  readonly follow: boolean;
  /** Submit and leave. */
  readonly detach: boolean;
  readonly scan: ScanOptions;
  /** What is done with indexes beside captures of this machine. */
  readonly index: IndexSettings['mode'];
  readonly top: number;
  readonly sort: SortOrder;
  readonly threadsMax: number;
  /** Undefined: the tuned value. */
  readonly threadBytesMin: number | undefined;
  readonly master: HostPort | null;
  /** Milliseconds between two results so far of standard input; null: only the last one is told. */
  readonly everyMs: number | null;
  /** What the master is shown, and whom this side trusts. */
  readonly trust: TrustSettings;
  /** Time to wait for a first worker; 0: as long as the master says. */
  readonly waitMs: number;
  readonly output: OutputForm;
  readonly written: FileOutputs;
  /** Seed of the Community IDs of conversations; null: they have none. */
  readonly communityIdSeed: number | null;
  readonly human: boolean;
  /** Rates in bits. */
  readonly bits: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** Rows of each table in files, which are searched and not read from end to end. */
export const topInFilesDefault = 500;

const topOfText: TopBound = {
  // All of them are held until its columns are as wide as they must be.
  max: 1_000_000,
  why: 'the most rows of text: --top all with --json or --csv gives every row',
};
const topOfRows: TopBound = { max: topAll, why: 'the rows of the longest table; --top all gives every row' };

/** The options that say what is asked. */
const names: AskedNames = {
  top: '--top',
  sort: '--sort',
  intervalNs: '--interval',
  conversationsMax: '--max-conversations',
  client: '--client',
  server: '--server',
  filter: '--filter',
  filterTags: '--filter-tags',
  after: '--after',
  before: '--before',
  inner: '--inner',
  tcp: '--tcp',
  names: '--names',
};

const usage = (message: string): TriremeError => new TriremeError('USAGE', message);

/** Checks what only several options together can get wrong. Throws USAGE. */
export function compileSettings(
  files: readonly string[],
  given: AnalyzeOptions,
  kindOf: (name: string) => NameKind,
): AnalyzeSettings {
  const options = allForParquet(given);
  const csv = csvOf(options.csv, kindOf);
  const { resume = [], detach = false } = options;
  const named = [...(options.read ?? []), ...csv.files, ...files];
  checkResume(options, named);
  const all = [...resume, ...named];
  if (all.length === 0) throw usage(`name a capture: trireme analyze FILE ('-' reads standard input)`);
  if (all.filter((name) => name === standardInput).length > 1)
    throw usage(`'-' was named twice: standard input can be read once`);
  if (options.json === true && csv.table !== null) throw usage('--json and --csv are two forms of output: choose one');
  checkTableAsked(csv.table, options);
  if (options.recursive === true && options.join !== true)
    throw usage('--recursive enters the folders of a joined capture: it needs --join');
  if (options.html === standardInput && (options.json === true || csv.table !== null))
    throw usage(`--html - is a form of output, as --json and --csv are: choose one, or write --html FILE beside it`);
  if (options.html !== undefined && kindOf(options.html) === 'folder')
    throw usage(`--html ${options.html} is a folder: name a file, such as ${joinPath(options.html, 'report.html')}`);
  if (options.parquet === standardInput)
    throw usage(
      '--parquet - is no folder: it writes several files; name a folder, there or to be made, such as tables/',
    );
  if (options.parquet !== undefined && kindOf(options.parquet) === 'file')
    throw usage(`--parquet ${options.parquet} is a file: name a folder, there or to be made, such as tables/`);
  if (options.parquet !== undefined && detach)
    throw usage(
      '--parquet writes a result, and --detach waits for none: give it with --resume, and --top with --detach',
    );
  if (options.wait !== undefined && options.master === undefined)
    throw usage('--wait bounds waiting for workers: it needs --master');
  if (detach && options.master === undefined) throw usage('--detach leaves the work to a cluster: it needs --master');
  if (options.master === undefined && trustOptionGiven(options))
    throw usage('--token, --tls and their like are for the cluster: they need --master');
  if (options.master !== undefined && (options.multi === true || options.cores !== undefined)) {
    throw usage('--multi and --cores are about this machine, --master is about the cluster: choose one');
  }
  if (options.index === true && (options.master !== undefined || options.join === true))
    throw usage(
      `--index makes an index of each capture, on this machine: ` +
        `leave out ${options.join === true ? '--join' : '--master'}, or make it with trireme index`,
    );
  checkFollow(options, all);
  if (
    options.every !== undefined &&
    options.follow !== true &&
    (all.length > 1 || all[0] !== standardInput || options.master !== undefined)
  )
    throw usage(
      `--every tells the result so far of standard input, on this machine: it goes with '-' alone, or with --follow`,
    );
  const forPeople = options.json !== true && csv.table === null && options.html !== standardInput;
  const topBound = topBoundOf(options, forPeople);
  checkTopAll(options.top, topBound);
  const { scan, top, sort } = compileAsked(askedOf(options), names, topBound);
  return {
    files: all,
    resume: resume.length > 0,
    detach,
    join: options.join ?? false,
    recursive: options.recursive ?? false,
    follow: options.follow ?? false,
    scan,
    index: options.index === undefined ? 'use' : options.index ? 'make' : 'ignore',
    top,
    sort,
    threadsMax: threadsToUse(options, noteUnless(options.quiet)),
    threadBytesMin: options.threadBytes,
    master: options.master ?? null,
    everyMs: options.every ?? null,
    trust: options.master === undefined ? noTrust : compileDiallerTrust(options),
    waitMs: options.wait ?? 0,
    output:
      options.json === true
        ? { form: 'json' }
        : csv.table !== null
          ? { form: 'csv', table: csv.table }
          : { form: options.html === standardInput ? 'html' : 'text' },
    written: {
      html: options.html === undefined || options.html === standardInput ? null : options.html,
      csvFolder: csv.folder,
      top: options.top === undefined ? topInFilesDefault : top,
      parquet: parquetOf(options, top),
    },
    communityIdSeed: options.communityIdSeed ?? (options.communityId === true ? 0 : null),
    human: options.human ?? false,
    bits: options.bits ?? false,
    quiet: options.quiet ?? false,
    verbose: options.verbose ?? false,
  };
}

/** A table of what was not counted would have no rows. Of a resumed analysis this is not known here. */
function checkTableAsked(table: TableName | null, { resume, tcp, names: named }: AnalyzeOptions): void {
  if (table === null || resume !== undefined) return;
  const needed = table === 'tcp' && tcp !== true ? '--tcp' : table in namesTables && named !== true ? '--names' : null;
  if (needed !== null) throw usage(`--csv ${table} is a table of what ${needed} counts: add ${needed}`);
}

function checkFollow({ follow, join, index, master, multi, cores }: AnalyzeOptions, names: readonly string[]): void {
  if (follow !== true) return;
  if (master !== undefined || multi === true || cores !== undefined)
    throw usage(
      '--follow reads on as files are written, on one core of this machine: leave out --master, --multi, --cores',
    );
  if (join === true) throw usage('--follow joins the files of a ring as they come: leave out --join');
  if (index === true) throw usage('--index makes an index of a file that is whole: leave out --follow');
  if (names.length > 1 || names[0] === standardInput || isUrl(names[0]))
    throw usage('--follow goes through the files of one ring: name its first file to count, or its folder');
}

/** What changes a result was said when the analysis was submitted. */
function checkResume(options: AnalyzeOptions, named: readonly string[]): void {
  const { resume, master, detach, client, server, interval, wait, join, filter, filterTags, after, before } = options;
  if (resume === undefined) return;
  if (master === undefined) throw usage('--resume asks a master for an analysis: it needs --master');
  if (named.length > 0) throw usage(`--resume ${resume[0]} names an analysis already: leave out ${named[0]}`);
  if (detach === true) throw usage('--resume waits for a result, --detach does not: choose one');
  const asked = {
    '--filter': filter,
    '--filter-tags': filterTags,
    '--after': after,
    '--before': before,
    '--inner': options.inner,
    '--tcp': options.tcp,
    '--names': options.names,
    '--interval': interval,
  };
  const said = { '--join': join, '--client': client, '--server': server, ...asked, '--wait': wait };
  const wrong = Object.entries(said).find(([, value]) => value !== undefined);
  if (wrong !== undefined)
    throw usage(`${wrong[0]} was settled when analysis ${resume[0]} was submitted: leave it out`);
}

function topBoundOf(options: AnalyzeOptions, forPeople: boolean): TopBound {
  const { master, inner, tcp, names: named, communityId, communityIdSeed } = options;
  if (master !== undefined) return topOfMessage;
  const furtherColumns = [inner, tcp, named, communityId].includes(true) || communityIdSeed !== undefined;
  if (furtherColumns) return topOfInner;
  return forPeople ? topOfText : topOfRows;
}

/**
 * Rows with the columns of --tcp, --names, --inner or --community-id, where nobody says: some 4 kB each while
 * they are written, 1 GB in all.
 */
const rowsOfObjectsDefault = 250_000;

/** Rows are read by programs: there are as many as the analysis can give, unless fewer were asked for. */
function parquetOf(options: AnalyzeOptions, top: number): ParquetSettings | null {
  if (options.parquet === undefined) return null;
  const topAsked = options.top !== undefined;
  const { max } = topBoundOf(options, false);
  const every = max === topObjectsMax ? rowsOfObjectsDefault : max;
  return { folder: options.parquet, top: topAsked ? top : every, topAsked };
}

/**
 * `--top all` with tables of Parquet alone is their default: all that the analysis can give, with a note
 * where there are more. The text has as many rows as ever then; other forms, which people do not read, are
 * meant as well.
 */
function allForParquet(options: AnalyzeOptions): AnalyzeOptions {
  const { parquet, top, json, csv, html } = options;
  const alone = parquet !== undefined && json !== true && csv === undefined && html === undefined;
  return alone && top === topAll ? { ...options, top: undefined } : options;
}

/** `--top all` was said without a number, and is refused without one. */
function checkTopAll(top: number | undefined, { max, why }: TopBound): void {
  if (top !== topAll || max >= topAll) return;
  throw new TriremeError('USAGE', `--top all is more than ${max} rows, ${why}`, {
    facts: { value: 'all', bound: max, boundName: '--top' },
  });
}

/** What the options say of the analysis itself. */
function askedOf(options: AnalyzeOptions): Asked {
  const { interval: intervalNs, maxConversations: conversationsMax } = options;
  const { top, sort, client, server, filter, filterTags, after, before, inner, tcp, names: named } = options;
  const selected = { client, server, filter, filterTags, after, before, inner, tcp, names: named };
  return { top, sort, ...selected, intervalNs, conversationsMax };
}

/** What a name on the command line leads to. */
export type NameKind = 'file' | 'folder' | 'nothing';

interface CsvSettings {
  readonly table: TableName | null;
  readonly folder: string | null;
  readonly files: readonly string[];
}

/**
 * `--csv` takes the next word: a table's name; a folder, there or (with a slash in it) to be made, for all tables; or,
 * where it is a file's name, it was meant as the file. A word with an ending makes no folder: it is a file misspelt.
 */
function csvOf(csv: string | true | undefined, kindOf: (name: string) => NameKind): CsvSettings {
  const none = { table: null, folder: null, files: [] };
  if (csv === undefined) return none;
  if (csv === true) return { ...none, table: 'conversations' };
  if ((tableNames as readonly string[]).includes(csv)) return { ...none, table: csv as TableName };
  const kind = csv === standardInput ? 'file' : kindOf(csv);
  if (kind === 'file') return { table: 'conversations', folder: null, files: [csv] };
  if (kind === 'folder' || /\/$|\/[^./]+$/.test(csv)) return { ...none, folder: csv };
  throw usage(
    `--csv '${csv}' is no table and no file; tables are ${tableNames.join(', ')}, and a folder for all of them is ` +
      `written with a slash, such as ./tables/`,
  );
}
