import { listFiles, type ListedFile } from '../captures/join/list-files.js';
import { scanJoin } from '../captures/join/scan-join.js';
import type { ScanSettings } from '../captures/scan/scan-settings.js';
import { TriremeError } from '../common/errors.js';
import type { Entry } from './entry.js';
import type { AnalyzeSettings } from './settings.js';

/** The one entry of all files that were named, on this machine. */
export async function analyseJoin(settings: AnalyzeSettings, scan: ScanSettings): Promise<Entry> {
  return scanJoin(joinName(settings), await joinFiles(settings), scan);
}

/** Name of the entry: that of the one folder or file that was named; empty: made from the names of the files. */
export function joinName({ files }: Pick<AnalyzeSettings, 'files'>): string {
  return files.length === 1 ? files[0] : '';
}

/** What stands for a joined capture before its files are known. */
export function joinedName({ files }: Pick<AnalyzeSettings, 'files'>): string {
  return files.length === 1 ? files[0] : `${files[0]} and others`;
}

/** The files that are meant. @throws TriremeError USAGE where there is none */
export async function joinFiles({ files, recursive }: AnalyzeSettings): Promise<ListedFile[]> {
  const listed = await listFiles(files, recursive);
  if (listed.length === 0) {
    const hint = recursive ? '' : '; --recursive looks into the folders within too';
    throw new TriremeError('USAGE', `--join: there is no file in ${files.join(', ')}${hint}`);
  }
  return listed;
}
