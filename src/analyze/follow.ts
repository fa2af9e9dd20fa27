import { followRing } from '../captures/follow/follow-ring.js';
import type { ScanSettings } from '../captures/scan/scan-settings.js';
import { forTerminal } from '../common/for-terminal.js';
import type { Entry } from './entry.js';
import { openLiveInput } from './live-input.js';
import type { AnalyzeSettings } from './settings.js';

/** The one entry of a file and all that its ring writes after it, until a signal ends it. */
export async function analyseFollowed(
  { files: [name], everyMs, quiet }: AnalyzeSettings,
  scan: ScanSettings,
  onSoFar: (entry: Entry) => void,
): Promise<Entry> {
  const say = (message: string): void => {
    if (!quiet) process.stderr.write(`trireme: ${forTerminal(message)}\n`);
  };
  const input = openLiveInput(
    everyMs,
    () => undefined,
    (signal) => say(`${signal}: what has been written is counted; a second one ends at once`),
  );
  try {
    say(`${name} and the files after it are followed: Ctrl-C ends that and prints the result`);
    return await followRing(name, scan, { ...input, onSoFar, say });
  } finally {
    input.close();
  }
}
