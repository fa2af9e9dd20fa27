import type { CaptureEntry } from '../captures/scan/capture-entry.js';
import { redirectedFile, standardInput } from '../captures/file/capture-file.js';
import { shownName } from '../captures/file/capture-name.js';
import { scanCapture } from '../captures/whole/scan-file.js';
import type { IndexSettings } from '../captures/scan/scan-settings.js';
import { threadBytesMinDefault } from '../captures/threads/thread-plan.js';
import { forTerminal } from '../common/for-terminal.js';
import type { SortOrder } from '../pcap/types.js';
import { complaintsOf, type Entry, exitCodeOf, failedEntry, hasFacts } from './entry.js';
import { documentOf } from './document.js';
import { noteUnless } from './notes.js';
import { openProgress, type Progress } from './progress.js';
import type { AnalyzeSettings } from './settings.js';
import type { WrittenFiles } from './files/written-files.js';
import { writeOut } from './standard-output.js';

/** ECMA-48: the cursor to the top left, and the screen erased. */
const clearScreen = '\x1b[H\x1b[2J';

type Analyse = (file: string, progress: Progress) => Promise<Entry>;

/** Analyses every file, prints the result, and returns the exit code. A file that fails does not stop the others. */
export async function analyzeAll(settings: AnalyzeSettings): Promise<number> {
  const files = writtenFilesOf(settings);
  const soFar = new SoFar(settings);
  const { analyse, close, sort } = analyserOf(files?.asked ?? settings, (entry) => soFar.tell(entry));
  const entries: Entry[] = [];
  try {
    for (const file of namesOf(settings)) {
      const entry = withIds(await entryOf(file, settings, analyse), settings);
      entries.push(files === null ? entry : files.take(entry));
    }
  } finally {
    close();
  }
  await soFar.told();
  await publish(entries, { ...settings, sort: sort() }, files);
  return exitCodeOf(entries);
}

/** With --community-id: the hash is loaded only then. */
function withIds(entry: Entry, { communityIdSeed: seed }: AnalyzeSettings): Entry {
  if (seed === null) return entry;
  const { withCommunityIds } = require('./community-id.js') as typeof import('./community-id.js');
  return withCommunityIds(entry, seed);
}

/** Prints what is asked for on standard output, and writes the files beside it. */
async function publish(
  entries: readonly Entry[],
  settings: AnalyzeSettings,
  files: WrittenFiles | null,
): Promise<void> {
  if (settings.everyMs !== null && process.stdout.isTTY === true) process.stdout.write(clearScreen);
  await writeOut(settings.output.form === 'html' ? files!.html() : documentOf(entries, settings));
  files?.write();
}

/** Results so far, each as the last one will be told; on a terminal each takes the place of the one before. */
class SoFar {
  private before: Promise<void> = Promise.resolve();
  private busy = false;

  constructor(private readonly settings: AnalyzeSettings) {}

  /** Tells one, unless the one before is still being written: a slow reader misses some. */
  tell(entry: Entry): void {
    if (this.busy) return;
    this.busy = true;
    this.before = this.write(entry).finally(() => (this.busy = false));
    // told() rejects as well.
    this.before.catch(() => undefined);
  }

  /** Rejects when the last one could not be told. */
  told(): Promise<void> {
    return this.before;
  }

  private async write(entry: Entry): Promise<void> {
    const settings = { ...this.settings, quiet: true };
    const files = writtenFilesOf(settings);
    const told = withIds(entry, settings);
    await publish([files === null ? told : files.take(told)], settings, files);
  }
}

/** What writes the report and the folder of tables, loaded only when they are asked for. */
function writtenFilesOf(settings: AnalyzeSettings): WrittenFiles | null {
  const { written, output } = settings;
  if (written.html === null && written.csvFolder === null && written.parquet === null && output.form !== 'html')
    return null;
  const files = require('./files/written-files.js') as typeof import('./files/written-files.js');
  return new files.WrittenFiles(settings);
}

