import uPlot from 'uplot';
import type { SeriesRow } from '../../pcap/report-types.js';
import { sentAgain } from '../../pcap/tcp-findings.js';
import type { TcpInterval } from '../../pcap/tcp-types.js';
import { axisStyle, styleToken } from '../chart/axis-style.js';
import { element, setText } from '../dom.js';
import { formatBytes, formatCount } from '../format.js';
import type { ReportSeries } from './data.js';
import { approximate, exact, moment, secondsBetween, span } from './figures.js';

/** Pixels. */
const height = 170;

/** Steps of the time axis: parts of a second, then those of clocks. */
const stepsSeconds: readonly number[] = [
  ...[-9, -8, -7, -6, -5, -4, -3, -2, -1].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power)),
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => 60 * minutes),
  ...[1, 2, 4, 6, 12].map((hours) => 3600 * hours),
  ...[1, 2, 7, 14, 30, 90, 365, 3650].map((days) => 86_400 * days),
];

interface Line {
  readonly label: string;
  /** Of tokens.css. */
  readonly color: string;
  readonly valueOf: (row: SeriesRow) => number;
  readonly format: (value: number) => string;
}

const lines: readonly Line[] = [
  { label: 'Packets', color: '--series-1', valueOf: ({ packets }) => approximate(packets), format: formatCount },
  { label: 'Bytes', color: '--series-3', valueOf: ({ bytes }) => approximate(bytes), format: formatBytes },
];

const healthLine = (label: string, color: string, of: (tcp: TcpInterval) => number): Line => ({
  ...{ label, color, format: formatCount },
  valueOf: ({ tcp }) => (tcp === undefined ? 0 : of(tcp)),
});

/** The health of TCP, beside the traffic that it is of. */
const healthLines: readonly Line[] = [
  healthLine('Segments sent again', '--series-2', sentAgain),
  healthLine('Connections refused', '--series-4', ({ refused }) => approximate(refused)),
  healthLine('Resets', '--series-5', ({ resets }) => approximate(resets)),
  healthLine('Windows of zero', '--series-6', ({ zero_windows: windows }) => approximate(windows)),
];

/** Columns of the numbers beside time, packets and bytes, and what they are called. */
const healthColumns = [
  ['attempts', 'Attempts'],
  ['refused', 'Refused'],
  ['resets', 'Resets'],
  ['old_segments', 'Old segments'],
  ['out_of_order', 'Out of order'],
  ['duplicate_acks', 'Duplicate ACKs'],
  ['zero_windows', 'Zero windows'],
  ['gaps', 'Gaps'],
] as const satisfies readonly (readonly [keyof TcpInterval, string])[];

/** A step of the chart; null: time without packets that is folded. */
type Step = SeriesRow | null;

/** The rows, with a mark wherever time is left out between two. */
function stepsOf({ rows, interval_ns, folded }: ReportSeries): Step[] {
  if (folded !== true) return [...rows];
  return rows.flatMap((row, i): Step[] =>
    i > 0 && BigInt(row.start_ns) - BigInt(rows[i - 1].start_ns) > BigInt(interval_ns) ? [null, row] : [row],
  );
}

/**
 * Packets and bytes over time, and of TCP's health what there was any of: charts that zoom and point
 * together, and their numbers as a table.
 */
export function trafficCharts(series: ReportSeries, file: string): HTMLElement {
  const { rows, folded = false } = series;
  const intervalSeconds = Number(series.interval_ns) / 1e9;
  const interval = span(intervalSeconds);
  const start = rows[0].start_ns;
  const steps = stepsOf(series);
  // Of a folded chart the axis counts steps, since its time has holes.
  const seconds = steps.map((row, i) =>
    folded || row === null ? i * intervalSeconds : secondsBetween(start, row.start_ns),
  );
  const under = element('p', { class: 'small mono under-pointer' });
  const folds = steps.filter((row) => row === null).length;
  const without =
    folds === 0 ? '' : ` Time without packets is left out ${folds === 1 ? 'once' : `${folds} times`}: at each gap.`;
  const whole = `From ${moment(start)}; each step is ${interval}.${without} Drag over a chart to zoom in, double-click for all.`;
  setText(under, whole);
  const point = (at: number | null | undefined): void => {
    const row = at === null || at === undefined ? undefined : steps[at];
    if (row === null) setText(under, foldText(steps, at!));
    else
      setText(
        under,
        row === undefined ? whole : `${moment(row.start_ns)}: ${exact(row.packets)} packets, ${exact(row.bytes)} bytes`,
      );
  };
  const label = (splits: number[]): string[] =>
    folded ? splits.map((at) => shortMoment(steps, Math.round(at / intervalSeconds))) : splits.map(span);
  const told = [...lines, ...healthLines.filter(({ valueOf }) => rows.some((row) => valueOf(row) > 0))];
  const figures = told.map((line) => new SteppedChart(line, interval, seconds, steps, `${file}`, point, label));
  return element('div', {}, ...figures.map(({ node }) => node), under, numbers(rows, interval, series.tcp === true));
}

