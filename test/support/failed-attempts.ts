import { parseEndpoint } from '../../src/pcap/endpoint.js';
import type { FailedAttempts, FailedEnds } from '../../src/pcap/tcp-findings.js';

/** Attempts of one conversation that came to nothing. */
export interface FailedAttempt {
  readonly client: string;
  readonly server: string;
  readonly refused: number;
  readonly unanswered: number;
}

/** What assembly/tcp-failed.ts adds up, in plain words. */
export function sumFailed(attempts: readonly FailedAttempt[]): FailedAttempts {
  const byServer = (kind: 'refused' | 'unanswered'): FailedEnds =>
    ranked(
      attempts.filter((row) => row[kind] > 0),
      ({ server }) => server,
      (rows) => rows.reduce((sum, row) => sum + row[kind], 0),
    );
  const tried = (rows: readonly FailedAttempt[]): number => new Set(rows.map(({ server }) => server)).size;
  return {
    clients: ranked(attempts, ({ client }) => client.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''), tried),
    refused: byServer('refused'),
    unanswered: byServer('unanswered'),
  };
}

function ranked(
  attempts: readonly FailedAttempt[],
  endOf: (row: FailedAttempt) => string,
  sizeOf: (rows: readonly FailedAttempt[]) => number,
): FailedEnds {
  const groups = new Map<string, FailedAttempt[]>();
  for (const row of attempts) groups.set(endOf(row), [...(groups.get(endOf(row)) ?? []), row]);
  const all = [...groups].map(([end, rows]) => ({
    ...{ end, size: sizeOf(rows) },
    refused: rows.reduce((sum, row) => sum + row.refused, 0),
    unanswered: rows.reduce((sum, row) => sum + row.unanswered, 0),
  }));
  all.sort((x, y) => y.size - x.size || (orderOf(x.end) < orderOf(y.end) ? -1 : 1));
  return { all: all.length, sum: all.reduce((sum, { size }) => sum + size, 0), named: all.slice(0, 5) };
}

/** IPv4 first, then by address and port. */
function orderOf(end: string): string {
  const isAddress = /^[\d.]+$|^[^[]*:.*:/.test(end);
  const { address, port } = parseEndpoint(isAddress ? (end.includes(':') ? `[${end}]:0` : `${end}:0`) : end);
  return `${address.length === 4 ? 4 : 6}${Buffer.from(address).toString('hex')}${String(port).padStart(5, '0')}`;
}