async function entryOf(name: string, settings: AnalyzeSettings, analyse: Analyse): Promise<Entry> {
  const file = shownName(name);
  const progress = openProgress(file, settings.quiet);
  const startedMs = performance.now();
  let entry: Entry;
  try {
    entry = await analyse(name, progress);
  } catch (error) {
    entry = failedEntry(file, error);
  } finally {
    progress.close();
  }
  if (!(settings.quiet && hasFacts(entry)))
    for (const complaint of complaintsOf(entry)) process.stderr.write(`trireme: ${forTerminal(complaint)}\n`);
  if (settings.verbose) {
    process.stderr.write(`trireme: ${forTerminal(file)}: ${((performance.now() - startedMs) / 1000).toFixed(3)} s\n`);
  }
  return entry;
}

/** What there is an entry for: each file, or one for all. */
function namesOf({ join, files }: AnalyzeSettings): readonly string[] {
  if (!join) return files;
  const { joinedName } = require('./join.js') as typeof import('./join.js');
  return [joinedName({ files })];
}

interface Analyser {
  readonly analyse: Analyse;
  readonly close: () => void;
  /** The order that was asked for: of a resumed analysis, the one that it was submitted with. */
  readonly sort: () => SortOrder;
}

function analyserOf(settings: AnalyzeSettings, onSoFar: (entry: Entry) => void): Analyser {
  const { master, resume, sort } = settings;
  if (master === null) {
    return {
      analyse: (file, progress) => analyseHere(file, settings, progress, onSoFar),
      close: () => undefined,
      sort: () => sort,
    };
  }
  // Loaded here: a local analysis must not wait for gRPC.

  const { MasterClient } = require('./master-client.js') as typeof import('./master-client.js');
  const client = new MasterClient(master, settings);
  return {
    analyse: (file, progress) => (resume ? client.resume(file, progress) : client.analyse(file, progress)),
    close: () => client.close(),
    sort: () => client.sort ?? sort,
  };
}

async function analyseHere(
  name: string,
  settings: AnalyzeSettings,
  progress: Progress,
  onSoFar: (entry: Entry) => void,
): Promise<Entry> {
  const { scan, top, sort, threadsMax, threadBytesMin = threadBytesMinDefault } = settings;
  const onProgress = progress.visible ? progress.update : undefined;
  const index = indexSettings(name, settings);
  const scanSettings = { scan, top, sort, packedRows: true, threadsMax, threadBytesMin, onProgress, index };
  if (settings.join) {
    // Loaded only here: other analyses must not wait for it.
    const { analyseJoin } = require('./join.js') as typeof import('./join.js');
    return analyseJoin(settings, scanSettings);
  }
  if (settings.follow) {
    const { analyseFollowed } = require('./follow.js') as typeof import('./follow.js');
    return analyseFollowed(settings, scanSettings, onSoFar);
  }
  // A file is read too fast for the event loop to hear of signals: they end the process as always.
  if (name !== standardInput || redirectedFile() !== null)
    return { file: shownName(name), ...(await scanCapture(name, scanSettings)) };
  const { openLiveInput } = require('./live-input.js') as typeof import('./live-input.js');
  const tell = (facts: CaptureEntry): void => onSoFar({ file: shownName(name), ...facts });
  const input = openLiveInput(settings.everyMs, tell, (signal) => {
    if (settings.quiet) return;
    process.stderr.write(`trireme: ${signal}: what has come of standard input is counted; a second one ends at once\n`);
  });
  try {
    return { file: shownName(name), ...(await scanCapture(name, { ...scanSettings, input })) };
  } finally {
    input.close();
  }
}

/** An index that is made is written beside the capture. */
function indexSettings(capture: string, { index: mode, quiet }: AnalyzeSettings): IndexSettings {
  return {
    mode,
    onMade: (bytes) => {
      const { writeIndex } = require('./files/out-file.js') as typeof import('./files/out-file.js');
      writeIndex(capture, bytes);
    },
    onNote: noteUnless(quiet),
  };
}
