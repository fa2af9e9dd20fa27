import type { Dispatcher } from '../dispatch/dispatcher.js';
import type { Picker } from '../picking/picker.js';

/** What a hub holds for the sake of jobs: each of them is 0 when no job lives and every worker has answered. */
export interface HubCensus {
  readonly live: number;
  /** In lines: for any worker, for some, alone on one, and for an audit. */
  readonly waiting: number;
  readonly avoiding: number;
  readonly alone: number;
  readonly audited: number;
  /** Cases of audits, and bytes of their answers. */
  readonly cases: number;
  readonly caseBytes: number;
  readonly deadlines: number;
  /** With workers, and with workers beside another one. */
  readonly held: number;
  readonly lent: number;
  /** By the picker's own count. */
  readonly outstanding: number;
  /** Bytes of large results that are not complete. */
  readonly partBytes: number;
  /** Workers kept free for one job. */
  readonly reserved: number;
  /** Picks that wait for their job's end. */
  readonly openPicks: number;
  /** Jobs by the count of clients' shares: live, with workers, and in lines. */
  readonly shares: number;
}

export function censusOf(dispatcher: Dispatcher, picker: Picker): HubCensus {
  const { table, lines, audits } = dispatcher;
  const { picks } = dispatcher.life;
  let [held, lent, outstanding, partBytes, reserved] = [0, 0, 0, 0, 0];
  for (const worker of dispatcher.byNumber.values()) {
    held += worker.jobs.length;
    lent += worker.lent.size;
    outstanding += picker.outstanding(worker.index);
    partBytes += worker.parts.held;
    if (worker.aloneJob !== 0) reserved++;
  }
  return {
    live: table.live,
    waiting: lines.count,
    avoiding: lines.avoiding.length,
    alone: lines.alone.length,
    audited: lines.held.length,
    cases: audits?.casesOpen ?? 0,
    caseBytes: audits?.bytesHeld ?? 0,
    deadlines: dispatcher.deadlinesSet,
    held,
    lent,
    outstanding,
    partBytes,
    reserved,
    openPicks: picks.openCount,
    shares: lines.ofClients?.shares.jobs ?? 0,
  };
}
