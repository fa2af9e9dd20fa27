import type { CaptureEntry } from './capture-entry.js';
import { openCapture } from './capture-file.js';
import { isUrl } from './capture-name.js';
import { FileProbe } from './file-probe.js';
import { scanFile } from './scan-file.js';
import type { ScanSettings } from './scan-settings.js';

/**
 * The whole analysis, on this machine, of what a name leads to: a file, a FIFO, standard input (`-`) or an http(s) URL.
 * Throws FILE_UNREADABLE, and FILE_CHANGED when it is written to meanwhile.
 */
export async function scanCapture(name: string, settings: ScanSettings): Promise<CaptureEntry> {
  if (isUrl(name)) {
    // Loaded only here: the HTTP client takes longer to load than a small capture to scan.
    const { scanUrl } = require('./url/scan-url.js') as typeof import('./url/scan-url.js');
    return scanUrl(name, settings);
  }
  await new FileProbe().check(name, name);
  const file = openCapture(name);
  try {
    return await scanFile(file, settings);
  } finally {
    file.close();
  }
}
