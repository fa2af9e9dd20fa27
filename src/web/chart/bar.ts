import { setAttributes, svgElement } from '../dom.js';

/** Width of the drawing; the browser stretches it. */
const width = 100;
const height = 8;

/** A bar from 0 to `most` with a mark; the text beside it says the same, so it is hidden from screen readers. */
export class Bar {
  readonly node = svgElement('svg', {
    class: 'bar',
    viewBox: `0 0 ${width} ${height}`,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  });
  private readonly fill = svgElement('rect', { class: 'fill', height, width: 0 });
  private readonly mark = svgElement('rect', { class: 'mark', height, width: 1, x: -2 });

  constructor() {
    this.node.append(svgElement('rect', { class: 'track', width, height }), this.fill, this.mark);
  }

  /** Shows a value; `mark` is where its bound is, if it has one; above the bound the bar changes its colour. */
  show(value: number, most: number, mark?: number): void {
    const scale = (part: number): number =>
      most > 0 ? Math.round(Math.min(1, Math.max(0, part / most)) * width * 10) / 10 : 0;
    setAttributes(this.fill, {
      width: scale(value),
      class: mark !== undefined && value > mark * 1.0001 ? 'fill over' : 'fill',
    });
    setAttributes(this.mark, { x: mark === undefined ? -2 : Math.min(width - 1, scale(mark)) });
  }
}
