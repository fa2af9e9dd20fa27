import Table from 'cli-table3';
import type { LbSnapshot, Snapshot } from './snapshot.js';

function counts(title: string, entries: Readonly<Record<string, number>>): string {
  const shown = Object.entries(entries).filter(([, count]) => count !== 0);
  return `${title}: ${shown.map(([name, count]) => `${name} ${count}`).join(', ') || 'none'}`;
}

function heading({ program, interface: ifname, mode, port }: Snapshot): string {
  return `${program} on ${ifname}, ${mode}${port === undefined ? '' : `, UDP port ${port}`}`;
}

/** The table of `xdp servers`. */
export function serversText(snapshot: LbSnapshot): string {
  const table = new Table({
    head: ['server', 'state', 'threads', 'busy', 'sent', 'done', 'seen'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const { address, state, threads, busy, sent, done, lastSeenMs } of snapshot.servers)
    table.push([address, state, threads, busy, sent, done, `${lastSeenMs} ms ago`]);
  return `${table.toString()}\n${sumText(snapshot)}`;
}

/** One line whose right side adds up to its left. */
export function sumText({ jobs, results, queued, running, dropped }: LbSnapshot): string {
  const reasons = Object.entries(dropped).filter(([, count]) => count !== 0);
  const lost =
    reasons.length === 0 ? '0 dropped' : reasons.map(([name, count]) => `${count} dropped (${name})`).join(' + ');
  return `${jobs} jobs = ${results} results + ${queued} queued + ${running} running + ${lost}`;
}

export function statsText(snapshot: Snapshot): string {
  if (snapshot.program === 'parity') {
    const { odd, even, packets } = snapshot;
    const { odd: _odd, even: _even, ...others } = packets;
    return [
      heading(snapshot),
      `odd, passed: ${odd}`,
      `even, dropped: ${even}`,
      counts('passed for other reasons', others),
    ].join('\n');
  }
  if (snapshot.program === 'lb') {
    return [
      heading(snapshot),
      serversText(snapshot),
      counts('packets', snapshot.packets),
      counts('events', snapshot.events),
    ].join('\n');
  }
  return heading(snapshot);
}
