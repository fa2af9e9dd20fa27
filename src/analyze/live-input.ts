import type { InputSettings } from '../captures/scan/scan-settings.js';
import type { CaptureEntry } from '../captures/scan/capture-entry.js';

/**
 * Time after the first signal for the writer of a pipe to write what it still holds and to end: Ctrl-C
 * reaches it as well, and tcpdump then writes the packets that it has buffered.
 */
export const inputGraceMs = 1_000;

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Standard input as an analysis reads it, until close(). */
export interface LiveInput extends InputSettings {
  close(): void;
}

/**
 * Makes the first SIGINT or SIGTERM the end of standard input, and no end of the process: `onInterrupt` hears
 * of it. The second one ends the process, as it does without this.
 */
export function openLiveInput(
  everyMs: number | null,
  onSoFar: (entry: CaptureEntry) => void,
  onInterrupt: (signal: NodeJS.Signals) => void,
): LiveInput {
  const ended = new AbortController();
  let grace: NodeJS.Timeout | undefined;
  let interrupted = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    release();
    interrupted = true;
    onInterrupt(signal);
    grace = setTimeout(() => ended.abort(), inputGraceMs);
  };
  const release = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    ended: ended.signal,
    interrupted: () => interrupted,
    everyMs,
    onSoFar,
    close: () => {
      release();
      clearTimeout(grace);
    },
  };
}
