import type { Logger } from './logging.js';
import { stuckWork } from './stuck-work.js';

/** What is left when a role has ended may take so long to go by itself: timers, sockets, lookups of names. */
const lingerMs = 2_000;

/** Time beyond the grace time for a role to end: what it gives back has to be written. */
const overtimeMs = 5_000;

/**
 * Runs a role until SIGINT or SIGTERM: the first signal drains (`close`), a second one ends the process at once with
 * exit code 1. Resolves when the drain has ended. A process whose thread waits for a file system that does not answer cannot
 * exit, because Node waits for its threads: it ends by the signal itself. So it does when its drain takes much longer than
 * its grace time.
 */
export async function runUntilSignal(
  log: Logger,
  graceMs: number,
  close: (signal: string) => Promise<void>,
): Promise<void> {
  let last: NodeJS.Signals = 'SIGTERM';
  await new Promise<void>((resolve, reject) => {
    let closing = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      last = signal;
      if (closing) {
        log.warn({ signal }, 'second signal, ending at once');
        if (stuckWork() > 0) endBy(signal);
        else process.exit(1);
        return;
      }
      closing = true;
      log.info({ signal }, 'draining');
      setTimeout(() => {
        log.error({ graceMs, stuckWork: stuckWork() }, 'not drained long after the grace time, ending at once');
        endBy(signal);
      }, graceMs + overtimeMs).unref();
      close(signal).then(resolve, reject);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
  log.info('ended');
  if (stuckWork() > 0) {
    log.warn({ stuckWork: stuckWork() }, 'files that do not answer are left behind');
    endBy(last);
    return;
  }
  // Does nothing when the process goes by itself.
  setTimeout(() => {
    log.warn({ lingerMs }, 'something does not end, left behind');
    endBy(last);
  }, lingerMs).unref();
}

/** Ends the process by a signal whose default action it is, without waiting for any thread. */
function endBy(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
