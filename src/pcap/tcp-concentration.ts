import { shortTime } from '../common/time-text.js';
import type { TimeSeries } from './report-types.js';
import { percent, plural, sentAgain, words } from './tcp-findings.js';
import type { TcpFinding } from './tcp-types.js';

// When segments were sent again, where that was in a short part of the time.

/** Of all that was sent again: the part whose time is looked for. */
const shareMin = 0.4;
/** Of the intervals from the first packet to the last: more than so many are no short part. */
const timeShareMax = 0.2;
/** Of all packets, against the share of what was sent again: else there was just more traffic. */
const packetsShareMax = 0.5;
/** Segments sent again: few of them come together by chance. */
const againMin = 20;
/** Intervals from the first to the last packet: of fewer, one is no short part. */
const intervalsMin = 10;

/**
 * The shortest time in which 40 % of all segments that were sent again came; null: it is no short one, or they are few.
 */
export function concentrated({ rows, interval_ns: interval }: TimeSeries): TcpFinding | null {
  const again = rows.map(({ tcp }) => (tcp === undefined ? 0 : sentAgain(tcp)));
  const total = again.reduce((sum, count) => sum + count, 0);
  if (total < againMin || rows.length < intervalsMin) return null;
  const span = shortest(again, total * shareMin);
  const count = again.slice(span.from, span.to).reduce((sum, part) => sum + part, 0);
  const packets = (from: number, to: number): number =>
    rows.slice(from, to).reduce((sum, row) => sum + Number(row.packets), 0);
  const [own, all] = [packets(span.from, span.to), packets(0, rows.length)];
  if (span.to - span.from > rows.length * timeShareMax || own / all > (count / total) * packetsShareMax) return null;
  const after = rows[span.from].start_ns;
  const before = (BigInt(rows[span.to - 1].start_ns) + BigInt(interval)).toString();
  return {
    kind: 'when',
    text:
      `${percent(count, total)} of what was sent again, ${words(count)} of ${plural(total, 'segment')}, came between ` +
      `${shortTime(after)} and ${shortTime(before)}, among ${percent(own, all)} of the packets`,
    filter: 'tcp',
    after_ns: after,
    before_ns: before,
  };
}

/** The shortest run of intervals that has at least so much; among those, the one that has most, and then the first. */
function shortest(counts: readonly number[], least: number): { readonly from: number; readonly to: number } {
  let best = { from: 0, to: counts.length };
  let most = 0;
  let sum = 0;
  let from = 0;
  for (let to = 1; to <= counts.length; to++) {
    sum += counts[to - 1];
    while (sum - counts[from] >= least) sum -= counts[from++];
    const shorter = to - from < best.to - best.from;
    if (sum < least || (!shorter && (to - from > best.to - best.from || sum <= most))) continue;
    best = { from, to };
    most = sum;
  }
  return best;
}
