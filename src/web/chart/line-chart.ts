import uPlot from 'uplot';
import { element, setAttributes, setText } from '../dom.js';
import { formatClock } from '../format.js';
import { axisStyle, styleToken } from './axis-style.js';

/** One line of a chart. */
export interface LineSeries {
  readonly label: string;
  /** Number of the series colour, from 1. */
  readonly color: number;
  readonly dashed?: boolean;
}

export interface LineChartOptions {
  /** Says what is shown, with its unit; the name of the chart for screen readers. */
  readonly title: string;
  /** Pixels. */
  readonly height: number;
  /** A value of the vertical axis as text. */
  readonly format: (value: number) => string;
  /** Ten times as much is one step up: for values that differ by orders of magnitude. */
  readonly logarithmic?: boolean;
  /** Charts with the same word show the same moment under the pointer. */
  readonly sync?: string;
  /** Seconds shown at most, the newest at the right; undefined: all there are. */
  readonly spanSeconds?: number;
}

/** Seconds since 1970 first, then one column for each series; null is a gap. */
export type LineData = readonly [readonly number[], ...(readonly (number | null)[])[]];

/** A chart that has just begun shows at least so much: else its first points would race across it. */
const spanSecondsMin = 60;

/** Rows of the table that says in numbers what the chart draws. */
const tableRowsMax = 15;

/**
 * Lines over time, drawn by uPlot on a canvas, with a legend in text and a table of the same numbers for
 * those who cannot see or read it. It follows the width of its place and the colours of the page, light or
 * dark.
 */
export class LineChart {
  readonly node = element('figure', { class: 'chart' });
  private readonly plot = element('div', { class: 'chart-plot', role: 'img' });
  private readonly legend = element('ul', { class: 'chart-legend', role: 'list' });
  private readonly table = element('table', { class: 'small' });
  private readonly details: HTMLDetailsElement;
  private chart: uPlot | null = null;
  private series: readonly LineSeries[] = [];
  private data: LineData = [[]];

