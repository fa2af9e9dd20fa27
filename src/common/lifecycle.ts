import type { Logger } from './logging.js';

/**
 * Runs a role until SIGINT or SIGTERM: the first signal drains (`close`), a second one ends the process at once with
 * exit code 1. Resolves when the drain has ended. Closing is bounded by the role itself.
 */
export async function runUntilSignal(log: Logger, close: (signal: string) => Promise<void>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let closing = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (closing) {
        log.warn({ signal }, 'second signal, ending at once');
        process.exit(1);
      }
      closing = true;
      log.info({ signal }, 'draining');
      close(signal).then(resolve, reject);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
  log.info('ended');
}
