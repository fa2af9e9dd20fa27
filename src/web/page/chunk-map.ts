import type { LiveChunk } from '../../hub/watch/live/types.js';
import { element, setAttributes, svgElement } from '../dom.js';
import { formatBytes, formatShare } from '../format.js';

/** Width of the drawing; the browser stretches it. */
const width = 1000;
const height = 20;

interface Share {
  done: number;
  running: number;
}

/** A capture from its first to its last byte, each range in the colour of the worker that has it or had it. */
export class ChunkMap {
  private readonly map = svgElement('svg', {
    class: 'chunk-map',
    viewBox: `0 0 ${width} ${height}`,
    preserveAspectRatio: 'none',
    role: 'img',
  });
  private readonly legend = element('ul', { class: 'chunk-legend', role: 'list' });
  readonly node = element('div', {}, this.map, this.legend);
  /** Colours are given out in the order in which workers come, and kept. */
  private readonly colors = new Map<string, number>();
  private shown = '';

  constructor(private readonly file: string) {}

  show(chunks: readonly LiveChunk[], bytesTotal: number): void {
    const key = chunks.map(({ start, state, worker }) => `${start} ${state} ${worker}`).join();
    if (key === this.shown) return;
    this.shown = key;
    this.node.hidden = chunks.length === 0;
    const shares = new Map<string, Share>();
    for (const { start, end, state, worker } of chunks) {
      if (worker === '') continue;
      let share = shares.get(worker);
      if (share === undefined) shares.set(worker, (share = { done: 0, running: 0 }));
      share[state === 'DONE' ? 'done' : 'running'] += end - start;
      if (!this.colors.has(worker)) this.colors.set(worker, (this.colors.size % 8) + 1);
    }
    this.map.replaceChildren(...chunks.map((chunk) => this.range(chunk, bytesTotal)));
    this.legend.replaceChildren(
      ...[...shares].map(([worker, { done, running }]) =>
        element(
          'li',
          {},
          element('span', { class: `swatch series-${this.colors.get(worker)}` }),
          element('span', {}, `${worker}: ${formatShare(done / bytesTotal)} done, ${formatBytes(running)} in hand`),
        ),
      ),
    );
    const words = [...shares].map(
      ([worker, { done, running }]) => `${worker} ${formatBytes(done)} done, ${formatBytes(running)} in hand`,
    );
    setAttributes(this.map, {
      'aria-label': `Which worker holds which range of ${this.file}: ${words.join('; ') || 'none yet'}.`,
    });
  }

  private range({ start, end, state, worker }: LiveChunk, bytesTotal: number): SVGRectElement {
    const at = (byte: number): number => (bytesTotal > 0 ? (byte / bytesTotal) * width : 0);
    const color = worker === '' ? '' : ` series-${this.colors.get(worker)}`;
    const title = `${formatBytes(start)} to ${formatBytes(end)}: ${worker === '' ? '' : `${worker}, `}${state.toLowerCase()}`;
    return svgElement(
      'rect',
      { class: `${state.toLowerCase()}${color}`, x: at(start), width: Math.max(0.5, at(end) - at(start)), height },
      svgElement('title', {}, title),
    );
  }
}