  constructor(private readonly options: LineChartOptions) {
    this.details = element(
      'details',
      {},
      element('summary', {}, 'As numbers', element('span', { class: 'hidden-text' }, `: ${options.title}`)),
      element('div', { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': options.title }, this.table),
    );
    this.details.addEventListener('toggle', () => this.fillTable());
    this.node.append(this.plot, this.legend, this.details);
    new ResizeObserver(() => this.fit()).observe(this.plot);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.rebuild());
  }

  /** Shows these lines. The chart is built anew only when their names change. */
  show(series: readonly LineSeries[], data: LineData): void {
    const same =
      series.length === this.series.length && series.every(({ label }, at) => label === this.series[at].label);
    this.series = series;
    this.data = data;
    if (!same || this.chart === null) this.rebuild();
    else this.chart.setData(data as unknown as uPlot.AlignedData);
    this.describe();
    this.fillTable();
  }

  private rebuild(): void {
    this.chart?.destroy();
    this.chart = null;
    if (this.plot.clientWidth === 0) return;
    this.chart = new uPlot(this.plotOptions(), this.data as unknown as uPlot.AlignedData, this.plot);
  }

  private fit(): void {
    const width = this.plot.clientWidth;
    if (width === 0) return;
    if (this.chart === null) this.rebuild();
    else if (this.chart.width !== width) this.chart.setSize({ width, height: this.options.height });
  }

  private plotOptions(): uPlot.Options {
    const { height, format, logarithmic = false, sync, spanSeconds } = this.options;
    const axis = axisStyle();
    const lastSpan = (_chart: uPlot, least: number, most: number): [number, number] =>
      spanSeconds === undefined || !Number.isFinite(most)
        ? [least, most]
        : [most - Math.min(spanSeconds, Math.max(spanSecondsMin, most - least)), most];
    return {
      width: this.plot.clientWidth,
      height,
      legend: { show: false },
      cursor: {
        y: false,
        points: { size: 6 },
        drag: { x: false, y: false },
        ...(sync === undefined ? {} : { sync: { key: sync } }),
      },
      scales: {
        x: { time: true, range: lastSpan },
        y: logarithmic ? { distr: 3, log: 10 } : { range: (_chart, _least, most) => [0, most > 0 ? most * 1.1 : 1] },
      },
      axes: [
        { ...axis, size: 28, values: timeOfDay, space: 76 },
        {
          ...axis,
          size: 64,
          values: (_chart, splits) => splits.map((value) => (value === null ? '' : format(value))),
          ...(logarithmic
            ? {
                filter: decadesOnly,
                grid: { ...axis.grid, filter: decadesOnly },
                ticks: { ...axis.ticks, filter: decadesOnly },
              }
            : { space: 32 }),
        },
      ],
      series: [
        {},
        ...this.series.map(({ label, color: number, dashed = false }) => ({
          label,
          stroke: styleToken(`--series-${((number - 1) % 8) + 1}`),
          width: dashed ? 1.25 : 1.75,
          ...(dashed ? { dash: [4, 4] } : {}),
          points: { show: false },
          spanGaps: false,
        })),
      ],
      hooks: { setCursor: [() => this.describe()] },
    };
  }

  /** The legend with the values under the pointer, or else the newest ones; and the chart in one sentence. */
  private describe(): void {
    const [times] = this.data;
    const at = this.chart?.cursor.idx ?? times.length - 1;
    while (this.legend.children.length > this.series.length) this.legend.lastElementChild?.remove();
    while (this.legend.children.length < this.series.length)
      this.legend.append(element('li', {}, element('span', { class: 'swatch' }), element('span')));
    const parts = this.series.map(({ label, color, dashed = false }, index) => {
      const [swatch, text] = this.legend.children[index].children;
      setAttributes(swatch, { class: `swatch series-${((color - 1) % 8) + 1}${dashed ? ' dashed' : ''}` });
      const value = this.data[index + 1]?.[at];
      const words = `${label} ${value === null || value === undefined ? '–' : this.options.format(value)}`;
      setText(text, words);
      return words;
    });
    setAttributes(this.plot, { 'aria-label': `${this.options.title}. Now: ${parts.join(', ') || 'nothing yet'}.` });
  }

  /** Evenly spread rows, newest first; only while the table is open. */
  private fillTable(): void {
    if (!this.details.open) return;
    const [times] = this.data;
    const step = Math.max(1, Math.ceil(times.length / tableRowsMax));
    const rows: HTMLElement[] = [];
    for (let at = times.length - 1; at >= 0; at -= step) {
      const cells = this.series.map((_each, index) => {
        const value = this.data[index + 1]?.[at];
        return element(
          'td',
          { class: 'number' },
          value === null || value === undefined ? '–' : this.options.format(value),
        );
      });
      const time = new Date(times[at] * 1000).toLocaleTimeString();
      rows.push(element('tr', {}, element('th', { scope: 'row' }, time), ...cells));
    }
    const heads = this.series.map(({ label }) => element('th', { scope: 'col', class: 'number' }, label));
    this.table.replaceChildren(
      element('caption', { class: 'hidden-text' }, this.options.title),
      element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, 'Time'), ...heads)),
      element('tbody', {}, ...rows),
    );
  }
}

/** Hours and minutes; with seconds where the steps are shorter than a minute. */
function timeOfDay(_chart: uPlot, splits: number[]): string[] {
  const short = splits.length > 1 && splits[1] - splits[0] < 60;
  return splits.map((seconds) => formatClock(seconds * 1000).slice(0, short ? 8 : 5));
}

/** Of a logarithmic axis, only the powers of ten have a text. */
function decadesOnly(_chart: uPlot, splits: number[]): (number | null)[] {
  return splits.map((value) => (Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-6 ? value : null));
}
