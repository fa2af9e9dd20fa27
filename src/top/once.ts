import { forTerminal } from '../common/for-terminal.js';
import { notDoneText } from '../hub/watch/not-done.js';
import { costLines } from './costs.js';
import { sortRows, tableLines, rateText } from './columns.js';
import { Rates, type WorkerList, type WorkerRow } from './rates.js';
import type { WorkerWatch } from './watch.js';

/** Two lists, one interval apart, because rates need two. Rejects when the hub cannot be asked. */
export function listOnce(watch: WorkerWatch, intervalMs: number): Promise<WorkerList> {
  const rates = new Rates();
  let lists = 0;
  return new Promise((resolve, reject) => {
    const stop = watch.start(
      intervalMs,
      (list) => {
        const taken = rates.take(list, performance.now());
        if (++lists < 2) return;
        stop();
        resolve(taken);
      },
      reject,
    );
  });
}

/** A table that sort, awk and people read; nothing in it but text. */
export function onceText(hub: string, list: WorkerList, sort: string, nowMs: number, costs = false): string {
  const rows = sortRows(list.rows, sort);
  const lines = costs ? costLines(rows, Infinity) : tableLines(rows, Infinity, nowMs);
  const texts = [summary(hub, list), notDoneLine(list), ...lines.map(({ text }) => text)];
  return `${texts.filter((text) => text !== null).join('\n')}\n`;
}

/** `HUB: 2 workers, 3 of 4 slots busy, 12 jobs wait, 340 jobs/s`. */
export function summary(hub: string, { rows, jobsWaiting, jobsPerSecond }: WorkerList): string {
  const sum = (of: (row: WorkerRow) => number): number => rows.reduce((all, row) => all + of(row), 0);
  const busy = `${sum(({ worker }) => worker.busy)} of ${sum(({ worker }) => worker.slots)} slots busy`;
  const workers = `${rows.length} ${rows.length === 1 ? 'worker' : 'workers'}`;
  return `${hub}: ${workers}, ${busy}, ${jobsWaiting} jobs wait, ${rateText(jobsPerSecond)} jobs/s`;
}

/** `not answered: GET_TIME 12 (8 failed, 4 too late); ...` since the hub began; null: there was no such job. */
export function notDoneLine({ kinds }: WorkerList): string | null {
  const told = kinds
    .filter(({ notDone }) => Object.keys(notDone).length > 0)
    .map(({ name, notDone }) => `${forTerminal(name)} ${notDoneText(numbers(notDone))}`);
  return told.length === 0 ? null : `not answered: ${told.join('; ')}`;
}

const numbers = (counts: Readonly<Record<string, bigint>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).map(([reason, count]) => [forTerminal(reason), Number(count)]));

/** The same as one JSON document. */
export function onceJson(hub: string, list: WorkerList, sort: string): string {
  const workers = sortRows(list.rows, sort).map(({ worker, done, failed, jobsPerSecond }) => ({
    ...worker,
    done,
    failed,
    jobsPerSecond,
  }));
  const document = {
    hub,
    jobsWaiting: list.jobsWaiting,
    jobsPerSecond: list.jobsPerSecond,
    workers,
    kinds: list.kinds,
  };
  return `${JSON.stringify(document, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value), 2)}\n`;
}
