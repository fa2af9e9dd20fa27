import { LineChart, type LineSeries } from '../chart/line-chart.js';
import { byId } from '../dom.js';
import { formatCount, formatSeconds } from '../format.js';
import type { PageHistory } from './history.js';

const height = 190;
const spanSeconds = 900;
const sync = 'page';

/** The three charts of the last 15 minutes. */
export class Charts {
  private readonly rate = new LineChart({
    title: 'Jobs a second, by kind',
    height,
    format: formatCount,
    sync,
    spanSeconds,
  });
  private readonly latency = new LineChart({
    title: 'Latency by kind: median, 99th percentile, and the 99th percentile of one queue before all slots',
    height,
    format: formatSeconds,
    logarithmic: true,
    sync,
    spanSeconds,
  });
  private readonly queue = new LineChart({ title: 'Jobs at the hub', height, format: formatCount, sync, spanSeconds });

  constructor() {
    byId('rate-chart').append(this.rate.node);
    byId('latency-chart').append(this.latency.node);
    byId('queue-chart').append(this.queue.node);
  }

  show(history: PageHistory, kinds: readonly string[]): void {
    const { time } = history;
    this.rate.show(
      kinds.map((label, index) => ({ label, color: index + 1 })),
      [time, ...kinds.map((_kind, index) => history.jobsPerSecond[index] ?? [])],
    );
    const lines = kinds.flatMap((kind, index): { series: LineSeries; column: (number | null)[] }[] => [
      { series: { label: `${kind} p99`, color: index + 1 }, column: history.p99Seconds[index] ?? [] },
      { series: { label: `${kind} p50`, color: index + 5 }, column: history.p50Seconds[index] ?? [] },
      {
        series: { label: `${kind} pooled p99`, color: index + 1, dashed: true },
        column: history.pooledP99Seconds[index] ?? [],
      },
    ]);
    this.latency.show(
      lines.map(({ series }) => series),
      [time, ...lines.map(({ column }) => column)],
    );
    this.queue.show(
      [
        { label: 'not answered', color: 1 },
        { label: 'waiting', color: 2 },
      ],
      [time, history.jobsLive, history.jobsWaiting],
    );
  }
}
