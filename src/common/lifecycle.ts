import type { Logger } from './logging.js';
import { stuckWork } from './stuck-work.js';

/** What is left when a role has ended may take so long to go by itself: timers, sockets, lookups of names. */
const lingerMs = 2_000;

/**
 * npx, make and timeout hand a signal on that the terminal or they gave to the whole group: what comes twice
 * so soon is one.
 */
const sameSignalMs = 200;

/** Time beyond the grace time for a role to end: what it gives back has to be written. */
const overtimeMs = 5_000;

/**
 * Runs a role until SIGINT or SIGTERM: the first signal drains (`close`), a second one, unless it is the same
 * again at once, ends the process at once with exit code 1. Resolves when the drain has ended. A process
 * whose thread waits for a file system that does not answer cannot exit, because Node waits for its threads:
 * it ends by the signal itself. So it does when its drain takes much longer than its grace time.
 */
export async function runUntilSignal(
  log: Logger,
  graceMs: number,
  close: (signal: string) => Promise<void>,
): Promise<void> {
  let last: NodeJS.Signals = 'SIGTERM';
  await new Promise<void>((resolve, reject) => {
    let firstMs: number | undefined;
    const onSignal = (signal: NodeJS.Signals): void => {
      const nowMs = performance.now();
      if (firstMs !== undefined && signal === last && nowMs - firstMs < sameSignalMs) return;
      last = signal;
      if (firstMs !== undefined) {
        log.warn({ signal }, 'second signal, ending at once');
        if (stuckWork() > 0) endBy(signal);
        else process.exit(1);
        return;
      }
      firstMs = nowMs;
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
