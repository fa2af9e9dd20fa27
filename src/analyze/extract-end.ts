import { standardInput, type CaptureFile } from '../captures/file/capture-file.js';
import { openLiveInput, type LiveInput } from './live-input.js';

/** Exit codes of a shell for a process that a signal has ended. */
const signals = { SIGINT: 130, SIGTERM: 143 } as const;

/** The first signal is the end of a pipe as standard input. Any other leaves nothing half written. */
export function heedSignals(
  file: CaptureFile,
  discard: () => void,
  { quiet }: { readonly quiet?: boolean },
): { readonly input?: LiveInput; readonly stop: () => void } {
  if (file.name !== standardInput || file.sizeBytes !== null) return { stop: discardOnSignals(discard) };
  let stop = (): void => undefined;
  const input = openLiveInput(
    null,
    () => undefined,
    (signal) => {
      stop = discardOnSignals(discard);
      if (quiet === true) return;
      process.stderr.write(
        `trireme: ${signal}: what has come of standard input is written; a second one ends at once\n`,
      );
    },
  );
  return {
    input,
    stop: () => {
      stop();
      input.close();
    },
  };
}

/** Ctrl-C leaves nothing half written. */
export function discardOnSignals(discard: () => void): () => void {
  const handlers = Object.entries(signals).map(([signal, code]) => {
    const handler = (): never => {
      discard();
      process.exit(code);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => {
    for (const remove of handlers) remove();
  };
}
