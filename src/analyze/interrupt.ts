import type { DialledMaster } from './master-dial.js';

/** Time for a master to hear of Ctrl-C. */
const cancelTimeoutMs = 2_000;

/**
 * Ctrl-C means what was asked for, not only this process: a durable analysis is cancelled before the process ends. The
 * return value takes it back.
 */
export function cancelOnInterrupt({ client, name }: DialledMaster, id: string): () => void {
  const onInterrupt = (): void => {
    client.cancelAnalysis({ id }, { deadline: Date.now() + cancelTimeoutMs } as never, (error: unknown) => {
      const hint = `it goes on: trireme cancel ${id} --master ${name}`;
      process.stderr.write(
        `trireme: analysis ${id} ${error === null ? 'cancelled' : `could not be cancelled; ${hint}`}\n`,
      );
      process.kill(process.pid, 'SIGINT');
    });
  };
  process.once('SIGINT', onInterrupt);
  return () => process.off('SIGINT', onInterrupt);
}
