import { element, setAttributes, setText } from '../dom.js';
import { formatBytes } from '../format.js';
import type { MatrixCell, TrafficMatrix } from './data.js';
import { approximate, exact } from './figures.js';

/** Steps of colour, each a constant factor of bytes. */
const levels = 9;

/**
 * Who talks to whom as a heat map: senders down, receivers across, darker for more bytes. It is a grid: one stop of the
 * Tab key, arrows inside; Enter or a click hands the two addresses to `choose`.
 */
export function heatMap(matrix: TrafficMatrix, choose: (from: string, to: string) => void): HTMLElement {
  const { addresses, cells } = matrix;
  const level = levelOf(cells);
  const under = element('p', { class: 'small mono under-pointer' });
  const hint = 'Point at a square for its figures; click or press Enter to find its conversations.';
  setText(under, hint);
  const byPlace = new Map(cells.map((cell) => [`${cell.from} ${cell.to}`, cell]));
  const grid: HTMLTableCellElement[][] = [];
  const rows = addresses.map((from, i) => {
    const line = addresses.map((to, j) => {
      const cell = byPlace.get(`${i} ${j}`);
      const words = cell === undefined ? `${from} to ${to}: nothing` : wordsOf(cell, from, to);
      const made = element(
        'td',
        { role: 'gridcell', tabindex: i === 0 && j === 0 ? 0 : -1, 'aria-label': words },
        cell === undefined ? null : element('span', { class: `level level-${level(cell)}` }),
      );
      made.addEventListener('pointerenter', () => setText(under, words));
      made.addEventListener('focus', () => setText(under, words));
      made.addEventListener('click', () => cell !== undefined && choose(from, to));
      return made;
    });
    grid.push(line);
    return element('tr', {}, element('th', { scope: 'row', title: from }, from), ...line);
  });
  const table = element(
    'table',
    {
      class: 'matrix',
      role: 'grid',
      'aria-label': 'Who talks to whom: bytes from the address of the row to that of the column',
    },
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        element('td', { class: 'soft small corner' }, 'from ↓ to →'),
        ...addresses.map((to) => element('th', { scope: 'col', title: to }, element('span', {}, to))),
      ),
    ),
    element('tbody', {}, ...rows),
  );
  table.addEventListener('pointerleave', () => setText(under, hint));
  moveByArrows(table, grid);
  return element('div', {}, element('div', { class: 'table-scroll' }, table), under, legend(cells));
}

function wordsOf({ packets, bytes }: MatrixCell, from: string, to: string): string {
  return `${from} to ${to}: ${formatBytes(approximate(bytes))} (${exact(bytes)} bytes) in ${exact(packets)} packets`;
}

/** 1 to `levels`, by the logarithm of the bytes: traffic differs by orders of magnitude. */
function levelOf(cells: readonly MatrixCell[]): (cell: MatrixCell) => number {
  const [least, most] = range(cells);
  const span = Math.log(most / least);
  return ({ bytes }) =>
    span === 0 ? levels : 1 + Math.round((Math.log(Math.max(1, approximate(bytes)) / least) / span) * (levels - 1));
}

function range(cells: readonly MatrixCell[]): [number, number] {
  const sizes = cells.map(({ bytes }) => Math.max(1, approximate(bytes)));
  return [Math.min(...sizes), Math.max(...sizes)];
}

function legend(cells: readonly MatrixCell[]): HTMLElement {
  const [least, most] = range(cells);
  const steps = Array.from({ length: levels }, (_, i) =>
    element('span', { class: 'legend-step' }, element('span', { class: `level level-${i + 1}` })),
  );
  return element(
    'p',
    { class: 'matrix-legend small soft' },
    formatBytes(least),
    element('span', { class: 'legend-steps', 'aria-hidden': true }, ...steps),
    formatBytes(most),
  );
}

function moveByArrows(table: HTMLElement, grid: readonly (readonly HTMLTableCellElement[])[]): void {
  const steps: Readonly<Record<string, readonly [number, number]>> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
  };
  table.addEventListener('keydown', (event) => {
    const row = grid.findIndex((cells) => cells.includes(document.activeElement as HTMLTableCellElement));
    if (row < 0) return;
    const column = grid[row].indexOf(document.activeElement as HTMLTableCellElement);
    if (event.key === 'Enter') return grid[row][column].click();
    const step = steps[event.key];
    const next = step === undefined ? undefined : grid[row + step[0]]?.[column + step[1]];
    if (next === undefined) return;
    event.preventDefault();
    setAttributes(grid[row][column], { tabindex: -1 });
    setAttributes(next, { tabindex: 0 });
    next.focus();
  });
}