function foldText(steps: readonly Step[], at: number): string {
  const [before, after] = [steps[at - 1], steps[at + 1]];
  if (!before || !after) return '';
  return `no packets from ${moment(before.start_ns)} to ${moment(after.start_ns)}`;
}

/** The date at a step of a folded chart. */
function shortMoment(steps: readonly Step[], at: number): string {
  const row = steps[at];
  return row === null || row === undefined ? '' : moment(row.start_ns).replace(/:\d\d(\.\d+)? UTC$/, '');
}

/** One line, as steps over its intervals. */
class SteppedChart {
  readonly node: HTMLElement;
  private readonly plot: HTMLElement;
  private readonly data: uPlot.AlignedData;
  private chart: uPlot | null = null;

  constructor(
    private readonly line: Line,
    interval: string,
    seconds: readonly number[],
    steps: readonly Step[],
    private readonly group: string,
    private readonly point: (at: number | null | undefined) => void,
    private readonly label: (splits: number[]) => string[],
  ) {
    const values = steps.map((row) => (row === null ? null : line.valueOf(row)));
    this.data = [[...seconds], values];
    const most = values.reduce<number>((high, value) => Math.max(high, value ?? 0), 0);
    const highest = steps[values.indexOf(most)]!;
    const title = `${line.label} per ${interval}`;
    const told = `${title}: at most ${line.format(most)}, at ${moment(highest.start_ns)}`;
    this.plot = element('div', { class: 'chart-plot traffic-plot', role: 'img', 'aria-label': told });
    this.node = element(
      'figure',
      { class: 'chart' },
      element('figcaption', { class: 'small' }, element('strong', {}, title), ` · at most ${line.format(most)}`),
      this.plot,
    );
    new ResizeObserver(() => this.fit()).observe(this.plot);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.build());
  }

  private fit(): void {
    const width = this.plot.clientWidth;
    if (width === 0) return;
    if (this.chart === null) this.build();
    else if (this.chart.width !== width) this.chart.setSize({ width, height });
  }

  private build(): void {
    this.chart?.destroy();
    const { line, group } = this;
    const axis = axisStyle();
    const color = styleToken(line.color);
    const options: uPlot.Options = {
      width: this.plot.clientWidth,
      height,
      legend: { show: false },
      cursor: { y: false, points: { size: 6 }, drag: { x: true, y: false }, sync: { key: group, scales: ['x', null] } },
      scales: { x: { time: false }, y: { range: (_chart, _least, most) => [0, most > 0 ? most * 1.08 : 1] } },
      axes: [
        { ...axis, size: 26, space: 80, incrs: [...stepsSeconds], values: (_chart, splits) => this.label(splits) },
        { ...axis, size: 64, space: 32, values: (_chart, splits) => splits.map(line.format) },
      ],
      series: [
        {},
        {
          stroke: color,
          width: 1.25,
          fill: `${color}33`,
          paths: uPlot.paths.stepped!({ align: 1 }),
          points: { show: false },
        },
      ],
      hooks: { setCursor: [(chart) => this.point(chart.cursor.idx)] },
    };
    this.chart = new uPlot(options, this.data, this.plot);
  }
}

/** The table of the charts, made when it is opened. */
function numbers(rows: readonly SeriesRow[], interval: string, healthy: boolean): HTMLElement {
  const health = healthy ? healthColumns : [];
  const body = element('tbody');
  const details = element(
    'details',
    {},
    element('summary', {}, `As numbers: ${rows.length} intervals of ${interval}`),
    element(
      'div',
      { class: 'table-scroll tall', tabindex: 0, role: 'region', 'aria-label': 'Traffic over time as numbers' },
      element(
        'table',
        { class: 'small' },
        element(
          'thead',
          {},
          element(
            'tr',
            {},
            element('th', { scope: 'col' }, 'From'),
            element('th', { scope: 'col', class: 'number' }, 'Packets'),
            element('th', { scope: 'col', class: 'number' }, 'Bytes'),
            ...health.map(([, label]) => element('th', { scope: 'col', class: 'number' }, label)),
          ),
        ),
        body,
      ),
    ),
  );
  details.addEventListener('toggle', () => {
    if (!details.open || body.children.length > 0) return;
    body.append(
      ...rows.map((row) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row' }, moment(row.start_ns)),
          element('td', { class: 'number' }, exact(row.packets)),
          element('td', { class: 'number' }, exact(row.bytes)),
          ...health.map(([name]) => element('td', { class: 'number' }, exact(row.tcp?.[name] ?? 0))),
        ),
      ),
    );
  });
  return details;
}
