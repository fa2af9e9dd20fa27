import { readdirSync, type Dirent, type Stats } from 'node:fs';
import { join } from 'node:path';
import { TriremeError } from '../../common/errors.js';
import { FileProbe } from '../file/file-probe.js';
import { standardInput } from '../file/capture-file.js';
import { isUrl } from '../file/capture-name.js';
import { statOf, unreadable } from '../file/regular-file.js';

/**
 * Files of one joined capture: a row of some 500 bytes is held and told for each. A year of a ring that turns
 * each 5 min.
 */
export const joinFilesMax = 100_000;
/** Folders below one another that --recursive enters. */
const joinDepthMax = 64;

/** A file that belongs to a joined capture. */
export interface ListedFile {
  /** As the user named it, or folder and name. */
  readonly name: string;
  /** It was found in a folder: what is nothing like a capture does not belong. */
  readonly found: boolean;
}

/**
 * The files of a joined capture: those that are named, and those in the folders that are named, each once, however many
 * names or links lead to it. Order is that of the names, not of time.
 * @throws TriremeError USAGE for what is no file, FILE_UNREADABLE for a folder that cannot be read
 */
export async function listFiles(
  names: readonly string[],
  recursive: boolean,
  filesMax = joinFilesMax,
  depthMax = joinDepthMax,
): Promise<ListedFile[]> {
  const listed: ListedFile[] = [];
  const known = new Set<string>();
  const probe = new FileProbe();
  const add = (name: string, found: boolean, stats: Stats | undefined): void => {
    const identity = stats === undefined ? name : `${stats.dev}:${stats.ino}`;
    if (known.has(identity)) return;
    known.add(identity);
    if (listed.push({ name, found }) > filesMax)
      throw new TriremeError('USAGE', `--join: over ${filesMax} files (joinFilesMax): join them in parts`);
  };
  const addFolder = async (folder: string, depth: number): Promise<void> => {
    for (const entry of entriesOf(folder)) {
      // Names that begin with a dot are hidden, as to ls: files in the making, mostly.
      if (entry.name.startsWith('.')) continue;
      const name = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!recursive) continue;
        if (depth === depthMax)
          throw new TriremeError(
            'USAGE',
            `--recursive: ${name} is over ${depthMax} folders deep (joinDepthMax): name it`,
          );
        await addFolder(name, depth + 1);
        continue;
      }
      // A link may lead to where nobody answers: then its opening says so.
      const stats = !entry.isSymbolicLink() || (await answers(probe, name)) ? statOf(name) : undefined;
      if (stats === undefined || stats.isFile()) add(name, true, stats);
    }
  };
  for (const name of names) {
    refuseOrdered(name);
    const stats = (await answers(probe, name)) ? statOf(name) : undefined;
    if (stats?.isDirectory() === true) await addFolder(name, 0);
    else add(name, false, stats);
  }
  return listed;
}

function answers(probe: FileProbe, name: string): Promise<boolean> {
  return probe.check(name, name).then(
    () => true,
    () => false,
  );
}

function refuseOrdered(name: string): void {
  if (name === standardInput)
    throw new TriremeError(
      'USAGE',
      `--join orders files by their first packet: '-' comes once; write it to a file first`,
    );
  if (isUrl(name)) throw new TriremeError('USAGE', `--join reads files and folders, not ${name}: fetch it first`);
}

/** By name, so that a folder is always read in one order. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw unreadable(folder, error);
  }
}
