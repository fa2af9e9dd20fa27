import { listFiles } from '../captures/join/list-files.js';
import { scanJoin } from '../captures/join/scan-join.js';
import type { ScanSettings } from '../captures/scan-settings.js';
import { TriremeError } from '../common/errors.js';
import type { Entry } from './entry.js';
import type { AnalyzeSettings } from './settings.js';

/** The one entry of all files that were named, on this machine. @throws TriremeError USAGE where there is none */
export async function analyseJoin({ files, recursive }: AnalyzeSettings, settings: ScanSettings): Promise<Entry> {
  const listed = await listFiles(files, recursive);
  if (listed.length === 0) {
    const hint = recursive ? '' : '; --recursive looks into the folders within too';
    throw new TriremeError('USAGE', `--join: there is no file in ${files.join(', ')}${hint}`);
  }
  return scanJoin(files.length === 1 ? files[0] : '', listed, settings);
}
