import type { LiveAnalysis, LiveDocument } from '../../hub/watch/live/types.js';
import { byId, element, KeyedList, setText } from '../dom.js';
import { formatBytes, formatCount, formatSeconds, formatShare } from '../format.js';

interface Tile {
  readonly name: string;
  readonly value: string;
  readonly detail: string;
}

/** The few figures that say at a glance how the role is doing. */
export class Tiles {
  private readonly list = new KeyedList<Tile, HTMLDivElement>(
    byId('tiles'),
    ({ name }) =>
      element(
        'div',
        { class: 'card tile' },
        element('dt', {}, name),
        element('dd', { class: 'value' }),
        element('dd', { class: 'detail' }),
      ),
    (made, { value, detail }) => {
      setText(made.children[1], value);
      setText(made.children[2], detail);
    },
  );

  /** @param scanRate bytes a second of all analyses */
  show(document: LiveDocument, scanRate: number): void {
    const tiles = [throughput(document, scanRate), latency(document), queue(document), workers(document)];
    if (document.gauges.length > 0) tiles.push(connections(document));
    tiles.push(optimum(document));
    this.list.show(tiles, ({ name }) => name);
  }
}

function throughput({ sample, kinds, analyses }: LiveDocument, scanRate: number): Tile {
  if (analyses !== null) {
    const running = analyses.filter(isRunning).length;
    return {
      name: 'Scan rate',
      value: `${formatBytes(scanRate)}/s`,
      detail: `${running} of ${analyses.length} analyses running`,
    };
  }
  const rates = sample?.kinds.map(({ jobsPerSecond }) => jobsPerSecond) ?? [];
  return {
    name: 'Jobs a second',
    value: formatCount(Math.round(rates.reduce((sum, rate) => sum + rate, 0))),
    detail: kinds.map(({ name }, index) => `${name} ${formatCount(Math.round(rates[index] ?? 0))}`).join(', '),
  };
}

export function isRunning({ state }: LiveAnalysis): boolean {
  return !['DONE', 'FAILED', 'CANCELLED'].includes(state);
}

function latency({ sample, kinds }: LiveDocument): Tile {
  const known = kinds.flatMap(({ name }, index) => {
    const row = sample?.kinds[index];
    return row === undefined || row.p99Seconds === null
      ? []
      : [{ name, p99: row.p99Seconds, pooled: row.pooledP99Seconds }];
  });
  const worst = known.reduce<(typeof known)[number] | null>(
    (most, each) => (most === null || each.p99 > most.p99 ? each : most),
    null,
  );
  return {
    name: 'Latency, p99',
    value: worst === null ? '–' : formatSeconds(worst.p99),
    detail:
      worst === null
        ? 'no job in the last second'
        : `${worst.name}; one queue before all slots: ${formatSeconds(worst.pooled ?? NaN)}`,
  };
}

function queue({ jobsWaiting, jobsLive }: LiveDocument): Tile {
  return {
    name: 'Waiting at the hub',
    value: formatCount(jobsWaiting),
    detail: `${formatCount(jobsLive)} not answered`,
  };
}

function workers({ workers: list, workersTotal, workersLost }: LiveDocument): Tile {
  const serving = list.filter(({ state }) => state === 'SERVING');
  const slots = serving.reduce((sum, worker) => sum + worker.slots, 0);
  const all = workersTotal > list.length ? ' (of those shown)' : '';
  return {
    name: 'Workers serving',
    value: `${serving.length} of ${workersTotal}`,
    detail: `${slots} slots${all}${workersLost > 0 ? `, ${workersLost} lost so far` : ''}`,
  };
}

function connections({ gauges }: LiveDocument): Tile {
  return {
    name: 'Connections',
    value: formatCount(gauges.reduce((sum, { value }) => sum + value, 0)),
    detail: gauges.map(({ name, value }) => `${value} ${name.replace(/ connections$/, '')}`).join(', '),
  };
}

function optimum({ busy }: LiveDocument): Tile {
  if (busy === null) return { name: 'Makespan', value: '–', detail: 'no busy time yet' };
  const { seconds, boundSeconds, running } = busy;
  return {
    name: running ? 'Busy time so far' : 'Last busy time',
    value: formatSeconds(seconds),
    detail: `the work would fill ${formatSeconds(boundSeconds)} of all slots (${formatShare(boundSeconds / seconds)})`,
  };
}
